"""MurmurHash3, the 128-bit form for 64-bit machines, of which its first 64 bits.

Multicodec ``murmur3-x64-64``: it spreads the names of a sharded directory over
its shards. It is no cryptographic hash, and nothing is proven by it.
"""

from __future__ import annotations

__all__ = ["murmur3_x64_64"]

_MASK = (1 << 64) - 1
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
_BLOCK = 16


def murmur3_x64_64(data: bytes) -> int:
    """The first 64 bits of the hash with seed 0, as an unsigned integer."""
    first = second = 0
    whole = len(data) - len(data) % _BLOCK
    for at in range(0, whole, _BLOCK):
        first ^= _first(int.from_bytes(data[at : at + 8], "little"))
        first = (_rotated(first, 27) + second) * 5 + 0x52DCE729 & _MASK
        second ^= _second(int.from_bytes(data[at + 8 : at + _BLOCK], "little"))
        second = (_rotated(second, 31) + first) * 5 + 0x38495AB5 & _MASK
    # An absent tail is zero, and zero changes nothing.
    first ^= _first(int.from_bytes(data[whole : whole + 8], "little"))
    second ^= _second(int.from_bytes(data[whole + 8 :], "little"))
    first ^= len(data)
    second ^= len(data)
    first = first + second & _MASK
    second = second + first & _MASK
    return _mixed(first) + _mixed(second) & _MASK


def _first(lane: int) -> int:
    return _rotated(lane * _C1 & _MASK, 31) * _C2 & _MASK


def _second(lane: int) -> int:
    return _rotated(lane * _C2 & _MASK, 33) * _C1 & _MASK


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK


def _mixed(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33
