"""Unsigned varints: seven bits a byte, least significant first.

Specification: multiformats/unsigned-varint. Each integer has one encoding
here: bytes that add nothing are refused.
"""

from __future__ import annotations

from walkaway.errors import ProofError

__all__ = ["decode", "encode"]


def encode(value: int) -> bytes:
    """The shortest encoding of a non-negative integer."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def decode(data: bytes, at: int = 0, *, bits: int = 63) -> tuple[int, int]:
    """Read the integer at an offset; give it and the offset behind it.

    Multiformats hold at most 63 bits, protocol buffers 64. Raises `ProofError`
    for more, for an encoding that is not the shortest, and for one cut short.
    """
    value = shift = 0
    for byte in data[at : at + (bits + 6) // 7]:
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    else:
        if shift < bits:
            raise ProofError("a varint is cut short")
        raise ProofError(f"a varint is wider than {bits} bits")
    if value >> bits:
        raise ProofError(f"a varint is wider than {bits} bits")
    if byte == 0 and shift > 7:
        raise ProofError("a varint is not in its shortest form")
    return value, at
