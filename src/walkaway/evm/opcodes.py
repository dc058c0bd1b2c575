"""What a code's opcodes could do, without running it."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["may_ask_blob_base_fee"]

BLOBBASEFEE = 0x4A
CREATE = 0xF0
CREATE2 = 0xF5
PUSH1 = 0x60
PUSH32 = 0x7F


@lru_cache(maxsize=1024)
def may_ask_blob_base_fee(code: bytes) -> bool:
    """Whether the code has BLOBBASEFEE (EIP-7516), or could make code that has.

    The data behind a PUSH is not code, as nothing can jump into it.
    """
    at = 0
    while at < len(code):
        opcode = code[at]
        if opcode in (BLOBBASEFEE, CREATE, CREATE2):
            return True
        at += opcode - PUSH1 + 2 if PUSH1 <= opcode <= PUSH32 else 1
    return False
