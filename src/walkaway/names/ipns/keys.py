"""Keys of IPNS names, each in a file of its own, encrypted under a passphrase.

The seed of an Ed25519 key is sealed by ChaCha20-Poly1305 (RFC 8439) under a key that
scrypt (RFC 7914) makes of the passphrase; all else in the file is bound to it, and what
was changed there opens nothing. Keys come and go in the form in which Kubo exports them:
libp2p's message of a private key.
"""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from walkaway.errors import ConfigError, InvalidRequest, ProofError, TooMuch, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.names.ipns.private_key import private_key_message, read_private_key
from walkaway.names.small_file import read_small_file
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text, parse_name
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

__all__ = ["Cost", "KeyStore", "StoredKey"]

_ENDING: Final = ".key.json"
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_VERSION: Final = 1
_SEED_BYTES: Final = 32
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_FILE_BYTES: Final = 4096
_LEAST_CHARACTERS: Final = 8
"""Of a passphrase that is new. One that is shorter is guessed whatever scrypt costs."""
_MOST_MEMORY: Final = 1 << 30
_MOST_WORK: Final = 1 << 24
"""Sixteen times that of a key that is made now."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a guess at a passphrase costs: scrypt's three numbers, 128 MiB as they stand."""

    n: int = 1 << 17
    r: int = 8
    p: int = 1

    @property
    def is_bearable(self) -> bool:
        """Whether they are numbers of scrypt (RFC 7914, section 2), and within bounds that a
        file cannot make this machine pass: in memory, where each of the buffers counts, and
        in work.
        """
        n, r, p = self.n, self.r, self.p
        is_scrypt = n > 1 and n & (n - 1) == 0 and 1 <= r <= 64 and 1 <= p <= 16 and n < 1 << 16 * r
        return is_scrypt and 128 * r * (n + p + 2) <= _MOST_MEMORY and n * r * p <= _MOST_WORK


COST: Final = Cost()
"""That of a key that is made now."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as its file tells of it without the passphrase."""

    label: str
    name: Cid


class KeyStore:
    """The keys in a folder, which is made when the first comes. Each method reads the disk.

    Deriving a key takes a moment, and holds the thread that it is called in.
    """

    def __init__(self, folder: Path, *, cost: Cost | None = None, limits: Limits = LIMITS) -> None:
        self._folder = folder
        self._cost = cost or COST
        self._limits = limits

    def stored(self) -> list[StoredKey]:
        """All of them, by label. Raises `ConfigError` for a file that cannot be read."""
        return [self.find(label) for label in self._labels()]

    def _labels(self) -> list[str]:
        try:
            names = sorted(path.name for path in self._folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self._folder, error) from None
        labels = [name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)]
        return list(filter(_LABEL.fullmatch, labels))

    def readable(self) -> list[StoredKey]:
        """The same without those that cannot be read. Raises `ConfigError` for the folder."""
        keys = list[StoredKey]()
        for label in self._labels():
            with suppress(ConfigError, InvalidRequest):
                keys.append(self.find(label))
        return keys

    def find(self, wanted: str) -> StoredKey:
        """The key of a label, or of an IPNS name.

        Raises:
            InvalidRequest: there is none.
            ConfigError: its file cannot be read.
        """
        if _LABEL.fullmatch(wanted) and self._path(wanted).exists():
            return StoredKey(wanted, _File.read(self._path(wanted)).name)
        with suppress(ProofError):
            name = parse_name(wanted)
            for key in self.stored():
                if key.name == name:
                    return key
        raise InvalidRequest(
            f"there is no key {wanted[:100]!r}",
            advice="walkaway name key list shows those that are here; name key new makes one",
        )

    def create(self, label: str, passphrase: str) -> StoredKey:
        """Make a new key. Raises as `add`."""
        return self._add(label, os.urandom(_SEED_BYTES), passphrase)

    def add(self, label: str, exported: bytes, passphrase: str) -> StoredKey:
        """Take in a key that was exported, here or by Kubo.

        Raises:
            InvalidRequest: it is no key or here already, the label is none or taken, or the
                passphrase too short.
            Unsupported: it is a key of another type than Ed25519.
            ConfigError: the folder cannot be written to.
        """
        return self._add(label, read_private_key(exported), passphrase)

    def open(self, wanted: str, passphrase: str) -> SigningKey:
        """A key that signs.

        Raises:
            InvalidRequest: there is none of this label or name, or the passphrase is wrong.
            ConfigError: its file is damaged, or cannot be read, or there is too little memory.
        """
        return SigningKey(self._seed(wanted, passphrase))

    def export(self, wanted: str, passphrase: str) -> bytes:
        """A key in the clear, in libp2p's message. Raises as `open`."""
        return private_key_message(self._seed(wanted, passphrase))

    def remove(self, wanted: str) -> StoredKey:
        """Remove a key for good. Raises `InvalidRequest` where there is none."""
        key = self.find(wanted)
        try:
            self._path(key.label).unlink()
        except OSError as error:
            raise _unusable(self._folder, error) from None
        return key

    def _path(self, label: str) -> Path:
        return self._folder / (label + _ENDING)

    def _seed(self, wanted: str, passphrase: str) -> bytes:
        return _File.read(self._path(self.find(wanted).label)).open(passphrase)

    def _add(self, label: str, seed: bytes, passphrase: str) -> StoredKey:
        if not _LABEL.fullmatch(label):
            raise InvalidRequest(
                f"{label[:100]!r} is no label for a key",
                advice="a label has small letters, digits, and between them . _ or -",
            )
        if len(passphrase) < _LEAST_CHARACTERS:
            raise InvalidRequest(
                f"the passphrase of a key has {_LEAST_CHARACTERS} characters at least",
                advice="several words make a good one: whoever has the file can try them all",
            )
        name = name_of_key(SigningKey(seed).public_key)
        kept = self.stored()
        for key in kept:
            if key.name == name and key.label != label:
                raise InvalidRequest(
                    f"this key is here already, as {key.label!r}",
                    advice="use that label; its name is the same",
                )
        if len(kept) >= self._limits.ipns_keys:
            raise TooMuch(f"no more than {self._limits.ipns_keys} keys are kept")
        self._write(label, _File.sealed(seed, name, passphrase, self._cost).text())
        return StoredKey(label, name)

    def _write(self, label: str, text: str) -> None:
        """Write a file whole or not at all, and none that is there already."""
        path = self._path(label)
        fresh: str | None = None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, fresh = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".new")
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)
        except FileExistsError:
            raise InvalidRequest(
                f"there is a key {label!r} already", advice="give another label"
            ) from None
        except OSError as error:
            raise _unusable(self._folder, error) from None
        finally:
            if fresh is not None:
                Path(fresh).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _File:
    """What a key's file holds."""

    name: Cid
    cost: Cost
    salt: bytes
    nonce: bytes
    secret: bytes

    @classmethod
    def sealed(cls, seed: bytes, name: Cid, passphrase: str, cost: Cost) -> _File:
        """A file that opens with the passphrase alone."""
        bare = cls(name, cost, os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES), b"")
        cipher = ChaCha20Poly1305(bare.key(passphrase))
        secret = cipher.encrypt(bare.nonce, seed, bare.bound())
        return cls(name, cost, bare.salt, bare.nonce, secret)

    @classmethod
    def read(cls, path: Path) -> _File:
        """What stands in a file. Raises `ConfigError` where it is none of ours, or damaged."""
        try:
            content = read_small_file(path, _FILE_BYTES + 1)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            return cls._of(json.loads(content))
        except (ValueError, RecursionError, WalkawayError) as error:
            raise ConfigError(
                f"the key {path} cannot be read: {error}"[:300],
                advice="put back a copy of it, or import the key again",
            ) from None

    @classmethod
    def _of(cls, document: object) -> _File:
        """Raises `ValueError`, or what reading the name raises."""
        if not isinstance(document, Mapping) or document.get("version") != _VERSION:
            raise ValueError("it is of no known version")
        numbers = [document.get(number) for number in ("n", "r", "p")]
        cost = Cost(*(number if type(number) is int else 0 for number in numbers))
        if not cost.is_bearable:
            raise ValueError("its numbers for scrypt are out of bounds")
        texts = [document.get(part) for part in ("name", "salt", "nonce", "secret")]
        name, *parts = (text if isinstance(text, str) else "" for text in texts)
        salt, nonce, secret = (base64.b64decode(part, validate=True) for part in parts)
        if len(salt) != _SALT_BYTES or len(nonce) != _NONCE_BYTES:
            raise ValueError("its salt or its nonce is of another length")
        return cls(parse_name(name), cost, salt, nonce, secret)

    def text(self) -> str:
        """The file's text."""
        parts = {"nonce": self.nonce, "secret": self.secret}
        encoded = {part: base64.b64encode(value).decode() for part, value in parts.items()}
        return json.dumps(json.loads(self.bound()) | encoded, indent=1) + "\n"

    def bound(self) -> bytes:
        """What is not secret, and cannot be changed either."""
        return json.dumps(
            {
                "version": _VERSION,
                "type": "ed25519",
                "name": name_text(self.name),
                "cipher": "chacha20-poly1305",
                "kdf": "scrypt",
                "n": self.cost.n,
                "r": self.cost.r,
                "p": self.cost.p,
                "salt": base64.b64encode(self.salt).decode(),
            }
        ).encode()

    def key(self, passphrase: str) -> bytes:
        """The key that the passphrase makes. Raises `ConfigError`."""
        try:
            kdf = Scrypt(self.salt, 32, self.cost.n, self.cost.r, self.cost.p)
            return kdf.derive(passphrase.encode(errors="surrogatepass"))
        except MemoryError:
            raise ConfigError(
                "there is not the memory to make a key of the passphrase",
                advice="end other programs, and try again",
            ) from None

    def open(self, passphrase: str) -> bytes:
        """The seed. Raises `InvalidRequest`."""
        try:
            return ChaCha20Poly1305(self.key(passphrase)).decrypt(
                self.nonce, self.secret, self.bound()
            )
        except InvalidTag:
            raise InvalidRequest(
                "the passphrase does not open the key, or its file was changed",
                advice="give it as it was when the key was made; there is no other way to the key",
            ) from None


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path} cannot be used: {error.strerror or type(error).__name__}",
        advice="see to its permissions, and make room",
    )
