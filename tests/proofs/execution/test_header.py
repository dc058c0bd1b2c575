"""Headers: of every fork, by either form, and always hashed from their fields."""

from __future__ import annotations

import pytest
from ethereum.forks.frontier.blocks import Header as FrontierHeader
from ethereum.forks.london.blocks import Header as LondonHeader
from ethereum.forks.osaka.blocks import Header as OsakaHeader
from ethereum_rlp import rlp as reference
from hypothesis import given
from hypothesis import strategies as st
from sha3 import keccak_256

from tests.proofs.execution.samples import ADDED, FRONTIER, header, header_json
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, decode_header, header_from_json

GENESIS_HASH = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
GENESIS_STATE = "d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"


@pytest.mark.parametrize("added", range(len(ADDED) + 1))
def test_both_forms_give_the_same_header_and_hash(added: int) -> None:
    made = header(added)
    assert decode_header(made.rlp()) == header_from_json(header_json(made)) == made
    assert made.hash == keccak_256(made.rlp()).digest()


@pytest.mark.parametrize(
    ("added", "theirs"), [(0, FrontierHeader), (1, LondonHeader), (6, OsakaHeader)]
)
def test_the_specification_reads_and_writes_the_same(added: int, theirs: type) -> None:
    encoded = header(added).rlp()
    assert reference.encode(reference.decode_to(theirs, encoded)) == encoded


def test_the_mainnet_genesis_has_its_known_hash() -> None:
    genesis = header(
        0,
        parent_hash=bytes(32),
        coinbase=bytes(20),
        state_root=bytes.fromhex(GENESIS_STATE),
        difficulty=0x400000000,
        number=0,
        gas_limit=5000,
        timestamp=0,
        extra_data=bytes.fromhex(
            "11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"
        ),
        prev_randao=bytes(32),
        nonce=bytes.fromhex("0000000000000042"),
    )
    assert genesis.hash.hex() == GENESIS_HASH


def test_a_stated_hash_is_never_looked_at() -> None:
    lied = header_json(FRONTIER) | {"hash": "0x" + "00" * 32}
    assert header_from_json(lied).hash == FRONTIER.hash


@pytest.mark.parametrize("at", range(len(ADDED) - 1))
def test_a_field_set_behind_one_that_is_absent_is_refused(at: int) -> None:
    gap = header(**{ADDED[at][0]: None})
    with pytest.raises(ProofError, match="earlier fork"):
        gap.rlp()
    with pytest.raises(ProofError, match="earlier fork"):
        header_from_json(
            {k: v for k, v in header_json(header()).items() if k != JSON_KEYS[ADDED[at][0]]}
        )


JSON_KEYS = {
    "base_fee_per_gas": "baseFeePerGas",
    "withdrawals_root": "withdrawalsRoot",
    "blob_gas_used": "blobGasUsed",
    "excess_blob_gas": "excessBlobGas",
    "parent_beacon_block_root": "parentBeaconBlockRoot",
    "requests_hash": "requestsHash",
    "block_access_list_hash": "blockAccessListHash",
}


@pytest.mark.parametrize("count", [0, 14, 24])
def test_a_header_has_a_known_number_of_fields(count: int) -> None:
    items = rlp.decode(header().rlp())
    assert isinstance(items, list)
    with pytest.raises(ProofError):
        decode_header(rlp.encode([*items, b"\1"][:count]))


@pytest.mark.parametrize("key", [k for k in header_json(FRONTIER) if k != "hash"])
def test_no_field_of_the_first_fork_may_be_absent(key: str) -> None:
    with pytest.raises(ProofError, match=f"{key}: absent"):
        header_from_json({k: v for k, v in header_json(header()).items() if k != key})


def test_a_header_has_a_size() -> None:
    with pytest.raises(ProofError, match="limit"):
        decode_header(header(extra_data=bytes(LIMITS.header_bytes)).rlp())


@given(st.integers(0, len(FRONTIER.rlp()) - 1), st.integers(1, 255))
def test_no_changed_byte_keeps_the_hash(at: int, change: int) -> None:
    encoded = bytearray(FRONTIER.rlp())
    encoded[at] ^= change
    try:
        assert decode_header(bytes(encoded)).hash != FRONTIER.hash
    except ProofError:
        return


def test_the_empty_ommers_hash_is_the_known_one() -> None:
    assert EMPTY_OMMERS_HASH.hex().startswith("1dcc4de8dec75d7aab85b567b6ccd41a")
