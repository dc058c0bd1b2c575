"""IPNS records out of the network: the newest wins, and no source holds anybody in the past."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.names.ipns.signing import NOON, ROOT, Router, Signer, document, pool_of
from walkaway.chain.clock import FixedClock
from walkaway.errors import SourceFault, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.names.held import HeldNames
from walkaway.names.ipns.find import IpnsNames
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs import dag_cbor, protobuf
from walkaway.proofs.ipfs.data_model import Value
from walkaway.proofs.ipfs.ipns_name import name_of_key
from walkaway.sources.request import IpnsRequest, Request

SIGNER = Signer()
SITE = Pointer("ipfs", ROOT)
QUICK = replace(LIMITS, newest_seconds=0.05, ipns_seconds=0.1)


class Stand:
    """Names over routers, on a clock by hand and a folder of its own."""

    def __init__(self, folder: Path, *routers: Router, limits: Limits = QUICK) -> None:
        self.clock = FixedClock(NOON)
        self.routers = routers
        self.held = HeldNames(folder / "ipns", self.clock, dnslinks={"own.org": "/ipns/x.org"})
        self.pool = pool_of(routers, self.clock, limits)
        self.names = IpnsNames(self.held, [self.pool], clock=self.clock, limits=limits)

    async def sequence(self) -> int:
        """The sequence number of the record that the name resolves to."""
        return (await self.names.record(SIGNER.name)).held.proven.value.sequence

    @property
    def questions(self) -> int:
        """How many the routers were asked, in all."""
        return sum(len(router.asked) for router in self.routers)


async def test_the_newest_that_anybody_gives_is_taken_and_held(tmp_path: Path) -> None:
    old, new = SIGNER.record(1), SIGNER.record(2)
    stand = Stand(tmp_path, Router("a", old), Router("b", new), Router("c", new), Router("d"))
    resolution = await stand.names.resolve(SIGNER.text)
    assert (resolution.pointer, resolution.proven) == (SITE, True)
    assert (resolution.record, resolution.seconds) == (new, 60)
    assert resolution.because is not None
    assert resolution.because.facts == (("given by", "b, c"),)
    assert (await stand.held.resolve(SIGNER.text)).record == new


async def test_who_gives_what_the_key_did_not_sign_has_lied(tmp_path: Path) -> None:
    forged = Signer(2).record(9)
    stand = Stand(tmp_path, Router("liar", forged), Router("honest", SIGNER.record(1)))
    assert await stand.sequence() == 1
    assert {one.name: one.lies for one in stand.pool.status()} == {"liar": 1, "honest": 0}


async def test_an_older_record_than_was_seen_before_is_not_taken(tmp_path: Path) -> None:
    router = Router("a", SIGNER.record(5, lasts=100))
    stand = Stand(tmp_path, router)
    assert await stand.sequence() == 5
    router.has = SIGNER.record(4)
    stand.clock.seconds += 70
    assert await stand.sequence() == 5
    # What has ended does not make way for what it had replaced.
    stand.clock.seconds += 70
    with pytest.raises(Unproven) as refused:
        await stand.sequence()
    assert "lags behind" in refused.value.reasons["a"]
    assert refused.value.reasons["this machine"] == "the record that it holds is no longer valid"
    assert stand.pool.status()[0].lies == 0


async def test_nor_where_the_newer_one_was_put_here_and_ended(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a", SIGNER.record(4, ttl=600)))
    assert await stand.sequence() == 4
    await stand.held.put(SIGNER.name, SIGNER.record(5, lasts=100))
    assert await stand.sequence() == 5
    # Before the router is asked again, and after.
    for later, asked in ((110, 1), (610, 2)):
        stand.clock.seconds = NOON + later
        with pytest.raises(Unproven, match="as new as one seen before") as refused:
            await stand.sequence()
        assert refused.value.reasons["this machine"] == (
            "the record that it holds is no longer valid"
        )
        assert stand.questions == asked


async def test_nor_where_this_machine_could_not_hold_it(tmp_path: Path) -> None:
    router = Router("a", SIGNER.record(5))
    (tmp_path / "ipns").write_bytes(b"no folder")
    limits = replace(QUICK, held_records=0)
    stand = Stand(tmp_path / "sub", router, limits=limits)
    stand.held = HeldNames(tmp_path / "sub", stand.clock, limits=limits)
    stand.names = IpnsNames(stand.held, [stand.pool], clock=stand.clock, limits=limits)
    assert await stand.sequence() == 5
    router.has = SIGNER.record(4)
    stand.clock.seconds += 70
    assert await stand.sequence() == 5
    router.has = SIGNER.record(6)
    stand.clock.seconds += 70
    assert await stand.sequence() == 6
    assert not list((tmp_path / "sub").glob("*"))


@pytest.mark.parametrize(
    ("ttl", "kept"),
    [(60, 60), (0, QUICK.ipns_least_seconds), (1e9, QUICK.ipns_most_seconds), (1e9, 3600)],
)
async def test_nobody_is_asked_again_for_as_long_as_the_record_says(
    tmp_path: Path, ttl: float, kept: float
) -> None:
    lasts = 3600 if kept == 3600 else 1e6
    stand = Stand(tmp_path, Router("a", SIGNER.record(ttl=ttl, lasts=lasts)))
    for later in (0, kept - 1):
        stand.clock.seconds = NOON + later
        await stand.sequence()
        assert stand.questions == 1
    stand.clock.seconds = NOON + kept
    await asyncio.gather(stand.sequence(), return_exceptions=True)
    assert stand.questions == 2


async def test_what_this_machine_holds_stands_while_nobody_gives_any(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a"), Router("b", SourceFault("HTTP status 500")))
    await stand.held.put(SIGNER.name, SIGNER.record(3))
    resolution = await stand.names.resolve(SIGNER.text)
    assert resolution.because is not None
    assert resolution.because.facts == (("given by", "this machine alone"),)
    found = await stand.names.record(SIGNER.name)
    assert set(found.reasons) == {"a", "b"}


async def test_what_is_published_to_this_machine_stands_at_once(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a", SIGNER.record(1)))
    assert await stand.sequence() == 1
    await stand.held.put(SIGNER.name, SIGNER.record(2))
    assert await stand.sequence() == 2
    assert (await stand.names.record(SIGNER.name)).given_by == ()
    assert stand.questions == 1


async def test_that_nobody_has_any_is_remembered_for_a_while(tmp_path: Path) -> None:
    router = Router("a")
    stand = Stand(tmp_path, router)
    for _ in range(2):
        with pytest.raises(Unproven) as refused:
            await stand.sequence()
        assert refused.value.reasons == {
            "this machine": "it holds no record of this key",
            "a": "does not have it",
        }
    assert stand.questions == 1
    router.has = SIGNER.record(1)
    stand.clock.seconds += QUICK.ipns_again_seconds
    assert await stand.sequence() == 1


async def test_many_who_ask_at_once_share_the_answer(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a", SIGNER.record(1)), Router("b"))
    assert await asyncio.gather(*(stand.sequence() for _ in range(20))) == [1] * 20
    assert stand.questions == 2


async def test_who_never_answers_is_not_waited_for_once_somebody_did(tmp_path: Path) -> None:
    limits = replace(LIMITS, newest_seconds=60, ipns_seconds=60, ipns_others_seconds=0.1)
    stand = Stand(tmp_path, Router("a", SIGNER.record(1)), Router("mute", ...), limits=limits)
    async with asyncio.timeout(5):
        assert await stand.sequence() == 1


async def test_nor_for_long_where_nobody_did(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("mute", ...))
    async with asyncio.timeout(5):
        with pytest.raises(Unproven) as refused:
            await stand.sequence()
    assert set(refused.value.reasons) == {"this machine", "mute"}


class Slow(Router):
    """Takes a moment."""

    def say(self, request: Request) -> object:
        async def later() -> object:
            await asyncio.sleep(0.1)
            return super(Slow, self).say(request)

        return later()


async def test_who_is_a_little_slower_is_waited_for(tmp_path: Path) -> None:
    limits = replace(LIMITS, newest_seconds=60, ipns_seconds=60, ipns_others_seconds=5)
    a, b = Router("a", SIGNER.record(1)), Slow("b", SIGNER.record(2))
    assert await Stand(tmp_path, a, b, limits=limits).sequence() == 2


async def test_who_gives_an_old_one_at_once_cuts_nobody_short(tmp_path: Path) -> None:
    limits = replace(LIMITS, newest_seconds=60, ipns_seconds=60, ipns_others_seconds=0.01)
    a, b = Router("a", SIGNER.record(4)), Slow("b", SIGNER.record(6))
    stand = Stand(tmp_path, a, b, limits=limits)
    await stand.held.put(SIGNER.name, SIGNER.record(5))
    assert await stand.sequence() == 6


async def test_routers_are_asked_as_such_and_gateways_as_such(tmp_path: Path) -> None:
    router = Router("router", SIGNER.record(1))
    gateway = Router("gateway", SIGNER.record(2), kinds=frozenset({"content"}))
    stand = Stand(tmp_path, router)
    pools = [stand.pool, pool_of([gateway], stand.clock)]
    stand.names = IpnsNames(stand.held, pools, clock=stand.clock, limits=QUICK)
    assert await stand.sequence() == 2
    turned = IpnsNames(stand.held, pools[::-1], clock=stand.clock, limits=QUICK)
    assert (await turned.record(SIGNER.name)).given_by == ("gateway",)
    router.asked.pop()
    gateway.asked.pop()
    assert router.asked == [IpnsRequest(SIGNER.name, "routing")]
    assert gateway.asked == [IpnsRequest(SIGNER.name, "content")]
    (asked,) = gateway.asked
    assert isinstance(asked, IpnsRequest)
    assert asked.through.startswith("walkaway-")


async def test_a_damaged_file_is_no_record_and_makes_way(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a", SIGNER.record(1)))
    (tmp_path / "ipns").mkdir()
    file = tmp_path / "ipns" / f"{SIGNER.text}.ipns-record"
    file.write_bytes(b"damaged")
    assert await stand.sequence() == 1
    assert file.read_bytes() == SIGNER.record(1)


async def test_a_key_that_many_are_asked_for_is_forgotten(tmp_path: Path) -> None:
    limits = replace(QUICK, ipns_remembered=2)
    stand = Stand(tmp_path, Router("a"), limits=limits)
    for seed in (1, 2, 3, 1):
        with pytest.raises(Unproven):
            await stand.names.resolve(Signer(seed).text)
    assert stand.questions == 4


async def test_without_sources_what_is_held_is_all_there_is(tmp_path: Path) -> None:
    clock = FixedClock(NOON)
    held = HeldNames(tmp_path, clock, dnslinks={"own.org": f"/ipfs/{ROOT}"})
    names = IpnsNames(held, clock=clock)
    with pytest.raises(Unproven, match="no valid record"):
        await names.resolve(SIGNER.text)
    await held.put(SIGNER.name, SIGNER.record(1))
    assert await names.resolve(SIGNER.text) == await held.resolve(SIGNER.text)
    assert (await names.resolve("OWN.org")).pointer == SITE
    with pytest.raises(Unproven, match=r"other\.org"):
        await names.resolve("other.org")


UNREADABLE: dict[str, dict[str, Value]] = {
    "its value is no path": {"Value": b"hello"},
    "its value is empty": {"Value": b""},
    "its value is no text": {"Value": b"/ipfs/\xff"},
    "it has no time to live": {"TTL": None},
    "its end has ten digits": {"Validity": b"2026-10-02T12:00:00.1234567891Z"},
    "its sequence is a text": {"Sequence": "1"},
}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_the_key_signed_is_nobodys_lie_who_passes_it_on(
    tmp_path: Path, change: dict[str, Value]
) -> None:
    record = SIGNER.record_of({**document(), **change})
    stand = Stand(tmp_path, Router("a", record), Router("b", record))
    with pytest.raises(Unproven) as refused:
        await stand.names.resolve(SIGNER.text)
    assert set(refused.value.reasons) == {"this machine", "a", "b"}
    assert [(one.lies, one.errors) for one in stand.pool.status()] == [(0, 0), (0, 0)]
    stand.routers[1].has = SIGNER.record(1)
    stand.clock.seconds += QUICK.ipns_again_seconds
    assert await stand.sequence() == 1


async def test_nor_is_what_is_written_as_others_read_it(tmp_path: Path) -> None:
    data = dag_cbor.encode(document())
    longer = data.replace(b"hSequence\x01", b"hSequence\x18\x01")
    assert longer != data
    stand = Stand(
        tmp_path,
        Router("a", SIGNER.record_over(longer)),
        Router("b", b"\x0b\x0c" + SIGNER.record(1)),
        Router("c", protobuf.field(1, b"/ipfs/other") + SIGNER.record(1)),
    )
    with pytest.raises(Unproven):
        await stand.names.resolve(SIGNER.text)
    assert [one.lies for one in stand.pool.status()] == [0, 0, 0]


async def test_nor_a_key_that_nothing_is_checked_under(tmp_path: Path) -> None:
    small = rsa.generate_private_key(65537, 1024).public_key()
    der = small.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = protobuf.field(1, 0) + protobuf.field(2, der)
    name = name_of_key(key)
    record = protobuf.field(8, bytes(64)) + protobuf.field(9, dag_cbor.encode(document()))
    record += protobuf.field(7, key)
    stand = Stand(tmp_path, Router("a", record))
    with pytest.raises(Unproven):
        await stand.names.record(name)
    assert [(one.lies, one.errors) for one in stand.pool.status()] == [(0, 0)]
