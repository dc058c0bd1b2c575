"""The default lists: enough independent operators, and every fact with where it was read."""

from __future__ import annotations

import math
import re
from collections import Counter
from urllib.parse import urlsplit

import pytest

from walkaway.errors import ConfigError
from walkaway.sources.defaults import KINDS, default_networks, default_sources, read_source

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
@pytest.mark.parametrize("kind", KINDS)
def test_three_independent_operators_of_each_kind(network: str, kind: str) -> None:
    operators = {s.operator for s in default_sources(network) if kind in s.kinds}
    assert len(operators) >= 3, operators


@pytest.mark.parametrize("network", NETWORKS)
def test_every_entry_is_complete_and_keyless(network: str) -> None:
    sources = default_sources(network)
    for source in sources:
        assert urlsplit(source.url).scheme == "https", source.name
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


def test_an_entry_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="a source is a table"):
        read_source("https://node.example", where="walkaway.toml")


def test_an_unknown_network_names_the_known_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        default_sources("../mainnet")
    assert "mainnet" in raised.value.advice
