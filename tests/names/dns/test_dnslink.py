"""DNSLink over signed and unsigned zones: which link is taken, and how firmly it stands."""

from __future__ import annotations

import pytest

from tests.names.dns.world import CONTENT, OTHER, World, resolver, the_world
from tests.proofs.dnssec.signed_zone import TTL
from walkaway.errors import (
    InvalidRequest,
    NoSuchName,
    Unproven,
    UnsignedName,
    Unsupported,
)
from walkaway.names.dns.dnslink import DnsLinks, read_links
from walkaway.names.dns.lookup import DnsLookup
from walkaway.names.dns.verdict import Insecure, UnsignedRecords, Verdict
from walkaway.names.resolution import Standing
from walkaway.proofs.proven import Evidence
from walkaway.sources.word import Word


def links(world: World, *allowed: str) -> DnsLinks:
    return DnsLinks(world.lookup(), world.clock, allowed_unsigned=allowed)


def txt(*strings: bytes) -> bytes:
    """The data of a TXT record."""
    return b"".join(bytes([len(string)]) + string for string in strings)


async def test_a_signed_link_is_proven_down_from_the_roots_key() -> None:
    world = the_world()
    found = await links(world).resolve("Example.ORG.")
    assert str(found.pointer) == CONTENT
    assert found.standing is Standing.PROVEN
    assert found.seconds == TTL
    assert found.because is not None
    assert found.because.facts == (("name", "_dnslink.example.org"), ("pointer", CONTENT))
    assert [anchor.rule for anchor in found.because.anchors()] == ["DNS root key"]
    world.clock.seconds += 100
    assert (await links(world).resolve("example.org")).seconds == TTL


async def test_what_is_kept_ages() -> None:
    world = the_world()
    same = links(world)
    await same.resolve("example.org")
    world.clock.seconds += 100
    asked = len(world.asked)
    assert (await same.resolve("example.org")).seconds == TTL - 100
    assert len(world.asked) == asked


async def test_a_link_at_the_name_itself_counts_where_there_is_none_below() -> None:
    world = the_world()
    world.zone("example.org.").add("old.example.org.", "TXT", f'"dnslink={OTHER}"')
    found = await links(world).resolve("old.example.org")
    assert str(found.pointer) == OTHER
    world.zone("example.org.").add("_dnslink.old.example.org.", "TXT", f'"dnslink={CONTENT}"')
    assert str((await links(world).resolve("old.example.org")).pointer) == CONTENT


async def test_a_link_may_stand_at_an_alias_or_a_wildcard() -> None:
    world = the_world()
    zone = world.zone("example.org.")
    zone.add("_dnslink.www.example.org.", "CNAME", "_dnslink.deep.example.org.")
    found = await links(world).resolve("www.example.org")
    assert str(found.pointer) == OTHER
    assert found.because is not None
    assert len(found.because.because) == 2
    assert str((await links(world).resolve("any.wild.example.org")).pointer) == "/ipns/wild.example"


async def test_that_a_name_has_no_link_is_proven() -> None:
    for name in ("nothing.example.org", "nothing.org", "ns.example.org"):
        with pytest.raises(NoSuchName, match=f"proven that '{name}' has no DNSLink"):
            await links(the_world()).resolve(name)


async def test_an_unsigned_name_resolves_only_where_it_is_allowed() -> None:
    world = the_world()
    with pytest.raises(UnsignedName, match="is not signed") as raised:
        await links(world, "other.org").resolve("plain.org")
    assert 'unsigned_dns = ["plain.org"]' in raised.value.advice
    found = await links(world, "Plain.org.").resolve("plain.org")
    assert str(found.pointer) == CONTENT
    assert found.standing is Standing.WORD
    assert not found.proven
    assert found.seconds == TTL
    assert found.because is not None
    word = found.because.because[0]
    assert word.rule == "resolvers' word"
    assert dict(word.facts) == {"said by": "a, b", "of": 2}
    assert {anchor.rule for anchor in found.because.anchors()} == {"DNS root key", word.rule}


async def test_to_allow_a_name_takes_no_word_for_what_is_signed() -> None:
    world = the_world()
    found = await links(world, "example.org").resolve("example.org")
    assert found.standing is Standing.PROVEN
    with pytest.raises(Unproven, match="is not proven"):
        await links(world, "broken.org").resolve("broken.org")


async def test_that_an_unsigned_name_has_no_link_is_nobodys_proof() -> None:
    with pytest.raises(Unproven, match="is not signed, and has no DNSLink") as raised:
        await links(the_world(), "no.plain.org").resolve("no.plain.org")
    assert not isinstance(raised.value, UnsignedName), "which ENS would be asked for instead"
    assert raised.value.reasons == {"a": "says so", "b": "says so"}


async def test_resolvers_that_do_not_agree_are_not_taken_at_their_word() -> None:
    world, other = the_world(), the_world()
    other.zone("plain.org.").add("_dnslink.plain.org.", "TXT", f'"dnslink={OTHER}"')
    lookup = world.lookup(resolver("a", world.resolver), resolver("b", other.resolver))
    with pytest.raises(Unproven, match=r"plain\.org.*fewer than 2 operators") as raised:
        await DnsLinks(lookup, world.clock, allowed_unsigned=["plain.org"]).resolve("plain.org")
    assert CONTENT in raised.value.reasons["a"]
    assert OTHER in raised.value.reasons["b"]
    alone = DnsLinks(
        world.lookup(resolver("a", world.resolver)), world.clock, allowed_unsigned=["plain.org"]
    )
    assert (await alone.resolve("plain.org")).standing is Standing.WORD


@pytest.mark.parametrize(
    ("records", "pointer"),
    [
        ([txt(b"dnslink=" + CONTENT.encode())], CONTENT),
        ([txt(b"dnslink=/ipfs", CONTENT[5:].encode())], CONTENT),
        ([txt(b"dnslink=/ipns/b.example"), txt(b"dnslink=/ipns/a.example")], "/ipns/a.example"),
        ([txt(b"dnslink=/ipns/b"), txt(b"dnslink=" + CONTENT.encode())], CONTENT),
        ([txt(b"dnslink=/ipfs/nonsense"), txt(b"dnslink=/ipns/b/c")], "/ipns/b/c"),
        ([txt(b"dnslink=/swarm/a"), txt(b"dnslink=/ipns/b")], "/ipns/b"),
        ([txt(b"v=spf1 -all"), txt(b"DNSLINK=/ipns/b"), txt(b" dnslink=/ipns/b")], None),
        ([txt(b"dnslink=/ipns/\xff"), txt(b""), b""], None),
        ([txt(b"dnslink="), txt(b"dnslink=/"), txt(b"dnslink=b"), txt(b"dnslink=/ipns/")], None),
        ([txt(*([b"dnslink=/ipns/b" + b"/" * 240] * 9))], None),
    ],
)
def test_the_first_link_in_order_that_can_be_read_is_taken(
    records: list[bytes], pointer: str | None
) -> None:
    for order in (records, records[::-1]):
        found = read_links(order)
        assert (found and str(found)) == pointer


def test_links_to_unknown_networks_alone_are_told_of() -> None:
    with pytest.raises(Unsupported, match="'swarm'"):
        read_links([txt(b"dnslink=/swarm/a")])


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".org", "a." * 60 + "org", "\ud800.org"])
async def test_what_is_no_dns_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        await links(the_world()).resolve(name)


async def test_a_link_stands_on_what_says_that_the_first_place_holds_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = DnsLookup.answer

    async def answer(lookup: DnsLookup, name: str, rdtype: str) -> Verdict:
        if name.startswith("_dnslink."):
            word = Word(UnsignedRecords(()), ("a", "b"), ("a", "b"))
            return Insecure(word, "opt-out", (Evidence("opt-out"),), 1e12)
        return await asked(lookup, f"_dnslink.{name}", rdtype)

    monkeypatch.setattr(DnsLookup, "answer", answer)
    found = await links(the_world(), "example.org").resolve("example.org")
    assert found.standing is Standing.WORD
    assert found.because is not None
    assert "resolvers' word" in {step.rule for step in found.because.because}
