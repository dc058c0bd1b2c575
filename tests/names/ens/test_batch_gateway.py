"""The batch gateway on this machine: who is asked what, and what becomes of failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from eth_abi.abi import decode, encode

from walkaway.errors import InvalidRequest, NoSuchName, ProofError, Unproven, WalkawayError
from walkaway.evm.offchain_lookup import OffchainLookup
from walkaway.evm.universal_resolver import BATCH_URL, ResolverFault
from walkaway.limits import LIMITS
from walkaway.names.dns.oracle import RESOLVE
from walkaway.names.ens.batch_gateway import QUERY, OwnGateway
from walkaway.sources.gateways import GatewayAnswer, PartAnswer

SENDER = b"\x0a" * 20
HOSTED = "https://batch.example/"

Request = tuple[bytes, list[str], bytes]


@dataclass
class Asked:
    """Gateways that say what they are told to, and note every lookup."""

    say: Callable[[OffchainLookup], bytes]
    lookups: list[OffchainLookup] = field(default_factory=list)
    refused: list[tuple[PartAnswer, ...]] = field(default_factory=list)

    async def fetch(
        self, lookup: OffchainLookup, refused: Sequence[PartAnswer] = ()
    ) -> GatewayAnswer:
        self.lookups.append(lookup)
        self.refused.append(tuple(refused))
        return GatewayAnswer(self.say(lookup), lookup.urls[0], lookup.urls)


@dataclass
class Walked:
    """A walk through the DNS that ends as it is told to."""

    end: bytes | WalkawayError
    asked: list[bytes] = field(default_factory=list)

    async def answer(self, call_data: bytes) -> bytes:
        self.asked.append(call_data)
        if isinstance(self.end, WalkawayError):
            raise self.end
        return self.end


def backwards(lookup: OffchainLookup) -> bytes:
    if lookup.call_data == b"fail":
        raise Unproven("no", reasons={lookup.urls[0]: "HTTP status 500"})
    return lookup.call_data[::-1]


def query(requests: Sequence[Request]) -> bytes:
    return QUERY + encode(["(address,string[],bytes)[]"], [requests])


def batch(*requests: Request, urls: tuple[str, ...] = (HOSTED, BATCH_URL)) -> OffchainLookup:
    return OffchainLookup(b"\xee" * 20, urls, query(requests), b"back", b"")


def answers(content: bytes) -> list[tuple[bool, bytes]]:
    failed, said = decode(["bool[]", "bytes[]"], content)
    return list(zip(failed, said, strict=True))


async def test_each_question_goes_to_its_own_gateways_and_none_to_the_batch_gateway() -> None:
    asked = Asked(backwards)
    lookup = batch((SENDER, ["https://one/"], b"abc"), (SENDER, ["https://two/"], b"xyz"))
    found = await OwnGateway(asked).fetch(lookup)
    assert answers(found.content) == [(False, b"cba"), (False, b"zyx")]
    assert [(each.urls, each.sender) for each in asked.lookups] == [
        (("https://one/",), SENDER),
        (("https://two/",), SENDER),
    ]
    assert (found.gateway, found.asked) == (
        "https://one/, https://two/",
        ("https://one/", "https://two/"),
    )
    assert [(part.question, part.gateway) for part in found.parts] == [
        (b"abc", "https://one/"),
        (b"xyz", "https://two/"),
    ]


async def test_a_question_that_fails_is_an_error_among_the_answers() -> None:
    lookup = batch((SENDER, ["https://one/"], b"fail"), (SENDER, ["https://two/"], b"xyz"))
    found = await OwnGateway(Asked(backwards)).fetch(lookup)
    (failed, error), good = answers(found.content)
    assert failed
    assert error[:4] == ResolverFault.HTTP_ERROR.value
    assert "HTTP status 500" in decode(["uint16", "string"], error[4:])[1]
    assert good == (False, b"zyx")
    assert "HTTP status 500" in found.parts[0].failure
    assert found.gateway == "https://two/"


async def test_a_batch_in_a_batch_is_taken_apart_too_so_deep_and_no_deeper() -> None:
    def nested(depth: int) -> Request:
        if depth == 0:
            return SENDER, ["https://one/"], b"abc"
        return SENDER, [BATCH_URL], query([nested(depth - 1)])

    def unwrapped(content: bytes, depth: int) -> tuple[bool, bytes]:
        ((failed, said),) = answers(content)
        return (failed, said) if failed or depth == 0 else unwrapped(said, depth - 1)

    deepest = LIMITS.ens_batch_depth - 1
    found = await OwnGateway(Asked(backwards)).fetch(batch(nested(deepest)))
    assert unwrapped(found.content, deepest) == (False, b"cba")
    assert [part.gateway for part in found.parts] == ["https://one/"]
    asked = Asked(backwards)
    deeper = await OwnGateway(asked).fetch(batch(nested(deepest + 1)))
    failed, error = unwrapped(deeper.content, deepest)
    assert failed
    assert b"too deep" in error
    assert asked.lookups == []


async def test_batches_in_a_batch_come_to_no_more_questions_than_one_may_have() -> None:
    half = LIMITS.ens_batch_requests // 2
    several: list[Request] = [(SENDER, ["https://one/"], b"abc")] * half
    asked = Asked(backwards)
    found = await OwnGateway(asked).fetch(
        batch((SENDER, [BATCH_URL], query(several)), (SENDER, [BATCH_URL], query(several)))
    )
    (one, _), (two, error) = answers(found.content)
    assert (one, two) == (False, True)
    assert b"too many questions" in error
    assert len(asked.lookups) == half


async def test_what_no_contract_lets_this_machine_answer_goes_to_its_gateways() -> None:
    asked = Asked(lambda lookup: b"theirs")
    hosted = batch((SENDER, ["https://one/"], b"abc"), urls=(HOSTED,))
    assert (await OwnGateway(asked).fetch(hosted)).content == b"theirs"
    other = OffchainLookup(SENDER, (BATCH_URL, HOSTED), b"something else", b"back", b"")
    assert (await OwnGateway(asked).fetch(other)).content == b"theirs"
    assert [lookup.urls for lookup in asked.lookups] == [(HOSTED,), (HOSTED,)]


@pytest.mark.parametrize(
    "call_data",
    [
        QUERY,
        QUERY + b"\xff" * 32,
        query([(SENDER, ["https://one/"], b"abc")])[:-32],
        query([(SENDER, ["https://one/"], b"")] * (LIMITS.ens_batch_requests + 1)),
        query([(SENDER, ["https://one/"] * (LIMITS.gateway_urls + 1), b"")]),
    ],
    ids=["nothing", "leads outside", "cut short", "too many", "too many gateways"],
)
async def test_a_batch_that_is_malformed_or_too_large_is_not_answered(call_data: bytes) -> None:
    lookup = OffchainLookup(SENDER, (BATCH_URL,), call_data, b"back", b"")
    asked = Asked(backwards)
    with pytest.raises(Unproven):
        await OwnGateway(asked).fetch(lookup)
    assert asked.lookups == []


def sharing(count: int, question: bytes) -> bytes:
    """Questions that are one and the same bytes, to which the offset of each leads."""
    one = encode(["(address,string[],bytes)"], [(SENDER, ["https://one/"], question)])[32:]
    words = [32, count, *[32 * count] * count]
    return QUERY + b"".join(word.to_bytes(32) for word in words) + one


async def test_questions_that_share_their_bytes_are_no_more_than_those_that_do_not() -> None:
    question = bytes(LIMITS.ens_batch_bytes // 8 - len("https://one/"))
    for count, sound in ((8, True), (9, False)):
        asked = Asked(backwards)
        lookup = OffchainLookup(SENDER, (BATCH_URL,), sharing(count, question), b"back", b"")
        if sound:
            found = await OwnGateway(asked).fetch(lookup)
            assert answers(found.content) == [(False, question)] * count
            continue
        with pytest.raises(Unproven, match="too large together"):
            await OwnGateway(asked).fetch(lookup)
        assert asked.lookups == []


async def test_batches_in_a_batch_come_to_no_more_bytes_than_one_may_have() -> None:
    inner: Request = (SENDER, [BATCH_URL], sharing(10, bytes(40_000)))
    asked = Asked(backwards)
    found = await OwnGateway(asked).fetch(batch(inner, inner))
    (one, _), (two, error) = answers(found.content)
    assert (one, two) == (False, True)
    assert b"too large together" in error
    assert len(asked.lookups) == 10


async def test_answers_are_so_large_together_and_no_larger() -> None:
    size = LIMITS.ens_batch_answer_bytes // 4
    lookup = batch(*[(SENDER, ["https://one/"], bytes([n])) for n in range(5)])
    found = await OwnGateway(Asked(lambda lookup: bytes(size))).fetch(lookup)
    assert [failed for failed, _ in answers(found.content)] == [False] * 4 + [True]
    assert "too large together" in found.parts[4].failure


def dns_lookup() -> OffchainLookup:
    call_data = RESOLVE + encode(["bytes", "uint16"], [b"\x03app\3xyz\0", 16])
    return OffchainLookup(SENDER, ("https://dnssec.example/",), call_data, b"back", b"")


async def test_the_dns_is_walked_from_here() -> None:
    asked, walked = Asked(backwards), Walked(b"signed records")
    found = await OwnGateway(asked, walked).fetch(dns_lookup())
    assert (found.content, found.gateway) == (b"signed records", "this machine (DNSSEC)")
    assert walked.asked == [dns_lookup().call_data]
    assert asked.lookups == []
    assert (await OwnGateway(asked).fetch(dns_lookup())).content == backwards(dns_lookup())


async def test_what_the_dns_does_not_prove_no_gateway_is_asked_for() -> None:
    asked = Asked(backwards)
    for end in (
        Unproven("bogus", reasons={"a resolver": "it lies"}),
        NoSuchName("gone", reasons={}),
        WalkawayError("else"),
    ):
        with pytest.raises(Unproven):
            await OwnGateway(asked, Walked(end)).fetch(dns_lookup())
    assert asked.lookups == []


@pytest.mark.parametrize("end", [InvalidRequest("no such question"), ProofError("no such name")])
async def test_a_question_that_only_looks_like_one_of_the_dns_goes_out(end: WalkawayError) -> None:
    asked = Asked(backwards)
    found = await OwnGateway(asked, Walked(end)).fetch(dns_lookup())
    assert found.gateway == "https://dnssec.example/"


async def test_nobody_is_asked_where_the_person_wants_it_so() -> None:
    with pytest.raises(Unproven, match="own setting"):
        await OwnGateway(None).fetch(dns_lookup())
    found = await OwnGateway(None).fetch(batch((SENDER, ["https://one/"], b"abc")))
    ((failed, error),) = answers(found.content)
    assert failed
    assert b"own setting" in error
    walked = Walked(b"signed records")
    with pytest.raises(Unproven, match="own setting"):
        await OwnGateway(None, walked).fetch(dns_lookup())
    assert walked.asked == []


async def test_what_was_refused_is_told_to_whoever_asks_the_gateways() -> None:
    asked = Asked(backwards)
    own = OwnGateway(asked, Walked(b"signed records"))
    dns = dns_lookup()
    lookup = batch((SENDER, ["https://one/"], b"abc"), (dns.sender, list(dns.urls), dns.call_data))
    first = await own.fetch(lookup)
    again = await own.fetch(lookup, first.parts)
    assert asked.refused == [(), first.parts]
    walked = again.parts[1]
    assert "did not accept what the DNS has signed" in walked.failure
    assert [lookup.urls for lookup in asked.lookups] == [("https://one/",)] * 2
