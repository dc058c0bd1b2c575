"""Which places a person's settings name for what is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from walkaway.content.mirrors.table import Mirror, MirrorTable
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

ROOT = Cid.of(codecs.DAG_PB, b"root")
RELEASE = Pointer("ipfs", str(ROOT))
ID = Pointer("ar", "A" * 43)
PIECE = Pointer("piece", "bafkzcib")
CONTRACT = Pointer("web3", "0x" + "ab" * 20, (), "/app")


def below(pointer: Pointer, *path: str) -> Pointer:
    return replace(pointer, path=(*pointer.path, *path))


def test_a_path_is_looked_for_below_each_mirror_in_their_order() -> None:
    table = MirrorTable([(RELEASE, ID), (RELEASE, CONTRACT), (RELEASE, below(PIECE, "x"))])
    found = table.of(below(RELEASE, "docs", "a b?.txt"))
    assert [mirror.pointer for mirror in found] == [
        below(ID, "docs", "a b?.txt"),
        replace(CONTRACT, target="/app/docs/a%20b%3F.txt"),
        below(PIECE, "x", "docs", "a b?.txt"),
    ]
    assert [mirror.index for mirror in table.of(RELEASE)][:2] == [
        below(ID, "index.html"),
        replace(CONTRACT, target="/app/index.html"),
    ]
    assert [mirror.pointer for mirror in table.of(RELEASE)][1] == CONTRACT
    assert table.of(Pointer("ipfs", str(Cid.of(codecs.DAG_PB, b"another")))) == ()
    assert (bool(table), bool(MirrorTable()), MirrorTable().of(RELEASE)) == (True, False, ())


def test_the_nearest_folder_that_has_mirrors_is_taken() -> None:
    table = MirrorTable([(RELEASE, ID), (below(RELEASE, "docs"), PIECE)])
    assert [m.pointer for m in table.of(below(RELEASE, "docs", "a"))] == [below(PIECE, "a")]
    assert [m.pointer for m in table.of(below(RELEASE, "doc"))] == [below(ID, "doc")]


def test_an_address_is_the_same_however_it_is_written() -> None:
    as_v0 = Cid(0, ROOT.codec, ROOT.multihash)
    assert str(as_v0).startswith("Qm")
    table = MirrorTable([(Pointer("ipfs", str(as_v0)), ID)])
    assert [mirror.pointer for mirror in table.of(RELEASE)] == [ID]
    with pytest.raises(ConfigError, match="a mirror of itself"):
        MirrorTable([(RELEASE, Pointer("ipfs", str(as_v0)))])


def test_what_is_taken_on_a_persons_word_says_whose_it_is() -> None:
    said = Mirror(RELEASE, ID).believed
    assert (str(RELEASE) in said.what, said.said_by) == (True, ("your settings",))
    assert "may give other files later" not in said.what
    assert "may give other files later" in Mirror(RELEASE, CONTRACT).believed.what


def test_where_the_blocks_of_a_release_are_looked_for() -> None:
    own = below(PIECE, "ipfs", str(ROOT))
    assert Mirror(RELEASE, own).archive == PIECE
    assert Mirror(RELEASE, PIECE).archive == PIECE
    other = below(PIECE, "ipfs", "another")
    assert Mirror(RELEASE, other).archive == other
    assert Mirror(RELEASE, ID).archive == ID
    assert Mirror(ID, own).archive == own


def test_one_block_is_known_as_one() -> None:
    raw = Pointer("ipfs", str(Cid.of(codecs.RAW, b"leaf")))
    assert Mirror(raw, ID).block == Cid.parse(raw.root)
    assert Mirror(RELEASE, ID).block is None
    assert Mirror(below(raw, "x"), ID).block is None
    assert Mirror(ID, RELEASE).block is None


def test_the_front_page_of_a_contract_is_one_of_a_folder() -> None:
    front = replace(CONTRACT, target="/app/")
    assert Mirror(RELEASE, front).is_front_page
    assert not Mirror(RELEASE, front, ("a.txt",)).is_front_page
    assert not Mirror(RELEASE, CONTRACT).is_front_page
    assert not Mirror(RELEASE, ID).is_front_page


@pytest.mark.parametrize(
    ("release", "base", "says"),
    [
        (Pointer("ipns", "app.eth"), ID, "its next release"),
        (CONTRACT, ID, "its next release"),
        (RELEASE, Pointer("ipns", "app.eth"), "it is a name"),
        (RELEASE, Pointer("web3", "app.eth", (), "/"), "it is a name"),
        (RELEASE, Pointer("web3", "no contract", (), "/"), "is no mirror"),
        (RELEASE, replace(CONTRACT, target="/x?y=1"), "looked for below it"),
        (RELEASE, RELEASE, "a mirror of itself"),
        (RELEASE, Pointer("ipfs", "no-cid"), "is no mirror"),
        (ID, ID, "a mirror of itself"),
    ],
)
def test_what_is_no_mirror(release: Pointer, base: Pointer, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        MirrorTable([(release, base)])


def test_how_many_there_may_be() -> None:
    limits = replace(LIMITS, mirrors=2, mirrored_releases=2)
    places = [below(ID, str(at)) for at in range(3)]
    assert MirrorTable([(RELEASE, place) for place in places[:2]], limits)
    with pytest.raises(ConfigError, match="more than 2 mirrors"):
        MirrorTable([(RELEASE, place) for place in places], limits)
    with pytest.raises(ConfigError, match="more than 2 releases"):
        MirrorTable([(place, RELEASE) for place in places], limits)
