"""Content paths as names hold them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.names.changing import NEW, OLD, THIRD
from walkaway.errors import ProofError, WalkawayError
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.proofs.filecoin.piece_cid import PieceCid

CONTRACT = "0x4e1f41613c9084fdb9e34e11fae9412427480e56"
PIECE = "bafkzcibcd4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"
PIECE_V1 = "baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq"
SEGMENT = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1)
PATH = st.lists(SEGMENT, max_size=4).map(tuple)


def on(network: str, roots: st.SearchStrategy[str]) -> st.SearchStrategy[Pointer]:
    return st.builds(Pointer, st.just(network), roots, PATH)


IDS = st.text("ABCYZabcyz0189-_", min_size=43, max_size=43)
CONTRACTS = st.builds(
    lambda address, chain: Pointer("web3", f"0x{address.hex()}:{chain}"),
    st.binary(min_size=20, max_size=20),
    st.integers(1, 10**78 - 1),
)
SIZED = st.integers(0, 10**20 - 1).map(lambda size: f"{PIECE_V1}:{size}")
POINTERS = st.one_of(
    on("ipfs", st.sampled_from([OLD.root, NEW.root])),
    on("ipns", SEGMENT),
    on("ar", IDS),
    on("piece", st.one_of(st.just(PIECE), SIZED)),
    CONTRACTS,
)


@given(POINTERS)
def test_a_pointer_is_read_as_it_was_written(pointer: Pointer) -> None:
    assert parse_pointer(str(pointer)) == pointer


@given(st.text(max_size=60) | st.text("/0x1a:.", max_size=60).map(lambda text: f"/web3/{text}"))
def test_whatever_is_read_is_written_so(text: str) -> None:
    try:
        pointer = parse_pointer(text)
    except WalkawayError:
        return
    assert parse_pointer(str(pointer)) == pointer


def test_a_piece_may_hold_a_file_and_a_contract_is_known_in_any_case() -> None:
    within = f"/piece/{PIECE_V1}:2048/ipfs/{OLD.root}/a"
    assert parse_pointer(within) == Pointer("piece", f"{PIECE_V1}:2048", ("ipfs", OLD.root, "a"))
    assert PieceCid.parse(PIECE).version == 2
    upper = f"/web3/0x{CONTRACT[2:].upper()}:10/"
    assert parse_pointer(upper) == Pointer("web3", f"{CONTRACT}:10")


@pytest.mark.parametrize(
    "pointer", [OLD, NEW, THIRD, Pointer("ipfs", OLD.root, ("ä b", "a\0b", ".."))]
)
def test_samples_are_read_as_they_were_written(pointer: Pointer) -> None:
    assert parse_pointer(str(pointer)) == pointer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/ipfs",
        "/ipfs/",
        "ipfs/" + OLD.root,
        "/ipfs/nope",
        "/ar/short",
        "/ipns/\ud800.eth",
        "/web3/app.eth:1",
        f"/web3/{CONTRACT}",
        f"/web3/{CONTRACT}:0",
        f"/web3/{CONTRACT}:01",
        f"/web3/{CONTRACT}:{'1' * 79}",
        f"/web3/{CONTRACT}:1/a",
        f"/web3/{CONTRACT}:1?a",
        f"/web3/{CONTRACT}@{CONTRACT}:1",
        "/piece/nope",
        f"/piece/{OLD.root}",
        f"/piece/{PIECE}:",
        f"/piece/{PIECE}:-1",
    ],
)
def test_what_is_no_content_path_is_refused(text: str) -> None:
    with pytest.raises(ProofError) as refused:
        parse_pointer(text)
    str(refused.value).encode()
