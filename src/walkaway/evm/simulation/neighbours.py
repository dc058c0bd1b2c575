"""How to see a node of a secure trie that is on the way to nothing that anybody asks for.

Sources prove keys, not nodes. But where the trie is not deep, a key whose hash
leads to the node is soon found by trying, and the proof of that key, or of its
absence, shows the node.
"""

from __future__ import annotations

from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["ADDRESS_BYTES", "KEY_BYTES", "key_below"]

ADDRESS_BYTES, KEY_BYTES = 20, 32


def key_below(path: bytes, size: int) -> bytes | None:
    """A key of ``size`` bytes whose hash begins with the nibbles of ``path``, one a byte.

    None where that would take too long: each nibble takes sixteen times as many tries.
    """
    if len(path) > LIMITS.neighbour_nibbles:
        return None
    digits = "".join([f"{nibble:x}" for nibble in path])
    whole, odd = bytes.fromhex(digits[: len(digits) // 2 * 2]), digits[len(digits) // 2 * 2 :]
    for number in range(LIMITS.neighbour_tries):
        key = number.to_bytes(size, "big")
        digest = keccak256(key)
        if digest.startswith(whole) and digest[len(whole) :].hex().startswith(odd):
            return key
    return None
