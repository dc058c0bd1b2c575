"""What is asked while somebody looks is kept, bounded, and nothing else is."""

from __future__ import annotations

import asyncio

from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.recording import Exchange, note, recording
from walkaway.sources.request import (
    ArweaveRequest,
    BeaconRequest,
    BlockRequest,
    DnsRequest,
    RpcRequest,
)

CID = Cid.parse("bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am")
PROOF = RpcRequest("eth_getProof", ("0x" + "ab" * 20, ["0x0"], "latest"))


async def test_what_is_asked_meanwhile_is_kept_in_words() -> None:
    note("before", PROOF)
    with recording() as kept:
        note("a", PROOF)
        await asyncio.create_task(in_a_task())
        note("c", DnsRequest("_dnslink.example.org.", "TXT"), "fault", "no answer")
        note("d", BeaconRequest("/eth/v1/beacon/genesis"))
        note("e", ArweaveRequest("A" * 43, "header"))
    note("after", PROOF)
    assert kept.exchanges == [
        Exchange("a", "eth_getProof 0x" + "ab" * 20, "answered"),
        Exchange("b", f"block {CID}", "lie", "other bytes"),
        Exchange("c", "TXT _dnslink.example.org.", "fault", "no answer"),
        Exchange("d", "GET /eth/v1/beacon/genesis as json", "answered"),
        Exchange("e", "Arweave, header " + "A" * 43, "answered"),
    ]
    assert kept.left_out == 0


async def in_a_task() -> None:
    note("b", BlockRequest(CID), "lie", "other bytes")


async def test_two_who_look_hear_only_their_own() -> None:
    async def look(name: str) -> list[str]:
        with recording() as kept:
            await asyncio.sleep(0)
            note(name, PROOF)
            await asyncio.sleep(0)
        return [exchange.source for exchange in kept.exchanges]

    first, second = await asyncio.gather(look("a"), look("b"))
    assert (first, second) == (["a"], ["b"])


def test_only_so_much_is_kept() -> None:
    with recording() as kept:
        for _ in range(LIMITS.recorded_exchanges + 3):
            note("a", PROOF)
    assert len(kept.exchanges) == LIMITS.recorded_exchanges
    assert kept.left_out == 3
