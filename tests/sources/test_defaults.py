"""The default lists: enough independent operators, and every fact with where it was read."""

from __future__ import annotations

import math
import re
from collections import Counter
from urllib.parse import urlsplit

import pytest

from walkaway.errors import ConfigError
from walkaway.sources.defaults import (
    CHAIN_KINDS,
    CONTENT_KINDS,
    KINDS,
    NAME_KINDS,
    ListedSource,
    arweave_sources,
    content_sources,
    default_networks,
    default_sources,
    dns_sources,
    read_source,
)

NETWORKS = ("hoodi", "mainnet", "sepolia")
ENTRY = {
    "name": "mine",
    "operator": "me",
    "kinds": ["execution"],
    "url": "https://node.example/abc",
}


def entropy(text: str) -> float:
    """Bits a character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def holds_key(url: str) -> bool:
    """Whether a part of the URL looks like an access key."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        return True
    return any(
        len(piece) >= 16 and (entropy(piece) > 3.2 or re.fullmatch("[0-9a-f-]+", piece))
        for piece in parts.path.split("/")
    )


def test_every_issue_network_has_a_list() -> None:
    assert default_networks() == NETWORKS


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kind", sorted(CHAIN_KINDS - {"blobs"}))
def test_three_independent_operators_of_each_kind(network: str, kind: str) -> None:
    operators = {s.operator for s in default_sources(network) if kind in s.kinds}
    assert len(operators) >= 3, operators


def test_blobs_are_asked_of_somebody_where_ethstorage_has_a_contract() -> None:
    asked = {
        network: [source.operator for source in default_sources(network) if "blobs" in source.kinds]
        for network in NETWORKS
    }
    assert asked == {"hoodi": [], "mainnet": ["EthStorage"], "sepolia": ["EthStorage"]}


@pytest.mark.parametrize(("kind", "enough"), [("content", 4), ("routing", 2)])
def test_content_has_independent_operators_and_no_other_kind(kind: str, enough: int) -> None:
    sources = content_sources()
    assert len({s.operator for s in sources if kind in s.kinds}) >= enough
    assert {kind for source in sources for kind in source.kinds} == {"content", "routing"}


def test_resolvers_are_of_many_operators_and_of_no_other_kind() -> None:
    sources = dns_sources()
    assert len({s.operator for s in sources}) == len(sources) >= 5
    assert all(s.kinds == ("dns",) for s in sources)


def test_arns_has_independent_operators_so_that_some_can_disagree() -> None:
    sources = arweave_sources()
    assert len({source.operator for source in sources}) == len(sources) >= 3
    assert {kind for source in sources for kind in source.kinds} == {"arweave"}


def test_every_kind_is_of_the_chain_or_of_content_or_of_names() -> None:
    assert set(KINDS) == CHAIN_KINDS | CONTENT_KINDS | NAME_KINDS
    assert len(KINDS) == len(CHAIN_KINDS) + len(CONTENT_KINDS) + len(NAME_KINDS)


@pytest.mark.parametrize(
    "sources",
    [*map(default_sources, NETWORKS), content_sources(), dns_sources(), arweave_sources()],
)
def test_every_entry_is_complete_and_keyless(sources: tuple[ListedSource, ...]) -> None:
    for source in sources:
        encrypted = ("https", "tls") if source.kinds == ("dns",) else ("https",)
        assert urlsplit(source.url).scheme in encrypted, source.name
        assert not holds_key(source.url), source.name
        assert re.search(r", 20\d\d-(0[1-9]|1[0-2])$", source.read_at), source.name
        assert source.url not in repr(source)
    names = [s.name for s in sources]
    assert len(set(names)) == len(names)
    assert len({s.url for s in sources}) == len(sources)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@node.example",
        "https://node.example/v2/WddzdzI2o9S3COdT73d5w6AIogbKq4X-",
        "https://node.example/v3/9aa3d95b3bc440fa88ea12eaa4456161",
        "https://node.example/?apikey=1",
    ],
)
def test_the_key_check_sees_keys(url: str) -> None:
    assert holds_key(url)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colour": "red"}, "unknown fields: colour"),
        ({"kinds": ["archive"]}, "kinds is a list of"),
        ({"kinds": []}, "kinds is a list of"),
        ({"kinds": "execution"}, "kinds is a list of"),
        ({"name": 3}, "a source: name is missing"),
        ({"operator": " "}, "operator is missing"),
        ({"read_at": 2026}, "read_at is missing"),
        ({"url": "file:///home/topsecret.car"}, "not an http or https address$"),
        ({"url": "file:", "kinds": ["content"]}, "nor a file:/// address of a CAR file"),
        ({"url": "file://topsecret/a.car", "kinds": ["content"]}, "nor a file:///"),
        ({"url": "file:///a.car", "kinds": ["content", "kubo"]}, "not an http or https address"),
        ({"url": "tls://resolver.example"}, "not an http or https address$"),
        ({"url": "tls://topsecret@r.example", "kinds": ["dns"]}, "nor one of a resolver"),
        ({"url": "udp://r.example/topsecret", "kinds": ["dns"]}, "nor one of a resolver"),
        ({"url": "dns://r.example", "kinds": ["dns", "beacon"]}, "not an http or https address$"),
        ({"url": "ftp://node.example"}, "not an http or https address"),
        ({"url": "https://node.example:99999/topsecret"}, "not an http or https address"),
        ({"url": "https://[topsecret"}, "not an http or https address"),
        ({"url": "https:///topsecret"}, "not an http or https address"),
    ],
)
def test_a_bad_entry_is_refused_without_repeating_its_url(
    change: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        read_source({**ENTRY, **change}, where="walkaway.toml")
    assert "topsecret" not in str(raised.value)


def test_an_archive_is_a_source_of_content() -> None:
    url = "file:///home/me/site.car"
    entry = {**ENTRY, "kinds": ["content"], "url": url}
    assert read_source(entry, where="walkaway.toml").url == url


@pytest.mark.parametrize(
    "url", ["https://r.example/dns-query", "tls://r.example", "dns://[::1]:5300", "udp://192.0.2.1"]
)
def test_a_resolver_is_reached_in_four_ways(url: str) -> None:
    entry = {**ENTRY, "kinds": ["dns"], "url": url}
    assert read_source(entry, where="walkaway.toml").url == url


def test_an_entry_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="a source is a table"):
        read_source("https://node.example", where="walkaway.toml")


def test_an_unknown_network_names_the_known_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        default_sources("../mainnet")
    assert "mainnet" in raised.value.advice
