"""A block is proven by its address alone, and by nothing else."""

from __future__ import annotations

import pytest

from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, multihash
from walkaway.proofs.ipfs.block import NO_CHAIN, block_subject, make_block, prove_block
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.proven import Finality

DATA = b"hello world"


@pytest.mark.parametrize("function", [codecs.SHA2_256, codecs.BLAKE2B_256, codecs.IDENTITY])
def test_a_block_is_proven_by_its_address(function: int) -> None:
    cid = Cid.of(codecs.RAW, DATA, function)
    proven = prove_block(cid, DATA)
    assert proven.value == DATA
    assert proven.claim.subject == block_subject(cid) == ("ipfs block", cid.encode())
    assert (proven.claim.chain_id, proven.claim.block_hash) == (NO_CHAIN, None)
    assert proven.claim.finality is Finality.GIVEN
    assert [anchor.facts for anchor in proven.because.anchors()] == [(("cid", str(cid)),)]


@pytest.mark.parametrize("function", [codecs.SHA2_256, codecs.SHA3_512, codecs.IDENTITY])
def test_each_bit_of_a_block_and_each_length_counts(function: int) -> None:
    cid = Cid.of(codecs.RAW, DATA, function)
    for at in range(len(DATA) * 8):
        changed = bytearray(DATA)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(ProofError, match="CID"):
            prove_block(cid, bytes(changed))
    for wrong in (b"", DATA[:-1], DATA + b"\0"):
        with pytest.raises(ProofError):
            prove_block(cid, wrong)


def test_the_same_block_by_either_version() -> None:
    old = Cid(0, codecs.DAG_PB, Cid.of(codecs.DAG_PB, DATA).multihash)
    assert prove_block(old, DATA).value == prove_block(old.as_v1(), DATA).value


def test_a_cut_digest_proves_if_it_is_long_enough() -> None:
    cut = multihash.digest(codecs.SHA2_512, DATA)[:32]
    cid = Cid(1, codecs.RAW, multihash.encode(codecs.SHA2_512, cut))
    assert prove_block(cid, DATA).value == DATA
    with pytest.raises(ProofError):
        prove_block(cid, DATA + b"!")


def test_a_hash_that_proves_nothing_is_refused_without_blame() -> None:
    cid = Cid(1, codecs.RAW, multihash.encode(codecs.SHA1, bytes(20)))
    with pytest.raises(Unsupported):
        prove_block(cid, DATA)


def test_a_block_too_long_is_refused_though_it_hashes_right() -> None:
    longest = bytes(LIMITS.block_bytes)
    prove_block(Cid.of(codecs.RAW, longest), longest)
    with pytest.raises(ProofError, match="over 2097152"):
        prove_block(Cid.of(codecs.RAW, longest + b"\0"), longest + b"\0")


@pytest.mark.parametrize(("codec", "version"), [(codecs.RAW, 1), (codecs.DAG_PB, 0)])
def test_a_block_of_our_own_is_proven_as_any_other(codec: int, version: int) -> None:
    cid, made = make_block(codec, DATA, version=version)
    proven = prove_block(cid, DATA)
    assert (cid.codec, cid.version) == (codec, version)
    assert (made.value, made.claim, made.because) == (proven.value, proven.claim, proven.because)


def test_what_could_not_be_proven_is_not_made() -> None:
    assert make_block(codecs.RAW, bytes(LIMITS.block_bytes))
    with pytest.raises(ProofError, match="over"):
        make_block(codecs.RAW, bytes(LIMITS.block_bytes + 1))
    with pytest.raises(ProofError, match="version 0"):
        make_block(codecs.RAW, DATA, version=0)
