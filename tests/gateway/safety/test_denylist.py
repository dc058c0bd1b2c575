"""Denylists: the format's rules, last one first, and a file that changes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from walkaway.errors import ConfigError
from walkaway.gateway.safety.denylist import Denylist, Rules, parse_denylist
from walkaway.limits import Limits
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.libp2p_keys import SigningKey
from walkaway.proofs.ipfs.multibase import BASE36, BASE58BTC

CID = Cid.of(codecs.DAG_PB, b"denied")
QM = str(Cid(0, codecs.DAG_PB, CID.multihash))
RAW = str(Cid(1, codecs.RAW, CID.multihash))
OTHER = str(Cid.of(codecs.RAW, b"allowed"))
KEY = name_of_key(SigningKey(bytes(32)).public_key)


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def double_hash(text: str) -> str:
    return "//" + BASE58BTC.encode(b"\x12\x20" + sha256(text))


def listed(*lines: str) -> Rules:
    rules = parse_denylist("\n".join(lines).encode())
    assert rules.refused == 0
    return rules


def denied(rules: Rules, path: str) -> bool:
    _, namespace, root, *below = path.split("/")
    return rules.status(namespace, root, below) is not None


def test_a_cid_is_denied_by_its_multihash_and_not_what_is_below() -> None:
    rules = listed(f"/ipfs/{CID}")
    for root in (str(CID), QM, RAW, CID.text(BASE36)):
        assert denied(rules, f"/ipfs/{root}")
        assert denied(rules, f"/ipfs/{root}/")
        assert not denied(rules, f"/ipfs/{root}/below")
    assert rules.status_of_block(Cid.parse(RAW)) == 410
    assert rules.status_of_block(Cid.parse(OTHER)) is None
    assert not denied(rules, f"/ipns/{OTHER}")


@pytest.mark.parametrize("root", [str(CID), QM, BASE58BTC.encode(CID.multihash)])
def test_a_rule_names_a_root_in_any_form(root: str) -> None:
    assert denied(listed(f"/ipfs/{root}/a"), f"/ipfs/{RAW}/a")


@pytest.mark.parametrize(
    ("rule", "path", "is_denied"),
    [
        ("/a", "/a", True),
        ("/a", "/a/", True),
        ("/a/", "/a", True),
        ("/a", "/a/b", False),
        ("/a", "/ab", False),
        ("/a%20b", "/a b", True),
        ("/*", "", True),
        ("/*", "/any/thing", True),
        ("/ab*", "/abc", True),
        ("/ab*", "/ab/c", True),
        ("/ab*", "/a", False),
        ("/ab/*", "/ab", True),
        ("/ab/*", "/ab/c/d", True),
    ],
)
def test_paths_and_their_beginnings(rule: str, path: str, is_denied: bool) -> None:
    assert denied(listed(f"/ipfs/{QM}{rule}"), f"/ipfs/{CID}{path}") is is_denied


def test_the_last_rule_that_matches_stands() -> None:
    rules = listed(
        f"/ipfs/{QM}/blocked*",
        f"!/ipfs/{QM}/blocked/not",
        f"!/ipfs/{CID}/blocked/exceptions*",
        "!/ipns/example.org",
        "/ipns/example.org",
    )
    assert denied(rules, f"/ipfs/{CID}/blocked")
    assert denied(rules, f"/ipfs/{CID}/blocked/any")
    assert not denied(rules, f"/ipfs/{CID}/blocked/not")
    assert not denied(rules, f"/ipfs/{CID}/blocked/exceptions2/x")
    assert denied(rules, "/ipns/example.org")


def test_a_name_is_denied_with_all_below_it() -> None:
    rules = listed("/ipns/Example.org", "/ipns/second.example/path", f"/ipns/{name_text(KEY)}")
    assert denied(rules, "/ipns/example.org/any/thing")
    assert not denied(rules, "/ipns/www.example.org")
    assert denied(rules, "/ipns/second.example/path")
    assert not denied(rules, "/ipns/second.example")
    for root in (name_text(KEY), str(KEY), BASE58BTC.encode(KEY.multihash)):
        assert denied(rules, f"/ipns/{root}")
        assert denied(rules, f"/ipns/{root}/below")


def test_double_hashed_rules_of_the_newer_form() -> None:
    rules = listed(
        double_hash(QM), double_hash(f"{QM}/some/path"), double_hash("/ipns/example.org")
    )
    for root in (str(CID), QM, RAW):
        assert denied(rules, f"/ipfs/{root}")
        assert denied(rules, f"/ipfs/{root}/some/path/")
        assert not denied(rules, f"/ipfs/{root}/some")
    assert denied(rules, "/ipns/example.org/below")
    assert not denied(rules, "/ipns/example.com")


def test_double_hashed_rules_of_the_older_form() -> None:
    rules = listed(
        "//" + sha256(f"{CID}/").hex(),
        "//" + sha256(f"{CID}/path").hex(),
        "//" + sha256("example.org/").hex(),
        "//" + sha256(f"{KEY}/").hex(),
    )
    assert denied(rules, f"/ipfs/{CID}")
    assert denied(rules, f"/ipfs/{QM}")
    assert denied(rules, f"/ipfs/{CID}/path")
    assert not denied(rules, f"/ipfs/{CID}/path2")
    assert not denied(rules, f"/ipfs/{RAW}")
    assert denied(rules, "/ipns/example.org")
    assert denied(rules, f"/ipns/{name_text(KEY)}")
    assert denied(rules, f"/ipns/{BASE58BTC.encode(KEY.multihash)}")


def test_of_double_hashed_rules_too_the_last_one_stands() -> None:
    rules = listed(double_hash(QM), f"!{double_hash(QM)}")
    assert not denied(rules, f"/ipfs/{CID}")
    rules = listed(f"!{double_hash(QM)}", double_hash(QM))
    assert denied(rules, f"/ipfs/{CID}")
    rules = listed(double_hash(QM), f"!/ipfs/{CID}")
    assert not denied(rules, f"/ipfs/{CID}")


def test_hexadecimal_digits_that_base58_has_as_well_are_read() -> None:
    text = next(
        text for text in (sha256(str(count)).hex() for count in range(10_000)) if "0" not in text
    )
    digest = b"\x12\x20" + bytes.fromhex(text)
    assert parse_denylist(f"//{text}".encode()).hashed.keys() == {digest}


def test_the_formats_own_example_is_denied() -> None:
    rules = listed("//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM")
    assert denied(rules, "/ipfs/bafybeidjwik6im54nrpfg7osdvmx7zojl5oaxqel5cmsz46iuelwf5acja")
    assert denied(rules, "/ipfs/QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR")


def test_the_header_and_the_hints_say_how_to_answer() -> None:
    rules = listed(
        "version: 1",
        "name: A list",
        "hints:",
        "  gateway_status: 451",
        "---",
        "# why",
        f"/ipfs/{CID}",
        f"/ipfs/{CID}/a gateway_status:410 other:x",
    )
    assert rules.status("ipfs", str(CID)) == 451
    assert rules.status("ipfs", str(CID), ["a"]) == 410
    assert listed(f"/ipfs/{CID} status:451").status("ipfs", str(CID)) == 451
    assert listed(f"/ipfs/{CID} status:200").status("ipfs", str(CID)) == 410


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "/ipfs/",
        "/ipfs/nothing",
        "/ipns/",
        "/ipns/*",
        "/other/x",
        "//",
        "//0",
        f"/ipfs/{CID} hint",
        # BLAKE3, which is not computed here
        "//gW813G35CnLsy7gRYYHuf63hrz71U1xoLFDVeV7actx6oX",
    ],
)
def test_a_rule_that_cannot_be_read_is_counted_and_the_others_stand(line: str) -> None:
    rules = parse_denylist(f"{line}\n/ipfs/{CID}\n".encode())
    assert rules.refused == 1
    assert denied(rules, f"/ipfs/{CID}")


def test_limits() -> None:
    line = f"/ipfs/{CID}\n".encode()
    with pytest.raises(ConfigError, match="over"):
        parse_denylist(line, Limits(denylist_bytes=len(line) - 1))
    assert parse_denylist(line, Limits(denylist_line_bytes=len(line) - 2)).refused == 1
    header = b"name: x\n---\n" + line
    assert parse_denylist(header).refused == 0
    # Of a header that is too long each line is taken for a rule.
    assert parse_denylist(header, Limits(denylist_header_bytes=5)).refused == 2


@pytest.mark.parametrize("header", [b"version: 2\n---\n", b"name: \xff\n---\n"])
def test_a_header_that_is_not_understood_is_refused(header: bytes) -> None:
    with pytest.raises(ConfigError):
        parse_denylist(header)


@given(st.binary(max_size=300))
@example(b"\x1c")
def test_any_bytes_are_rules_or_refused(data: bytes) -> None:
    try:
        rules = parse_denylist(data)
    except ConfigError:
        return
    assert rules.status("ipfs", str(CID)) in (None, 410, 451)


def test_a_file_is_read_again_once_it_has_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "own.deny"
    path.write_text("")
    denylist = Denylist(path)
    denylist.load()
    assert denylist.is_empty
    assert not denylist.refresh()
    with path.open("a") as file:
        file.write(f"/ipfs/{CID}\nnonsense\n")
    with caplog.at_level(logging.WARNING):
        assert denylist.refresh()
    assert "1 rules" in caplog.text
    assert denylist.status("ipfs", str(CID)) == 410
    assert denylist.status_of_block(CID) == 410
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        denylist.refresh()
    assert denylist.status("ipfs", str(CID)) == 410


async def test_a_watched_file_takes_effect_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "own.deny"
    path.write_text("")
    denylist = Denylist(path)
    denylist.load()
    watching = asyncio.create_task(denylist.watch(0.001))
    try:
        path.unlink()
        await asyncio.sleep(0.01)
        path.write_text(f"/ipfs/{CID}\n")
        async with asyncio.timeout(30):
            while denylist.is_empty:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    finally:
        watching.cancel()


async def test_without_a_file_nothing_is_denied(tmp_path: Path) -> None:
    denylist = Denylist(None)
    denylist.load()
    assert denylist.is_empty
    assert not denylist.refresh()
    await denylist.watch()
    assert denylist.status("ipfs", str(CID)) is None
    with pytest.raises(ConfigError, match="cannot be read"):
        Denylist(tmp_path / "absent.deny").load()


@pytest.mark.parametrize(
    ("listed_as", "asked"),
    [
        ("example.org", "example\u3002org"),
        ("example.org", "\uff45xample.org"),
        ("example.org", "EXAMPLE.org."),
        ("b\u00fccher.org", "xn--bcher-kva.org"),
        ("xn--bcher-kva.org", "b\u00fccher.org"),
    ],
)
def test_a_name_is_denied_however_it_is_spelled(listed_as: str, asked: str) -> None:
    assert denied(listed(f"/ipns/{listed_as}"), f"/ipns/{asked}")
    assert denied(listed(double_hash("/ipns/example.org")), "/ipns/example\uff0eorg")
    assert not denied(listed(f"/ipns/{listed_as}"), "/ipns/other.org")


def test_what_is_no_name_is_denied_as_it_is_written() -> None:
    assert denied(listed("/ipns/a..org"), "/ipns/A..org")
