"""What routers say of who has a block: read leniently, bounded, and believed in nothing."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import SourceFault
from walkaway.limits import LIMITS
from walkaway.sources.multiaddr import HttpAddress
from walkaway.sources.provider_records import Provider, ProviderRecords, read_providers
from walkaway.sources.request import Answer

HTTP = "/dns4/a.example/tcp/443/https"


def said(body: object) -> ProviderRecords:
    return read_providers(Answer("router", body))


def record(peer: str, *addresses: object, **more: object) -> dict[str, object]:
    return {"Schema": "peer", "ID": peer, "Addrs": list(addresses)} | more


def test_those_over_http_are_told_from_the_others() -> None:
    others = record("bitswap", "/ip4/192.0.2.1/tcp/4001"), record("bare")
    body = {"Providers": [record("web", "/ip4/192.0.2.1/tcp/4001", HTTP, HTTP), *others]}
    web = Provider("web", (HttpAddress("https://a.example:443"),))
    assert said(body) == ProviderRecords((web,), others=2)


@pytest.mark.parametrize("body", [{}, {"Providers": []}, {"Providers": None}])
def test_nobody_is_an_answer(body: object) -> None:
    assert said(body) == ProviderRecords((), 0)


@pytest.mark.parametrize("body", [None, [], "none", {"Providers": {}}, {"Providers": "none"}])
def test_what_is_no_list_is_a_fault(body: object) -> None:
    with pytest.raises(SourceFault, match="no list of providers"):
        said(body)


@pytest.mark.parametrize(
    "strange",
    [
        None,
        [],
        {},
        {"ID": 7, "Addrs": [HTTP]},
        {"ID": "", "Addrs": [HTTP]},
        {"ID": "a", "Addrs": HTTP},
        {"ID": "a", "Addrs": [7, None]},
    ],
)
def test_a_strange_record_counts_among_the_others(strange: object) -> None:
    assert said({"Providers": [strange]}) == ProviderRecords((), 1)


def test_they_are_bounded_and_named_once() -> None:
    many = [record(f"peer {n}", HTTP) for n in range(LIMITS.provider_records + 5)]
    assert len(said({"Providers": many}).http) == LIMITS.provider_records
    assert len(said({"Providers": [record("a", HTTP)] * 5}).http) == 1
    other = "/dns4/b.example/tcp/443/https"
    (twice,) = said({"Providers": [record("a", HTTP), record("a", other, HTTP)]}).http
    assert [address.url for address in twice.addresses] == [
        "https://a.example:443",
        "https://b.example:443",
    ]
    beyond = ["/ip4/192.0.2.1/tcp/4001"] * LIMITS.provider_addresses
    assert said({"Providers": [record("a", *beyond, HTTP)]}).others == 1


def test_an_id_is_fit_to_show() -> None:
    (provider,) = said({"Providers": [record("a\nb" + "c" * 500, HTTP)]}).http
    assert "\n" not in provider.peer
    assert len(provider.peer) <= 80


TREES = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.just(HTTP),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["Providers", "ID", "Addrs", "Schema"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(body=TREES)
def test_whatever_a_router_says_is_read_or_a_fault(body: object) -> None:
    with suppress(SourceFault):
        said(body)
