"""Multibase: bytes as text, with the base named by the first character.

Specification: multiformats/multibase ``multibase.csv``; RFC 4648 for the bases
whose size is a power of two. Proquints and emoji are left out: no content is
addressed so.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.errors import ProofError
from walkaway.limits import LIMITS

__all__ = [
    "BASE16",
    "BASE32",
    "BASE36",
    "BASE58BTC",
    "BASE64URL",
    "Base",
    "base_named",
    "decode",
    "encode",
]

_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = _LOWER.upper()


@dataclass(frozen=True, slots=True)
class Base:
    """One base: its name and prefix, and the characters for 0, 1, 2 and on.

    ``bits`` is how many bits a character holds; 0 says that the whole is one
    number and that each leading zero byte is one leading zero character.
    ``padded`` fills up with ``=`` to whole bytes; ``either_case`` reads both.
    """

    name: str
    prefix: str
    alphabet: str
    bits: int = 0
    padded: bool = False
    either_case: bool = False

    def encode(self, data: bytes) -> str:
        """The text without the prefix."""
        return self._packed(data) if self.bits else self._positional(data)

    def decode(self, text: str) -> bytes:
        """Read text without the prefix. Raises `ProofError`."""
        if len(text) > LIMITS.multibase_characters:
            raise ProofError(f"a text in {self.name} is over {LIMITS.multibase_characters} long")
        if self.either_case:
            text = text.upper() if self.alphabet.isupper() else text.lower()
        text = self._unpadded(text) if self.padded else text
        value = 0
        for character in text:
            digit = self.alphabet.find(character)
            if digit < 0:
                raise ProofError(f"a character is not of {self.name}", got=character)
            value = value * len(self.alphabet) + digit
        return self._unpacked(value, len(text)) if self.bits else self._whole(value, text)

    def _packed(self, data: bytes) -> str:
        count = -(-len(data) * 8 // self.bits)
        value = int.from_bytes(data, "big") << count * self.bits - len(data) * 8
        mask = (1 << self.bits) - 1
        shifts = range((count - 1) * self.bits, -1, -self.bits)
        text = "".join([self.alphabet[value >> shift & mask] for shift in shifts])
        return text + "=" * (-count % self._group if self.padded else 0)

    def _unpacked(self, value: int, count: int) -> bytes:
        length, spare = divmod(count * self.bits, 8)
        if spare >= self.bits or value & (1 << spare) - 1:
            raise ProofError(f"a text in {self.name} has bits left over")
        return (value >> spare).to_bytes(length, "big")

    def _positional(self, data: bytes) -> str:
        value, text = int.from_bytes(data, "big"), ""
        while value:
            value, digit = divmod(value, len(self.alphabet))
            text = self.alphabet[digit] + text
        return self.alphabet[0] * (len(data) - len(data.lstrip(b"\0"))) + text

    def _whole(self, value: int, text: str) -> bytes:
        zeros = len(text) - len(text.lstrip(self.alphabet[0]))
        return bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")

    def _unpadded(self, text: str) -> str:
        bare = text.rstrip("=")
        if len(text) != len(bare) + -len(bare) % self._group:
            raise ProofError(f"a text in {self.name} is not padded as it should be")
        return bare

    @property
    def _group(self) -> int:
        """How many characters end at the end of a byte again."""
        return 8 if self.bits == 5 else 4


BASE16 = Base("base16", "f", "0123456789abcdef", 4, either_case=True)
BASE32 = Base("base32", "b", _LOWER + "234567", 5, either_case=True)
BASE36 = Base("base36", "k", _DIGITS + _LOWER, either_case=True)
BASE58BTC = Base("base58btc", "z", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
BASE64URL = Base("base64url", "u", _UPPER + _LOWER + _DIGITS + "-_", 6)

_HEX32 = _DIGITS + _LOWER[:22]
_BASES = (
    Base("base2", "0", "01", 1),
    Base("base8", "7", "01234567", 3),
    Base("base10", "9", _DIGITS),
    BASE16,
    Base("base16upper", "F", BASE16.alphabet.upper(), 4, either_case=True),
    BASE32,
    Base("base32upper", "B", _UPPER + "234567", 5, either_case=True),
    Base("base32pad", "c", BASE32.alphabet, 5, padded=True, either_case=True),
    Base("base32padupper", "C", BASE32.alphabet.upper(), 5, padded=True, either_case=True),
    Base("base32hex", "v", _HEX32, 5, either_case=True),
    Base("base32hexupper", "V", _HEX32.upper(), 5, either_case=True),
    Base("base32hexpad", "t", _HEX32, 5, padded=True, either_case=True),
    Base("base32hexpadupper", "T", _HEX32.upper(), 5, padded=True, either_case=True),
    Base("base32z", "h", "ybndrfg8ejkmcpqxot1uwisza345h769", 5),
    BASE36,
    Base("base36upper", "K", _DIGITS + _UPPER, either_case=True),
    BASE58BTC,
    Base(
        "base58flickr",
        "Z",
        BASE58BTC.alphabet[:9] + BASE58BTC.alphabet[33:] + BASE58BTC.alphabet[9:33],
    ),
    Base("base64", "m", _UPPER + _LOWER + _DIGITS + "+/", 6),
    Base("base64pad", "M", _UPPER + _LOWER + _DIGITS + "+/", 6, padded=True),
    BASE64URL,
    Base("base64urlpad", "U", _UPPER + _LOWER + _DIGITS + "-_", 6, padded=True),
)
_BY_NAME = {base.name: base for base in _BASES}
_BY_PREFIX = {base.prefix: base for base in _BASES}


def encode(data: bytes, base: Base) -> str:
    """Write bytes as text in a base, its prefix in front."""
    return base.prefix + base.encode(data)


def decode(text: str) -> tuple[Base, bytes]:
    """Read text in the base that its first character names. Raises `ProofError`."""
    base = _BY_PREFIX.get(text[:1])
    if base is None:
        raise ProofError("a text begins with no known multibase prefix", got=text[:1])
    return base, base.decode(text[1:])


def base_named(name: str) -> Base:
    """The base of that name in the multibase table, such as ``base32``. Raises `ProofError`."""
    if name not in _BY_NAME:
        raise ProofError("no base is known by this name", got=name)
    return _BY_NAME[name]
