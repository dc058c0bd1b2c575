"""Proven headers: from a head, from a hash the caller gave, and back from there.

An ancestor of a proven header is proven by parent hashes, one block at a
time, or in one step of up to 8,191 blocks by the history contract, whose
storage holds the hashes of past blocks (EIP-2935). An ancestor is as final as
the header it was reached from.
"""

from __future__ import annotations

from typing import TypeVar

from walkaway.errors import ProofError
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = [
    "HISTORY_ADDRESS",
    "HISTORY_WINDOW",
    "header_from_child",
    "header_from_given_hash",
    "header_from_head",
    "header_from_history",
    "header_from_kept",
    "history_slot_key",
]

T = TypeVar("T")

HISTORY_ADDRESS = bytes.fromhex("0000F90827F1C53a10cb7A02335B175320002935")
"""The contract that keeps block hashes in its storage (EIP-2935)."""

HISTORY_WINDOW = 8191
"""How many blocks it goes back: HISTORY_SERVE_WINDOW."""

_PARENT_HASHES = "parent hashes lead back to this header"


def header_from_head(head: Proven[T], header: Header) -> Proven[Header]:
    """The header of a head's execution block: it hashes to the hash in the head's claim.

    Raises `ProofError` where it does not.
    """
    if head.claim.subject != ("head",) or head.claim.block_hash is None:
        raise ProofError("a header is proven under a head", got=head.claim.subject)
    _check_hash(header, head.claim.block_hash)
    because = _step("the header hashes to the head's execution block hash", header, head.because)
    return _sealed(header, head.claim, because)


def header_from_given_hash(chain_id: int, block_hash: bytes, header: Header) -> Proven[Header]:
    """The header with a hash that the caller named; the caller is the anchor.

    Raises `ProofError` where it has another hash.
    """
    _check_hash(header, block_hash)
    anchor = Evidence("block hash given by the caller", (("block_hash", block_hash),))
    because = _step("the header hashes to the given hash", header, anchor)
    return _sealed(header, Claim(chain_id, block_hash, ("header",), Finality.GIVEN), because)


def header_from_kept(
    chain_id: int, number: int, block_hash: bytes, header: Header
) -> Proven[Header]:
    """The header with a number and a hash that an earlier run proved final: its word is the anchor.

    Raises `ProofError` where it has another hash or number.
    """
    _check_hash(header, block_hash)
    if header.number != number:
        raise ProofError("a kept block has another number", expected=number, got=header.number)
    facts = (("number", number), ("block_hash", block_hash))
    anchor = Evidence("kept: proven final in an earlier question or run", facts)
    because = _step("the header hashes to the kept hash", header, anchor)
    return _sealed(header, Claim(chain_id, block_hash, ("header",), Finality.FINALIZED), because)


def header_from_child(child: Proven[Header], header: Header) -> Proven[Header]:
    """The parent of a proven header. Raises `ProofError` where it is not the parent.

    A walk over many parents leaves one step of evidence, which names its two ends.
    """
    _check_header(child)
    _check_hash(header, child.value.parent_hash)
    if header.number + 1 != child.value.number:
        raise ProofError("a parent's number does not precede its child's", got=header.number)
    if child.because.rule == _PARENT_HASHES:
        start, tail = child.because.facts[0], child.because.because
    else:
        start, tail = ("from_number", child.value.number), (child.because,)
    facts = (start, ("number", header.number), ("block_hash", header.hash))
    return _sealed(header, child.claim, Evidence(_PARENT_HASHES, facts, tail))


def header_from_history(head: Proven[Header], slot: Proven[int], header: Header) -> Proven[Header]:
    """An ancestor whose hash the history contract holds in the state after ``head``.

    ``slot`` is the contract's slot `history_slot_key` of the ancestor's number,
    proven in that same state. Raises `ProofError` where the number lies outside
    the 8,191 blocks before ``head``, or the slot is another one or holds
    another hash.
    """
    _check_header(head)
    distance = head.value.number - header.number
    if not 0 < distance <= HISTORY_WINDOW:
        raise ProofError(f"the history contract does not reach {distance} blocks back")
    subject = ("slot", HISTORY_ADDRESS, history_slot_key(header.number))
    if slot.claim != Claim(
        head.claim.chain_id, head.claim.block_hash, subject, head.claim.finality
    ):
        raise ProofError("the slot is not the history contract's for this block", got=slot.claim)
    _check_hash(header, slot.value.to_bytes(32, "big"))
    because = _step("the history contract holds this header's hash", header, slot.because)
    return _sealed(header, head.claim, because)


def history_slot_key(number: int) -> bytes:
    """The 32-byte storage key under which the history contract keeps a block's hash."""
    return (number % HISTORY_WINDOW).to_bytes(32, "big")


def _check_header(proven: Proven[Header]) -> None:
    if proven.claim.subject != ("header",):
        raise ProofError("an ancestor is proven under a header", got=proven.claim.subject)


def _check_hash(header: Header, block_hash: bytes) -> None:
    if header.hash != block_hash:
        raise ProofError(
            "the header does not hash to its name",
            commitment="block hash",
            expected=block_hash,
            got=header.hash,
        )


def _step(rule: str, header: Header, below: Evidence) -> Evidence:
    return Evidence(rule, (("number", header.number), ("block_hash", header.hash)), (below,))


def _sealed(header: Header, under: Claim, because: Evidence) -> Proven[Header]:
    claim = Claim(under.chain_id, header.hash, ("header",), under.finality)
    return seal(header, claim, because)
