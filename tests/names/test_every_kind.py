"""Whose business a name is: by its form alone, and ENS after the DNS only where that is proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from walkaway.chain.clock import FixedClock
from walkaway.errors import (
    ConfigError,
    InvalidRequest,
    NoSuchName,
    ProofError,
    Unproven,
    UnsignedName,
    Unsupported,
)
from walkaway.names.every_kind import NamesOfEveryKind
from walkaway.names.held import HeldNames
from walkaway.names.late import LateNames
from walkaway.names.pointer import parse_pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

ROOT = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
KEY = name_text(name_of_key(SigningKey(bytes(32)).public_key))


class Asked:
    """A resolver that leads every name to one place, or fails, and notes what it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.names: list[str] = []

    async def resolve(self, name: str) -> Resolution:
        self.names.append(name)
        if self.error is not None:
            raise self.error
        return Resolution(parse_pointer(f"/ipfs/{ROOT}"), 5.0, Standing.PROVEN)


class Kinds:
    """Names of every kind, over resolvers that note what they are asked."""

    def __init__(self, folder: Path, dns: Exception | None = None, ens: Exception | None = None):
        own = {"own.eth": f"/ipfs/{ROOT}/own", "own.example.": f"/ipfs/{ROOT}/own"}
        held = HeldNames(folder, FixedClock(0), dnslinks=own)
        self.keys, self.ens, self.dns, self.arns = Asked(), Asked(ens), Asked(dns), Asked()
        self.contracts = Asked()
        self.names = NamesOfEveryKind(
            held, self.keys, self.ens, self.contracts, self.dns, self.arns
        )

    @property
    def asked(self) -> dict[str, list[str]]:
        """What each was asked, of those who were."""
        of = {
            "keys": self.keys,
            "ens": self.ens,
            "contracts": self.contracts,
            "dns": self.dns,
            "arns": self.arns,
        }
        return {kind: asked.names for kind, asked in of.items() if asked.names}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (KEY, "keys"),
        ("app.eth", "ens"),
        ("sub.app.eth", "ens"),
        ("app.eth:1", "contracts"),
        ("my.app.eth:1337", "contracts"),
        ("example.org", "dns"),
        ("eth.example.org", "dns"),
        ("ar://ardrive", "arns"),
        ("AR://dapp_ardrive", "arns"),
    ],
)
async def test_each_kind_is_asked_of_its_own(tmp_path: Path, name: str, kind: str) -> None:
    kinds = Kinds(tmp_path)
    assert (await kinds.names.resolve(name)).proven
    assert kinds.asked == {kind: [name.rpartition("/")[2]]}


@pytest.mark.parametrize("name", ["ardrive", "printer", "localhost", "foo.", "0x0000"])
async def test_one_word_is_told_to_nobody(tmp_path: Path, name: str) -> None:
    kinds = Kinds(tmp_path)
    with pytest.raises(Unsupported, match="which nobody is asked about") as refused:
        await kinds.names.resolve(name)
    assert refused.value.advice == f"a name of ArNS is written ar://{name.removesuffix('.')}"
    assert kinds.asked == {}


@pytest.mark.parametrize("name", ["own.eth", "OWN.example"])
async def test_the_person_is_asked_first_and_nobody_after(tmp_path: Path, name: str) -> None:
    kinds = Kinds(tmp_path)
    resolution = await kinds.names.resolve(name)
    assert (resolution.standing, resolution.pointer.path) == (Standing.OWN, ("own",))
    assert kinds.asked == {}


@pytest.mark.parametrize("name", ["", ".", "a..eth", ".eth", "a/b.eth", "a.b/c"])
async def test_what_is_no_name_is_asked_of_nobody(tmp_path: Path, name: str) -> None:
    kinds = Kinds(tmp_path)
    with pytest.raises((InvalidRequest, Unsupported), match="no name"):
        await kinds.names.resolve(name)
    assert kinds.asked == {}


@pytest.mark.parametrize(
    "host",
    [
        "1.2.3.4",
        "localhost:8080",
        "app-eth.localhost:8080",
        "site.example:80",
        "app.eth:",
        "app.eth:0",
        "app.eth:1:2",
        "app.eth:1/a",
        "web3://app.eth:1",
        "0x4e1f41613c9084fdb9e34e11fae9412427480e56:1",
        f"{KEY}:1",
    ],
)
async def test_an_address_of_a_host_is_told_to_nobody(tmp_path: Path, host: str) -> None:
    kinds = Kinds(tmp_path)
    with pytest.raises(Unsupported, match="no name of a kind"):
        await kinds.names.resolve(host)
    assert kinds.asked == {}


@pytest.mark.parametrize("without", [NoSuchName, UnsignedName])
async def test_a_dns_name_without_dnslink_is_one_of_ens(
    tmp_path: Path, without: type[Unproven]
) -> None:
    kinds = Kinds(tmp_path, dns=without("no DNSLink", reasons={"DNS": "proven absent"}))
    assert (await kinds.names.resolve("example.org")).proven
    assert kinds.asked == {"dns": ["example.org"], "ens": ["example.org"]}


@pytest.mark.parametrize("failed", [Unproven("bogus", reasons={}), ProofError("no")])
async def test_a_dns_name_that_is_not_proven_is_not_asked_of_ens(
    tmp_path: Path, failed: Exception
) -> None:
    kinds = Kinds(tmp_path, dns=failed)
    with pytest.raises(type(failed)):
        await kinds.names.resolve("example.org")
    assert kinds.asked == {"dns": ["example.org"]}


async def test_where_ens_has_nothing_either_both_are_told(tmp_path: Path) -> None:
    unsigned = UnsignedName("not signed", reasons={"DNS": "example.org is unsigned"}, advice="do")
    for error in (Unproven("x", reasons={"ENS": "no resolver"}), ProofError("no resolver")):
        kinds = Kinds(tmp_path, dns=unsigned, ens=error)
        with pytest.raises(UnsignedName) as refused:
            await kinds.names.resolve("example.org")
        assert refused.value.reasons == {"DNS": "example.org is unsigned", "ENS": "no resolver"}
        assert (refused.value.summary, refused.value.advice) == ("not signed", "do")


async def test_a_resolver_that_comes_later_is_told_of_until_then() -> None:
    late = LateNames("the chain", "it is not followed yet", advice="wait for it")
    with pytest.raises(Unproven) as refused:
        await late.resolve("app.eth")
    assert refused.value.reasons == {"the chain": "it is not followed yet"}
    assert refused.value.advice == "wait for it"
    first, second = Asked(), Asked()
    with late.led_by(first):
        await late.resolve("app.eth")
        with late.led_by(second):
            await late.resolve("b.eth")
        await late.resolve("c.eth")
    assert (first.names, second.names) == (["app.eth", "c.eth"], ["b.eth"])
    with pytest.raises(Unproven):
        await late.resolve("app.eth")


async def test_ens_is_asked_for_labels_as_people_write_them(tmp_path: Path) -> None:
    kinds = Kinds(tmp_path)
    for name in ("xn--d1abbgf6aiiy.eth", "XN--d1abbgf6aiiy.eth.", "\uff41pp.\uff45\uff54\uff48"):
        await kinds.names.resolve(name)
    assert (
        kinds.asked["ens"][:2] == ["\u043f\u0440\u0435\u0437\u0438\u0434\u0435\u043d\u0442.eth"] * 2
    )
    assert kinds.asked["ens"][2:] == ["app.eth"]
    for name in ("xn--\ud800.eth", "xn--9.eth", "xn--app-.eth"):
        with pytest.raises(InvalidRequest):
            await kinds.names.resolve(name)
    assert list(kinds.asked) == ["ens"]


async def test_the_persons_own_names_are_found_by_any_spelling(tmp_path: Path) -> None:
    settings = {"\u03beapp.eth": f"/ipfs/{ROOT}", "b\u00fccher.example": f"/ipfs/{ROOT}"}
    held = HeldNames(tmp_path, FixedClock(0), dnslinks=settings)
    for name in (
        "\u03beapp.eth",
        "xn--app-4yc.eth",
        "xn--bcher-kva.example",
        "B\u00dcCHER.example.",
    ):
        assert held.own(name) is not None, name
    with pytest.raises(ConfigError, match="stands for nothing"):
        HeldNames(tmp_path, FixedClock(0), dnslinks={"xn--app-.eth": f"/ipfs/{ROOT}"})
