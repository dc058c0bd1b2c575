"""Publishing: after the newest that there is, and never said to be done on a router's word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.names.ipns.signing import NOON, ROOT, Router, Signer, pool_of
from walkaway.chain.clock import FixedClock
from walkaway.errors import Elsewhere, InvalidRequest, Unproven
from walkaway.limits import LIMITS
from walkaway.names.held import HeldNames
from walkaway.names.ipns.find import IpnsNames
from walkaway.names.ipns.publish import IpnsPublisher
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs import protobuf
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.request import Answer, IpnsPublication, Request

SIGNER = Signer()
SITE = Pointer("ipfs", ROOT, ("docs",))
QUICK = replace(
    LIMITS,
    newest_seconds=0.05,
    ipns_seconds=0.1,
    ipns_publish_seconds=0.2,
    ipns_read_back_seconds=0.01,
)


class Stand:
    """A publisher over routers, on a clock by hand and a folder of its own."""

    def __init__(self, folder: Path, *routers: Router, offline: bool = False) -> None:
        self.clock = FixedClock(NOON)
        self.held = HeldNames(folder / "ipns", self.clock)
        self.pool = pool_of(routers, self.clock, QUICK)
        pools = [] if offline else [self.pool]
        self.names = IpnsNames(self.held, pools, clock=self.clock, limits=QUICK)
        self.publisher = IpnsPublisher(
            self.names,
            self.held,
            None if offline else self.pool,
            clock=self.clock,
            limits=QUICK,
        )


async def test_a_record_goes_to_every_router_and_comes_back(tmp_path: Path) -> None:
    a, b, c = Router("a"), Router("b"), Router("c", takes=False)
    stand = Stand(tmp_path, a, b, c)
    done = await stand.publisher.publish(SIGNER.key, SITE, seconds=7200, ttl=90)
    assert (done.name, done.taken_by, done.given_by) == (SIGNER.name, ("a", "b"), ("a", "b"))
    assert done.refused == {"c": "HTTP status 500"}
    said = done.said
    assert (said.value, said.sequence) == (f"/ipfs/{ROOT}/docs", 0)
    assert said.validity == int(NOON + 7200) * 10**9
    assert said.ttl == 90 * 10**9
    assert a.taken == b.taken == [(await stand.held.resolve(SIGNER.text)).record]
    assert {number for number, _, _ in protobuf.read(a.taken[0])} == {1, 2, 3, 4, 5, 6, 8, 9}


async def test_it_follows_the_newest_that_anybody_has(tmp_path: Path) -> None:
    elsewhere = Router("elsewhere", SIGNER.record(7), takes=False)
    stand = Stand(tmp_path, Router("a"), elsewhere)
    assert (await stand.publisher.publish(SIGNER.key, SITE)).said.sequence == 8
    assert (await stand.publisher.publish(SIGNER.key, SITE)).said.sequence == 9
    # What ended is followed too.
    stand.clock.seconds += 10 * 24 * 3600
    assert (await stand.publisher.publish(SIGNER.key, SITE)).said.sequence == 10


async def test_where_no_router_takes_it_it_is_not_published(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a", takes=False))
    with pytest.raises(Unproven, match="no router took") as refused:
        await stand.publisher.publish(SIGNER.key, SITE)
    assert refused.value.reasons == {"a": "HTTP status 500"}
    assert (await stand.held.resolve(SIGNER.text)).pointer == SITE


async def test_what_nobody_gives_back_is_not_called_published(tmp_path: Path) -> None:
    class Forgetful(Router):
        def say(self, request: Request) -> object:
            if isinstance(request, IpnsPublication):
                return Answer(self.name, None)
            return super().say(request)

    stand = Stand(tmp_path, Forgetful("a"))
    with pytest.raises(Unproven, match="was taken by a, and nobody gives it back"):
        await stand.publisher.publish(SIGNER.key, SITE)


async def test_somebody_else_with_the_key_is_noticed(tmp_path: Path) -> None:
    class Overtaken(Router):
        def say(self, request: Request) -> object:
            if isinstance(request, IpnsPublication):
                self.has = SIGNER.record(99)
                return Answer(self.name, None)
            return super().say(request)

    stand = Stand(tmp_path, Overtaken("a"))
    with pytest.raises(Elsewhere, match="another record"):
        await stand.publisher.publish(SIGNER.key, SITE)


async def test_another_process_that_published_meanwhile_is_noticed(tmp_path: Path) -> None:
    router = Router("a")
    stand = Stand(tmp_path, router)
    held = HeldNames(tmp_path / "ipns", stand.clock)

    class Late(HeldNames):
        async def put(self, name: Cid, signed: bytes) -> bool:
            assert await held.put(SIGNER.name, SIGNER.record(99))
            return await super().put(name, signed)

    stand.publisher = IpnsPublisher(
        stand.names, Late(tmp_path / "ipns", stand.clock), stand.pool, clock=stand.clock
    )
    with pytest.raises(Elsewhere, match="another record"):
        await stand.publisher.publish(SIGNER.key, SITE)
    assert not router.taken


async def test_offline_it_is_kept_here_alone(tmp_path: Path) -> None:
    router = Router("a")
    stand = Stand(tmp_path, router, offline=True)
    done = await stand.publisher.publish(SIGNER.key, SITE)
    assert (done.taken_by, done.given_by, router.asked) == ((), (), [])
    assert (await stand.held.resolve(SIGNER.text)).pointer == SITE


@pytest.mark.parametrize(
    ("seconds", "ttl"), [(0, 0), (-1, 0), (400 * 86400, 1), (10, 11), (10, -1), (float("nan"), 1)]
)
async def test_times_that_are_none_are_refused(tmp_path: Path, seconds: float, ttl: float) -> None:
    router = Router("a")
    option = "--ttl" if seconds == 10 else "--hours"
    with pytest.raises(InvalidRequest) as refused:
        await Stand(tmp_path, router).publisher.publish(SIGNER.key, SITE, seconds=seconds, ttl=ttl)
    assert option in refused.value.advice
    assert router.asked == []


async def test_a_name_leads_to_no_other_network_and_not_to_itself(tmp_path: Path) -> None:
    publisher = Stand(tmp_path, offline=True).publisher
    for pointer in (Pointer("ar", "a" * 43), Pointer("web3", "app.eth")):
        with pytest.raises(InvalidRequest, match=f"and not to /{pointer.network}/"):
            await publisher.publish(SIGNER.key, pointer)
    for root in (SIGNER.text, str(SIGNER.name)):
        with pytest.raises(InvalidRequest, match="lead to itself"):
            await publisher.publish(SIGNER.key, Pointer("ipns", root, ("docs",)))
    another = Pointer("ipns", Signer(2).text)
    assert (await publisher.publish(SIGNER.key, another)).said.value == str(another)


async def test_after_the_last_sequence_number_there_is_none(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a", SIGNER.record((1 << 64) - 1)))
    with pytest.raises(InvalidRequest, match="last sequence number"):
        await stand.publisher.publish(SIGNER.key, SITE)


@pytest.mark.parametrize("record", [SIGNER.record(9, lasts=-1), SIGNER.record_of({"Sequence": 9})])
async def test_what_has_ended_or_cannot_be_read_is_followed_too(
    tmp_path: Path, record: bytes
) -> None:
    # Whoever saw number 9 takes no 0, so that the name would stay where it was for good.
    stand = Stand(tmp_path, Router("a", record))
    done = await stand.publisher.publish(SIGNER.key, SITE)
    assert done.said.sequence == 10


async def test_what_another_key_signed_is_not_followed(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Router("a", Signer(2).record(9, lasts=-1)), Router("b"))
    done = await stand.publisher.publish(SIGNER.key, SITE)
    assert done.said.sequence == 0


@pytest.mark.parametrize("now", [253402300799.0 - 10, 1e12, 1e300, -1e12])
async def test_a_clock_beyond_what_a_record_can_say_is_a_refusal(
    tmp_path: Path, now: float
) -> None:
    stand = Stand(tmp_path, Router("a"), offline=True)
    stand.clock.seconds = now
    with pytest.raises(InvalidRequest, match="beyond"):
        await stand.publisher.publish(SIGNER.key, SITE)
