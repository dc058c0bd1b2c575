"""Where else a release stands that an address names: what a person's settings say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from walkaway.content.proven_file import Believed
from walkaway.content.web3.url import read_pointer
from walkaway.errors import ConfigError, InvalidRequest, ProofError
from walkaway.limits import LIMITS, Limits
from walkaway.names.pointer import Network, Pointer
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

__all__ = ["Mirror", "MirrorTable"]

_NAME_THEIR_BYTES: Final[tuple[Network, ...]] = ("ipfs", "ar", "piece")
"""Where an address stands for one release and never for a later one."""

_INDEX: Final = "index.html"
_YOUR_SETTINGS: Final = ("your settings",)


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where something is said to stand too. ``release`` is the address that the settings
    name, ``base`` where they say that it stands too, ``rest`` what is asked for below it.
    """

    release: Pointer
    base: Pointer
    rest: tuple[str, ...] = ()

    @property
    def pointer(self) -> Pointer:
        """Where what is asked for stands there."""
        return _below(self.base, self.rest)

    @property
    def index(self) -> Pointer:
        """Where its index stands there, if what is asked for is a folder."""
        return _below(self.base, (*self.rest, _INDEX))

    @property
    def is_front_page(self) -> bool:
        """Whether it asks a contract for no file in particular, and so for its first page."""
        return self.base.network == "web3" and not self.pointer.target.rpartition("/")[2]

    @property
    def believed(self) -> Believed:
        """What is taken on a person's word of whatever does not prove itself to be the same."""
        can_change = self.base.network == "web3"
        later = ", and that the contract, which may give other files later, still gives it"
        said = f"that this is the same release as {self.release}{later if can_change else ''}"
        return Believed(said, _YOUR_SETTINGS)

    @property
    def block(self) -> Cid | None:
        """The address of the one block that all of the release is, where it is one: then its
        bytes prove that they are the same, wherever they stand.
        """
        if self.release.network != "ipfs" or self.release.path:
            return None
        cid = Cid.parse(self.release.root)
        return cid if cid.codec == codecs.RAW else None

    @property
    def archive(self) -> Pointer:
        """What holds the release's blocks there, if anything does: for a piece, where only the
        release's own address is named below it, all of the piece.
        """
        if self.base.network != "piece" or self.release.network != "ipfs":
            return self.base
        own = ("ipfs", self.release.root, *self.release.path)
        return replace(self.base, path=()) if self.base.path == own else self.base


class MirrorTable:
    """Pairs of an address and a place where the same release stands, in the order of the
    settings.

    Raises `ConfigError` for what is no such pair, and for more than ``limits`` allow.
    """

    def __init__(
        self, pairs: Iterable[tuple[Pointer, Pointer]] = (), limits: Limits = LIMITS
    ) -> None:
        self._mirrors: dict[_Key, list[Mirror]] = {}
        for release, base in pairs:
            _check(release, base)
            listed = self._mirrors.setdefault(_key(release, len(release.path)), [])
            listed.append(Mirror(release, base))
            if len(listed) > limits.mirrors:
                raise ConfigError(f"{release} has more than {limits.mirrors} mirrors")
        if len(self._mirrors) > limits.mirrored_releases:
            raise ConfigError(f"more than {limits.mirrored_releases} releases have mirrors")

    def __bool__(self) -> bool:
        return bool(self._mirrors)

    def of(self, pointer: Pointer) -> tuple[Mirror, ...]:
        """The mirrors of what stands at an address: those of the folder nearest above it."""
        if not self._mirrors or pointer.network not in _NAME_THEIR_BYTES:
            return ()
        for depth in range(len(pointer.path), -1, -1):
            found = self._mirrors.get(_key(pointer, depth))
            if found is not None:
                return tuple(replace(mirror, rest=pointer.path[depth:]) for mirror in found)
        return ()


_Key = tuple[Network, bytes | str, tuple[str, ...]]


def _key(pointer: Pointer, depth: int) -> _Key:
    """The address and the first segments below it, however the address is written."""
    root: bytes | str = pointer.root
    if pointer.network == "ipfs":
        root = Cid.parse(pointer.root).as_v1().encode()
    return pointer.network, root, pointer.path[:depth]


def _check(release: Pointer, base: Pointer) -> None:
    if release.network not in _NAME_THEIR_BYTES:
        raise ConfigError(
            f"{release} has no mirrors: its next release would be given from those of this one",
            advice="name the release itself: /ipfs/CID, /ar/ID or /piece/CID",
        )
    if base.network == "ipns":
        raise ConfigError(
            f"{base} is no mirror of {release}: it is a name, and may lead to another release",
            advice="name where it leads: /ipfs/CID, /ar/ID, /piece/CID or web3://CONTRACT",
        )
    if base.network == "web3" and _is_named(base):
        raise ConfigError(
            f"{base} is no mirror of {release}: it is a name, and may lead to another contract",
            advice="name the contract by its address: web3://0x...",
        )
    if "?" in base.target:
        raise ConfigError(f"{base} is no mirror of {release}: paths are looked for below it")
    if _is_same(release, base):
        raise ConfigError(f"{release} is said to be a mirror of itself")


def _is_named(contract: Pointer) -> bool:
    try:
        return read_pointer(contract).address is None
    except InvalidRequest as error:
        raise ConfigError(f"{contract} is no mirror: {error}") from None


def _is_same(release: Pointer, base: Pointer) -> bool:
    try:
        return _key(release, len(release.path)) == _key(base, len(base.path))
    except ProofError as error:
        raise ConfigError(f"{base} is no mirror of {release}: {error}") from None


def _below(base: Pointer, rest: tuple[str, ...]) -> Pointer:
    if base.network != "web3":
        return replace(base, path=(*base.path, *rest))
    if not rest:
        return base
    segments = "/".join(quote(segment, safe="") for segment in rest)
    return replace(base, target=f"{base.target.rstrip('/')}/{segments}")
