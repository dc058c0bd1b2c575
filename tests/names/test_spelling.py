"""One form of each name, wherever it was typed or sent; what stands for nothing is refused."""

from __future__ import annotations

import pytest

from walkaway.errors import InvalidRequest, Unsupported
from walkaway.names.spelling import canonical, family
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.libp2p_keys import SigningKey
from walkaway.proofs.ipfs.multibase import BASE58BTC

KEY = name_of_key(SigningKey(bytes(32)).public_key)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("spellings", "form"),
    [
        (("App.ETH.", "\uff21pp.eth", "a\xadpp.eth", "app\u3002eth"), "app.eth"),
        (("app.\uff45\uff54\uff48", "\uff41pp.E\uff34H."), "app.eth"),
        (("\u03beapp.eth", "\u039eapp.eth", "xn--app-4yc.eth", "XN--App-4YC.eth"), "\u03beapp.eth"),
        (("\u2764\ufe0f.eth", "xn--qei.eth"), "\u2764.eth"),
        ((f"{FAMILY}.eth", f"xn--{FAMILY.encode('punycode').decode()}.eth"), f"{FAMILY}.eth"),
        (("\u03beapp.\uff45\uff54\uff48",), "\u03beapp.eth"),
        # ENSIP-15 knows no sigma of its own for the end of a word.
        (("\u039d\u0394\u03a3-1.eth",), "\u03bd\u03b4\u03c3-1.eth"),
        (("b\u00fccher.example", "B\u00dcCHER.example."), "xn--bcher-kva.example"),
        (("XN--bcher-kva.example",), "xn--bcher-kva.example"),
        (("Example.ORG", "example.org."), "example.org"),
        ((name_text(KEY), name_text(KEY).upper(), BASE58BTC.encode(KEY.multihash)), name_text(KEY)),
        (("Word",), "word"),
        (("App.ETH:1", "app.eth.:1", "\uff21pp.\uff45th:01", "app\u3002eth:1"), "app.eth:1"),
        (("\u039eapp.eth:10", "xn--app-4yc.eth:0010"), "\u03beapp.eth:10"),
        (("LocalHost:8080",), "localhost:8080"),
        (("Site.Example:080",), "site.example:080"),
    ],
)  # fmt: skip
def test_every_spelling_is_one_name(spellings: tuple[str, ...], form: str) -> None:
    assert {canonical(spelling) for spelling in spellings} == {form}
    assert canonical(form) == form


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("xn--app-.eth", "stands for nothing"),
        ("xn--.eth", "stands for nothing"),
        ("sub.xn--9.eth", "stands for nothing"),
        ("xn--\ud800.eth", "no text"),
        ("xn--app--4yc.eth", "no name of ENS"),
        ("xn--pp-bz3n.eth", "written otherwise"),
        ("\ud800.eth", "no text"),
        ("\ud800.example", "no text"),
        ("a..eth", "before or between dots"),
        (".", "before or between dots"),
        ("x" * 2000, "over 1024 bytes"),
        ("x" * 2000 + ".eth:1", "over 1024 bytes"),
        ("a..eth:1", "before or between dots"),
        ("xn--app-.eth:1", "stands for nothing"),
        ("app.eth\uff1a1", "no DNS name"),
    ],
)
def test_what_is_no_name_is_refused(name: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        canonical(name)


def test_names_that_nobody_else_is_asked_for() -> None:
    with pytest.raises(Unsupported):
        canonical("b\u00fccher.local")


def test_whose_names_a_name_is_among() -> None:
    assert {family(name) for name in ("app.eth", "a.app.eth", "b.c.app.eth")} == {"app.eth"}
    assert family("eth") == family(name_text(KEY)) == ""


def test_the_contracts_of_a_name_are_no_family_of_their_own() -> None:
    assert {family(name) for name in ("app.eth:1", "a.app.eth:10", "app.eth")} == {"app.eth"}
    assert family("ar://ardrive") == family("localhost:8080") == ""
