"""What a code's opcodes could do, without running it."""

from __future__ import annotations

import re

__all__ = ["may_ask_blob_base_fee"]

BLOBBASEFEE, CREATE, CREATE2 = b"\x4a", b"\xf0", b"\xf5"
PORTION = 16 * 1024
"""Bytes that are matched in one go: no other thread runs meanwhile."""

_HARMLESS = re.compile(
    rb"(?:[^\x4a\xf0\xf5\x60-\x7f]+|"
    + b"|".join(re.escape(bytes([0x60 + size - 1])) + rb".{%d}" % size for size in range(1, 33))
    + rb")*",
    re.DOTALL,
)
"""Opcodes with none of the three among them, and what PUSH1 to PUSH32 push."""


def may_ask_blob_base_fee(code: bytes) -> bool:
    """Whether the code has BLOBBASEFEE (EIP-7516), or could make code that has.

    The data behind a PUSH is not code, as nothing can jump into it. It takes about
    as long as hashing the code.
    """
    asking = (BLOBBASEFEE, CREATE, CREATE2)
    if not any(opcode in code for opcode in asking):
        return False
    at = 0
    while at < len(code):
        matched = _HARMLESS.match(code, at, at + PORTION)
        end = at if matched is None else matched.end()
        if end == at:
            # One of the three; or a PUSH whose data the code's end cuts off.
            return code[at : at + 1] in asking
        at = end
    return False
