"""Digests against those that independent implementations publish; domains; places."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.proofs.consensus.simulator import with_forks
from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import BlobLimit, ForkName
from walkaway.errors import ProofError, Unsupported
from walkaway.proofs.consensus.forks import fork_digest, fork_of_digest, places, signing_root

# Mainnet's are those of p2p clients and of the recorded answers; Hoodi's were published by a
# client that checked them against a live node.
PUBLISHED = [
    ("mainnet", 0, "b5303f2a", ForkName.PHASE0),
    ("mainnet", 194048, "bba4da96", ForkName.CAPELLA),
    ("mainnet", 269568, "6a95a1a9", ForkName.DENEB),
    ("mainnet", 364032, "ad532ceb", ForkName.ELECTRA),
    ("hoodi", 50_000, "82556a32", ForkName.ELECTRA),
    ("hoodi", 51_000, "e2abcca4", ForkName.FULU),
    ("hoodi", 52_480, "ae9f70a0", ForkName.FULU),
    ("hoodi", 54_016, "c6ecb76c", ForkName.FULU),
]


@pytest.mark.parametrize(("network", "epoch", "digest", "fork"), PUBLISHED)
def test_digests_are_the_published_ones(
    network: str, epoch: int, digest: str, fork: ForkName
) -> None:
    spec = chain_spec(network)
    assert fork_digest(spec, epoch).hex() == digest
    assert fork_of_digest(spec, bytes.fromhex(digest)) is fork


def test_an_unknown_digest_names_no_fork() -> None:
    with pytest.raises(Unsupported, match="chain spec out of date"):
        fork_of_digest(chain_spec("mainnet"), b"\1\2\3\4")
    with pytest.raises(Unsupported, match="chain spec out of date"):
        fork_of_digest(chain_spec("mainnet"), b"")


def test_before_any_blob_limit_electras_is_mixed_in() -> None:
    bare = replace(with_forks(electra=9, fulu=100), blob_schedule=())
    named = replace(bare, blob_schedule=(BlobLimit(9, 9),))
    assert fork_digest(bare, 100) == fork_digest(named, 100)
    without_electra = tuple(f for f in bare.forks if f.name is not ForkName.ELECTRA)
    from_genesis = replace(bare, forks=without_electra)
    assert fork_digest(from_genesis, 100) == fork_digest(
        replace(from_genesis, blob_schedule=(BlobLimit(0, 9),)), 100
    )


def test_from_fulu_a_blob_limit_changes_the_digest_but_not_the_fork() -> None:
    limits = (BlobLimit(9, 9), BlobLimit(150, 15), BlobLimit(200, 21))
    spec = replace(with_forks(electra=9, fulu=100), blob_schedule=limits)
    digests = [fork_digest(spec, epoch) for epoch in (99, 100, 149, 150, 199, 200, 10**6)]
    assert digests[1] == digests[2]
    assert digests[3] == digests[4]
    assert digests[5] == digests[6]
    assert len(set(digests)) == 4
    assert {fork_of_digest(spec, digest) for digest in digests[1:]} == {ForkName.FULU}


def test_a_signing_root_is_bound_to_fork_chain_and_header() -> None:
    spec = with_forks(electra=0, fulu=2)
    root = b"\1" * 32
    roots = {
        signing_root(spec, root, 16),
        signing_root(spec, root, 17),
        signing_root(spec, b"\2" * 32, 16),
        signing_root(replace(spec, genesis_validators_root=root), root, 16),
    }
    assert len(roots) == 4
    assert signing_root(spec, root, 0) == signing_root(spec, root, 16)


def test_forks_without_an_execution_block_hash_have_no_places() -> None:
    for fork in ForkName:
        if fork >= ForkName.CAPELLA:
            assert places(fork).execution_block_hash > 0
        else:
            with pytest.raises(ProofError, match=fork.label):
                places(fork)
