"""Transactions with blobs: what the pool takes, what blocks hold, what stands beside them."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from tests.devnet.execution.test_chain import CHAIN_ID, advance, busy_chain, chain
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.blobs import CarriedBlob, decode_carried
from walkaway.devnet.execution.block import ExecutionBlock
from walkaway.devnet.execution.chain import ExecutionChain
from walkaway.devnet.execution.genesis import COUNTER
from walkaway.devnet.execution.rpc import ExecutionRpc
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import InvalidRequest, ProofError
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.transactions import GAS_PER_BLOB, Transaction

OSAKA = ((0, "osaka"),)


def carried(index: int) -> CarriedBlob:
    return CarriedBlob(bytes([index]) * 131_072, bytes([index]) * 48)


def submission(
    nonce: int, blobs: tuple[CarriedBlob, ...], *, version: int = 1, **fields: Any
) -> bytes:
    """A transaction from the first account, wrapped with its blobs. Its proofs prove nothing."""
    defaults: dict[str, Any] = {
        "type": 3,
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": 100_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        "maxFeePerBlobGas": 10,
        "to": COUNTER,
        "value": 0,
        "data": bytes.fromhex("d09de08a"),
        "blobVersionedHashes": [item.versioned_hash for item in blobs],
    }
    signed = dev_account(0).sign(defaults | fields)
    transaction = rlp.decode(signed[1:])
    listed = [[item.blob for item in blobs], [item.commitment for item in blobs]]
    proofs = [bytes(48)] * len(blobs) * (128 if version else 1)
    parts = [transaction, *([1] if version else []), *listed, proofs]
    return b"\x03" + rlp.encode(parts)


def sent(devnet: ExecutionChain, nonce: int, *indices: int) -> Transaction:
    transaction, blobs = decode_carried(submission(nonce, tuple(map(carried, indices))))
    devnet.submit(transaction, blobs)
    return transaction


def mined(devnet: ExecutionChain) -> ExecutionBlock:
    devnet.set_head(advance(devnet).hash, None)
    return devnet.head


@pytest.mark.parametrize("version", [0, 1])
def test_blobs_come_in_both_wrappers(version: int) -> None:
    brought = (carried(1), carried(2))
    transaction, blobs = decode_carried(submission(0, brought, version=version))
    assert blobs == brought
    assert transaction.blob_gas == 2 * GAS_PER_BLOB
    assert decode_carried(transaction.encode()) == (transaction, ())
    assert brought[0].versioned_hash == b"\x01" + sha256(b"\x01" * 48).digest()[1:]
    other = CarriedBlob(brought[0].blob, bytes(48))
    raw = submission(0, brought, version=version).replace(b"\x01" * 48, other.commitment)
    with pytest.raises(ProofError, match="commitments are not those"):
        decode_carried(raw)


def test_a_block_has_the_blobs_of_its_transactions_beside_it() -> None:
    devnet = chain(OSAKA)
    first, second = sent(devnet, 0, 1, 2), sent(devnet, 1, 3)
    block = mined(devnet)
    assert block.transactions == (first, second)
    assert block.blobs == (carried(1), carried(2), carried(3))
    assert block.header.blob_gas_used == 3 * GAS_PER_BLOB
    assert not len(devnet.mempool)
    assert not devnet.mempool.blobs_of(first)
    assert mined(devnet).blobs == ()


def test_receipts_tell_the_price_of_blob_gas() -> None:
    devnet = chain(OSAKA)
    rpc = ExecutionRpc(devnet)
    raw = submission(0, (carried(1), carried(2)))
    named = rpc.answer("eth_sendRawTransaction", ("0x" + raw.hex(),))
    mined(devnet)
    receipt = json.loads(json.dumps(rpc.answer("eth_getTransactionReceipt", (str(named),))))
    assert (receipt["status"], receipt["blobGasUsed"]) == ("0x1", hex(2 * GAS_PER_BLOB))
    assert receipt["blobGasPrice"] == "0x1"
    plain = ExecutionRpc(busy_chain(1)).answer("eth_getBlockReceipts", ("latest",))
    assert isinstance(plain, list)
    assert plain
    assert not any("blobGasPrice" in dict(item) for item in plain if isinstance(item, dict))


def test_the_pool_takes_blobs_only_together_with_their_transaction() -> None:
    devnet = chain(OSAKA)
    transaction, blobs = decode_carried(submission(0, (carried(1), carried(2))))
    for brought in ((), blobs[:1]):
        with pytest.raises(InvalidRequest, match="comes together with them"):
            devnet.submit(transaction, brought)
    dear, blobs = decode_carried(submission(0, (carried(1),), maxFeePerBlobGas=10**18))
    with pytest.raises(InvalidRequest, match="insufficient funds"):
        devnet.submit(dear, blobs)
    assert not len(devnet.mempool)


def test_more_blobs_than_a_block_holds_wait_for_the_next() -> None:
    devnet = chain(OSAKA)
    first, second = sent(devnet, 0, 1, 2, 3, 4, 5), sent(devnet, 1, 6, 7, 8, 9, 10)
    assert mined(devnet).transactions == (first,)
    assert mined(devnet).transactions == (second,)
    assert devnet.head.blobs == tuple(map(carried, range(6, 11)))


def test_blobs_come_back_after_a_reorg() -> None:
    devnet = chain(OSAKA)
    parent = devnet.head.hash
    first, second = sent(devnet, 0, 1), sent(devnet, 1, 2, 3)
    replaced = mined(devnet)
    devnet.set_head(advance(devnet, on=parent, seed=1).hash, None)
    assert devnet.head.transactions == ()
    again = mined(devnet)
    assert again.hash != replaced.hash
    assert again.transactions == (first, second)
    assert again.blobs == replaced.blobs == (carried(1), carried(2), carried(3))


def test_the_beacon_block_commits_to_them() -> None:
    network = Devnet(DevnetSettings(transactions_per_block=0), genesis_time=1_700_000_000)
    sent(network.execution, 0, 1, 2)
    body = network.advance().message.body
    assert [bytes(item) for item in body.blob_kzg_commitments] == [b"\x01" * 48, b"\x02" * 48]
    assert int(body.execution_payload.blob_gas_used) == 2 * GAS_PER_BLOB
    assert not network.advance().message.body.blob_kzg_commitments
