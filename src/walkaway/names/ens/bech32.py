"""Text with a strong checksum: Bech32 (BIP-173), Bech32m (BIP-350) and Bitcoin Cash's CashAddr.

https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki. Bytes are cut into groups of
five bits, and the checksum is a remainder over a field of 32 elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["bech32_text", "cash_address_text", "segwit_text"]

_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32: Final = 1
_BECH32M: Final = 0x2BC830A3
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CASH_GENERATOR: Final = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)


def bech32_text(prefix: str, data: bytes) -> str:
    """Bytes under a prefix, such as ``cosmos`` or ``bnb``."""
    return _text(prefix, _groups(data), _BECH32)


def segwit_text(prefix: str, script: bytes) -> str | None:
    """The address of a script that is a witness program (BIP-141); None where it is none."""
    if not 4 <= len(script) <= 42 or script[1] != len(script) - 2:
        return None
    operation, program = script[0], script[2:]
    if operation == 0 and len(program) in (20, 32):
        return _text(prefix, [0, *_groups(program)], _BECH32)
    if 0x51 <= operation <= 0x60:
        return _text(prefix, [operation - 0x50, *_groups(program)], _BECH32M)
    return None


def cash_address_text(prefix: str, kind: int, hashed: bytes) -> str:
    """A CashAddr: ``kind`` 0 pays to a key's hash, 1 to a script's; the hash is of 20 bytes."""
    groups = _groups(bytes([kind << 3]) + hashed)
    spread = [*(ord(letter) & 31 for letter in prefix), 0, *groups, *bytes(8)]
    check = _remainder(spread, _CASH_GENERATOR, 40) ^ 1
    return f"{prefix}:" + _written([*groups, *_cut(check, 8)])


def _text(prefix: str, groups: Sequence[int], constant: int) -> str:
    letters = [ord(letter) for letter in prefix]
    spread = [*(letter >> 5 for letter in letters), 0, *(letter & 31 for letter in letters)]
    check = _remainder([*spread, *groups, *bytes(6)], _GENERATOR, 30) ^ constant
    return f"{prefix}1" + _written([*groups, *_cut(check, 6)])


def _remainder(groups: Iterable[int], generator: Sequence[int], width: int) -> int:
    """The checksum of ``width`` bits over groups of five."""
    left = 1
    for group in groups:
        top = left >> (width - 5)
        left = (left & ((1 << (width - 5)) - 1)) << 5 ^ group
        for place, term in enumerate(generator):
            if top >> place & 1:
                left ^= term
    return left


def _groups(data: bytes) -> list[int]:
    """Five bits each, the last filled up with zeros."""
    count = (len(data) * 8 + 4) // 5
    return _cut(int.from_bytes(data) << (count * 5 - len(data) * 8), count)


def _cut(value: int, count: int) -> list[int]:
    return [value >> 5 * place & 31 for place in reversed(range(count))]


def _written(groups: Iterable[int]) -> str:
    return "".join(_LETTERS[group] for group in groups)
