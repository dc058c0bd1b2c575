"""Transactions of format 2: a signed header, and the root of a tree over the data's chunks.

``ar_tx.erl`` of the Arweave node (``signature_data_segment_v2``); the header is the JSON of
its endpoint ``/tx/{id}``. What else gateways say in that JSON (an address, a block) is
passed over. The header once proven, the data is by ``chunk.py`` or ``whole.py``.

Transactions under elliptic-curve keys, which the network takes since version 2.9, are
refused: such a key is recovered from the signature and is not under it, so that a given
signature, and so the id, holds for any content at all.

Transactions of format 1, of the years before 2020, are refused too, all of them: their
owner, target, data, quantity, reward, last transaction and tags are signed run together,
with nothing that says where one ends. Whoever passes one on can move the target to the
front of the data and digits of the amounts to its end; nor does a short content help,
since its own first bytes, with what follows, can be another's target.
"""

from __future__ import annotations

from dataclasses import dataclass

from walkaway.errors import ProofError, Unsupported
from walkaway.proofs._seal import seal
from walkaway.proofs.arweave import rsa_pss
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.deep_hash import deep_hash
from walkaway.proofs.arweave.header import Header, read_header
from walkaway.proofs.arweave.tags import Tag
from walkaway.proofs.ipfs.block import NO_CHAIN
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["Transaction", "prove_transaction", "transaction_subject"]


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction whose signature holds.

    ``owner`` is an RSA modulus of 512 bytes; ``target`` 32 bytes or none; ``data_size``
    bytes; ``data_root`` 32 bytes, or none where there is no data.
    """

    id: ArweaveId
    owner: bytes
    target: bytes
    tags: tuple[Tag, ...]
    data_size: int
    data_root: bytes


def prove_transaction(transaction_id: ArweaveId, header: bytes) -> Proven[Transaction]:
    """Prove a transaction of format 2 from its header, JSON as gateways give it.

    Raises `ProofError`; `Unsupported` for what no signature ties to its content: see
    above.
    """
    read = read_header(header)
    transaction_id.hold(read.signature)
    if read.format != 2:
        raise Unsupported(
            "a transaction of format 1 signs its fields run together, so that its data "
            "cannot be told from its target and amounts"
        )
    rsa_pss.verify(read.owner, _signed(read), read.signature)
    if bool(read.data_size) != bool(read.data_root):
        raise ProofError("a transaction has data without a root, or a root without data")
    return _sealed(transaction_id, read)


def transaction_subject(transaction_id: ArweaveId) -> tuple[str, bytes]:
    """What the claim of a proven transaction is about."""
    return ("arweave transaction", transaction_id.digest)


def _signed(header: Header) -> bytes:
    """The deep hash that the owner signed."""
    fields = (
        b"%d" % header.format,
        header.owner,
        header.target,
        b"%d" % header.quantity,
        b"%d" % header.reward,
        header.last_tx,
        [(tag.name, tag.value) for tag in header.tags],
        b"%d" % header.data_size,
        header.data_root,
    )
    denomination = (b"%d" % header.denomination,) if header.denomination else ()
    return deep_hash((*denomination, *fields))


def _sealed(transaction_id: ArweaveId, header: Header) -> Proven[Transaction]:
    return seal(
        Transaction(
            transaction_id,
            header.owner,
            header.target,
            header.tags,
            header.data_size,
            header.data_root,
        ),
        Claim(NO_CHAIN, None, transaction_subject(transaction_id), Finality.GIVEN),
        Evidence(
            "the owner's key signed the transaction, and its id is the hash of that signature",
            (("owner", header.owner), ("data root", header.data_root), ("bytes", header.data_size)),
            (Evidence("Arweave id that was asked for", (("id", str(transaction_id)),)),),
        ),
    )
