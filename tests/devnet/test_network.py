"""The devnet over real sockets, followed by the light client as any network would be."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.execution.genesis import COUNTER
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings, SourcePlan
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.errors import Elsewhere, InvalidRequest, ProofError
from walkaway.proofs.consensus.decode import (
    BOOTSTRAP,
    FINALITY_UPDATE,
    OPTIMISTIC_UPDATE,
    from_json,
    from_ssz,
    updates_from_json,
    updates_from_ssz,
)
from walkaway.proofs.consensus.light_client import LightClientStore
from walkaway.proofs.execution.header import header_from_json
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.trie import verify

GENESIS_TIME = 1_700_000_000
LIGHT_CLIENT = "/eth/v1/beacon/light_client"
ACCOUNT = "0x" + dev_account(0).address.hex()


def devnet(**settings: Any) -> Devnet:
    return Devnet(DevnetSettings(**settings), genesis_time=GENESIS_TIME)


class Client:
    """A stranger with nothing but a URL."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def rpc(self, method: str, *params: Any) -> Any:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with self._session.post(self._url, json=call) as response:
            document = await response.json()
        assert "error" not in document, document
        return document["result"]

    async def json(self, path: str) -> Any:
        async with self._session.get(self._url + path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def ssz(self, path: str) -> tuple[bytes, str]:
        headers = {"Accept": "application/octet-stream"}
        async with self._session.get(self._url + path, headers=headers) as response:
            assert response.status == 200
            assert response.content_type == "application/octet-stream"
            return await response.read(), response.headers.get("Eth-Consensus-Version", "")

    async def status(self, path: str) -> int:
        async with self._session.get(self._url + path) as response:
            return response.status


async def follow(network: Devnet, client: Client) -> LightClientStore:
    """Sync a store from the checkpoint by JSON and SSZ alike."""
    root = network.checkpoint.root
    path = f"{LIGHT_CLIENT}/bootstrap/0x{root.hex()}"
    by_json = from_json(BOOTSTRAP, network.spec, await client.json(path))
    data, fork = await client.ssz(path)
    assert from_ssz(BOOTSTRAP, network.spec, fork, data) == by_json
    return LightClientStore.bootstrap(network.spec, root, by_json)


async def catch_up(network: Devnet, client: Client, store: LightClientStore) -> None:
    path = f"{LIGHT_CLIENT}/updates?start_period={store.finalized_period}&count=8"
    updates = updates_from_json(network.spec, await client.json(path))
    assert updates_from_ssz(network.spec, (await client.ssz(path))[0]) == updates
    for update in updates:
        newer = update.attested_header.beacon.slot > store.optimistic_slot
        if newer or not store.knows_next_committee:
            store.process_update(update, current_slot=network.slot, strict=True)
    finality = from_json(
        FINALITY_UPDATE, network.spec, await client.json(f"{LIGHT_CLIENT}/finality_update")
    )
    store.process_finality_update(finality, current_slot=network.slot, strict=True)
    data, fork = await client.ssz(f"{LIGHT_CLIENT}/optimistic_update")
    optimistic = from_ssz(OPTIMISTIC_UPDATE, network.spec, fork, data)
    store.process_optimistic_update(optimistic, current_slot=network.slot, strict=True)


async def test_a_balance_is_proven_down_to_the_sync_committee() -> None:
    network = devnet()
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        store = await follow(network, client)
        network.advance(3)
        await catch_up(network, client, store)
        assert store.optimistic_slot == network.slot - 1
        block_hash = store.optimistic.value.execution_block_hash
        block = await client.rpc("eth_getBlockByHash", "0x" + block_hash.hex(), False)
        header = header_from_json(block)
        assert header.hash == block_hash
        proof = await client.rpc("eth_getProof", ACCOUNT, [], {"blockHash": block["hash"]})
        nodes = [bytes.fromhex(item[2:]) for item in proof["accountProof"]]
        assert verify(header.state_root, keccak256(dev_account(0).address), nodes)
        assert int(proof["balance"], 16) == 10_000 * 10**18


async def test_forks_and_periods_are_crossed() -> None:
    network = devnet(electra_epoch=10, fulu_epoch=20, warm_slots=33, transactions_per_block=1)
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        store = await follow(network, client)
        versions = set()
        for _ in range(4):
            network.advance(48)
            await catch_up(network, client, store)
            assert store.optimistic_slot == network.slot - 1
            document = await client.json(f"{LIGHT_CLIENT}/optimistic_update")
            versions.add(document["version"])
            path = f"{LIGHT_CLIENT}/updates?start_period=0&count=8"
            versions |= {item["version"] for item in await client.json(path)}
        assert versions == {"deneb", "electra", "fulu"}
        assert store.finalized_period == network.spec.period_at_slot(network.slot)
        at_forks = [network.beacon.block_at(slot) for slot in (79, 80, 160)]
        requests = [block.execution.header.requests_hash is not None for block in at_forks if block]
        assert requests == [False, True, True]


async def test_empty_slots_and_few_signers() -> None:
    network = devnet()
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        store = await follow(network, client)
        network.skip(3)
        head = network.advance(1)
        assert head.slot == network.slot == 37
        await catch_up(network, client, store)
        assert store.optimistic_slot == 33
        network.beacon.signers = 16
        network.advance(2)
        before = store.optimistic_slot
        await catch_up(network, client, store)
        assert store.optimistic_slot == before
        network.beacon.signers = 22
        network.advance(1)
        await catch_up(network, client, store)
        assert store.optimistic_slot == network.slot - 1


async def test_finality_can_lag() -> None:
    network = devnet()
    final = network.checkpoint
    network.beacon.finality_lag = 3
    network.advance(24)
    assert network.checkpoint == final
    network.beacon.finality_lag = 0
    network.advance(8)
    assert network.checkpoint.slot == 48


async def test_a_reorg_replaces_heads_and_goes_on() -> None:
    network = devnet()
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        store = await follow(network, client)
        old = [network.beacon.block_at(slot) for slot in (32, 33)]
        network.reorg(2)
        assert network.beacon.head.slot == 34
        assert all(block and not network.beacon.is_canonical(block) for block in old)
        await catch_up(network, client, store)
        head = network.beacon.block_at(33)
        assert head is not None
        assert store.optimistic.value.execution_block_hash == head.execution.hash
        with pytest.raises(InvalidRequest, match="final"):
            network.reorg(30)


async def test_a_transaction_is_sent_and_included() -> None:
    network = devnet(transactions_per_block=0)
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        raw = dev_account(0).sign(
            {
                "chainId": network.spec.chain_id,
                "nonce": 0,
                "gas": 100_000,
                "maxFeePerGas": 10**10,
                "maxPriorityFeePerGas": 10**9,
                "to": COUNTER,
                "value": 0,
                "data": bytes.fromhex("d09de08a"),
            }
        )
        sent = await client.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        assert sent == "0x" + keccak256(raw).hex()
        assert (await client.rpc("eth_getTransactionByHash", sent))["blockHash"] is None
        network.advance()
        receipt = await client.rpc("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1"
        assert receipt == (await client.rpc("eth_getBlockReceipts", receipt["blockNumber"]))[0]
        logs = await client.rpc("eth_getLogs", {"address": "0x" + COUNTER.hex()})
        assert logs == receipt["logs"]
        call = {"to": "0x" + COUNTER.hex(), "data": "0x06661abd"}
        assert int(await client.rpc("eth_call", call, "latest"), 16) == 1
        slot = await client.rpc("eth_getStorageAt", "0x" + COUNTER.hex(), "0x0", "latest")
        assert int(slot, 16) == 1


async def test_what_checkpoint_sync_needs() -> None:
    network = devnet()
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        final = network.checkpoint
        slots = (await client.json("/checkpointz/v1/beacon/slots"))["data"]["slots"]
        assert (slots[0]["slot"], slots[0]["block_root"]) == (
            str(final.slot),
            "0x" + final.root.hex(),
        )
        header = await client.json("/eth/v1/beacon/headers/finalized")
        assert header["data"]["root"] == "0x" + final.root.hex()
        by_slot = await client.json(f"/eth/v1/beacon/blocks/{final.slot}/root")
        assert by_slot["data"]["root"] == "0x" + final.root.hex()
        genesis = (await client.json("/eth/v1/beacon/genesis"))["data"]
        assert (
            genesis["genesis_validators_root"] == "0x" + network.spec.genesis_validators_root.hex()
        )
        assert (await client.json("/eth/v1/config/spec"))["data"]["PRESET_BASE"] == "minimal"
        assert await client.status("/eth/v1/beacon/headers/9999") == 404
        assert await client.status("/eth/v1/beacon/headers/nonsense") == 400
        assert await client.status(f"{LIGHT_CLIENT}/bootstrap/0x{'00' * 32}") == 404
        assert await client.status("/nowhere") == 404


async def proof_of(client: Client) -> tuple[bytes, dict[str, Any]]:
    block = await client.rpc("eth_getBlockByNumber", "latest", False)
    proof = await client.rpc("eth_getProof", ACCOUNT, [], block["number"])
    return header_from_json(block).state_root, proof


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [(Behaviour.LYING_BALANCE, ProofError), (Behaviour.FORGED_STATE, Elsewhere)],
)
async def test_lies_about_state_do_not_verify(
    behaviour: Behaviour, error: type[ProofError]
) -> None:
    network = devnet(sources=(SourcePlan("liar", behaviour=behaviour),))
    async with network, aiohttp.ClientSession() as session:
        root, proof = await proof_of(Client(network.sources[0].url, session))
        assert int(proof["balance"], 16) == 10_001 * 10**18
        nodes = [bytes.fromhex(item[2:]) for item in proof["accountProof"]]
        with pytest.raises(error) as caught:
            verify(root, keccak256(dev_account(0).address), nodes)
        assert type(caught.value) is error
        network.behave("liar", Behaviour.HONEST)
        root, proof = await proof_of(Client(network.sources[0].url, session))
        assert int(proof["balance"], 16) == 10_000 * 10**18


@pytest.mark.parametrize("behaviour", [Behaviour.ONE_SIGNER, Behaviour.HALF_COMMITTEE])
async def test_a_minority_head_is_valid_but_not_strict(behaviour: Behaviour) -> None:
    network = devnet(sources=(SourcePlan("liar", behaviour=behaviour),))
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        store = await follow(network, client)
        document = await client.json(f"{LIGHT_CLIENT}/optimistic_update")
        update = from_json(OPTIMISTIC_UPDATE, network.spec, document)
        honest = network.beacon.block_at(network.slot - 1)
        assert honest is not None
        assert update.attested_header.beacon.root() != honest.root
        before = store.optimistic_slot
        store.copy().process_optimistic_update(update, current_slot=network.slot, strict=True)
        strict, lax = store.copy(), store.copy()
        strict.process_optimistic_update(update, current_slot=network.slot, strict=True)
        lax.process_optimistic_update(update, current_slot=network.slot)
        assert (strict.optimistic_slot, lax.optimistic_slot) == (before, network.slot - 1)


async def test_a_committee_of_strangers_is_refused() -> None:
    network = devnet(
        sources=(SourcePlan("liar", behaviour=Behaviour.FORGED_COMMITTEE), SourcePlan("honest"))
    )
    async with network, aiohttp.ClientSession() as session:
        liar, honest = (Client(source.url, session) for source in network.sources)
        with pytest.raises(ProofError):
            await follow(network, liar)
        store = await follow(network, honest)
        document = await liar.json(f"{LIGHT_CLIENT}/optimistic_update")
        update = from_json(OPTIMISTIC_UPDATE, network.spec, document)
        with pytest.raises(ProofError, match="signature"):
            store.process_optimistic_update(update, current_slot=network.slot)
        path = f"{LIGHT_CLIENT}/updates?start_period=0&count=1"
        (forged,) = updates_from_json(network.spec, await liar.json(path))
        with pytest.raises(ProofError):
            store.process_update(forged, current_slot=network.slot)


async def test_a_forged_checkpoint_is_the_same_on_every_route() -> None:
    network = devnet(sources=(SourcePlan("liar", behaviour=Behaviour.FORGED_CHECKPOINT),))
    async with network, aiohttp.ClientSession() as session:
        client = Client(network.sources[0].url, session)
        slot, root = network.checkpoint.slot, "0x" + network.checkpoint.root.hex()
        listed = (await client.json("/checkpointz/v1/beacon/slots"))["data"]["slots"][0]
        header = (await client.json("/eth/v1/beacon/headers/finalized"))["data"]
        by_slot = (await client.json(f"/eth/v1/beacon/blocks/{slot}/root"))["data"]
        assert listed["block_root"] == header["root"] == by_slot["root"] != root
        assert await client.json(f"{LIGHT_CLIENT}/bootstrap/{root}")
        assert await client.status(f"{LIGHT_CLIENT}/bootstrap/{header['root']}") == 404


async def test_old_heads_and_stale_nodes_are_honest_but_behind() -> None:
    network = devnet(
        sources=(
            SourcePlan("old", behaviour=Behaviour.OLD_HEAD),
            SourcePlan("stale", behaviour=Behaviour.STALE),
        )
    )
    async with network, aiohttp.ClientSession() as session:
        old, stale = (Client(source.url, session) for source in network.sources)
        update = from_json(
            OPTIMISTIC_UPDATE, network.spec, await old.json(f"{LIGHT_CLIENT}/optimistic_update")
        )
        assert update.signature_slot == network.slot - 8
        assert int(await stale.rpc("eth_blockNumber"), 16) == network.slot - 4
        assert await stale.rpc("eth_getBlockByNumber", hex(network.slot), False) is None


async def test_receipts_are_left_out_and_turned() -> None:
    network = devnet(
        sources=(
            SourcePlan("omits", behaviour=Behaviour.OMITTED_RECEIPT),
            SourcePlan("turns", behaviour=Behaviour.FORGED_RECEIPT),
            SourcePlan("honest"),
        )
    )
    async with network, aiohttp.ClientSession() as session:
        omits, turns, honest = (Client(source.url, session) for source in network.sources)
        said = await honest.rpc("eth_getBlockReceipts", "latest")
        assert len(said) == 2
        assert await omits.rpc("eth_getBlockReceipts", "latest") == said[:1]
        turned = await turns.rpc("eth_getBlockReceipts", "latest")
        assert [receipt["status"] for receipt in turned] == ["0x0", "0x0"]


async def test_faults_on_the_way() -> None:
    faults = (Behaviour.HANGS, Behaviour.GARBAGE, Behaviour.TRUNCATED, Behaviour.SERVER_ERRORS)
    network = devnet(sources=tuple(SourcePlan(item.name, behaviour=item) for item in faults))
    async with network, aiohttp.ClientSession() as session:
        hangs, garbage, truncated, errors = (
            Client(source.url, session) for source in network.sources
        )
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hangs.rpc("eth_chainId"), 0.2)
        with pytest.raises(UnicodeDecodeError):
            await garbage.rpc("eth_chainId")
        with pytest.raises(aiohttp.ClientPayloadError):
            await truncated.rpc("eth_chainId")
        seen = {await errors.status("/eth/v1/beacon/genesis") for _ in range(40)}
        assert 200 in seen
        assert seen & {500, 502, 503, 504}
        assert network.requests("HANGS") == 1


async def test_slots_pass_with_the_clock() -> None:
    network = Devnet(DevnetSettings(seconds_per_slot=1, sources=()))
    await network.start(real_time=True)
    try:
        await reached(network, 35)
        assert abs(network.now() - time.time()) < 2
    finally:
        await network.stop()


async def test_the_clock_goes_on_after_a_reorg() -> None:
    network = Devnet(DevnetSettings(seconds_per_slot=1, sources=()))
    await network.start(real_time=True)
    try:
        await reached(network, network.slot + 1)
        # The clock waits for the very slot that the reorg takes.
        await reached(network, network.reorg().slot + 1)
    finally:
        await network.stop()


async def reached(network: Devnet, slot: int) -> None:
    for _ in range(60):
        if network.beacon.head.slot >= slot:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"no block in slot {slot}")


def test_the_same_settings_give_the_same_chain() -> None:
    first, second = devnet(warm_slots=12), devnet(warm_slots=12)
    assert first.beacon.head.root == second.beacon.head.root
    assert first.execution.head.hash == second.execution.head.hash
    assert devnet(warm_slots=12, seed=1).beacon.head.root != first.beacon.head.root
