"""Opening: names, then a path, then what stands there; and names that never end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

import pytest

from tests.content.exporter.dags import Dag
from walkaway.content.budget import Budget
from walkaway.content.exporter.node import What
from walkaway.content.open import Networks, Opened, OpenedFile, Root, find_root, open_pointer
from walkaway.content.proven_file import ProvenFile
from walkaway.errors import InvalidRequest, NoSuchPath, ProofError, TooMuch, Unproven, Unsupported
from walkaway.limits import LIMITS
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.proven import Evidence

DAG = Dag()
LEAF = DAG.raw(b"leaf")
INNER = DAG.directory([("leaf", LEAF)])
ROOT = DAG.directory([("inner", INNER)])


class Told:
    """Names as they are told, each with its seconds and whether it is proven."""

    def __init__(self, told: Mapping[str, tuple[str, float | None, bool]]) -> None:
        self._told = told
        self.asked: list[str] = []

    async def resolve(self, name: str) -> Resolution:
        self.asked.append(name)
        if name not in self._told:
            raise Unproven("no such name", reasons={})
        path, seconds, proven = self._told[name]
        standing = Standing.PROVEN if proven else Standing.WORD
        return Resolution(parse_pointer(path), seconds, standing)


NAMES = {
    "app": ("/ipns/site/inner", 60.0, True),
    "site": (f"/ipfs/{ROOT}", 30.0, True),
    "word": ("/ipns/site", None, False),
    "loop": ("/ipns/round", 1.0, True),
    "round": ("/ipns/loop", 1.0, True),
    "bad": ("/ipns/gone", 1.0, True),
}


async def test_an_address_asks_nobody_for_names() -> None:
    names = Told({})
    opened = await open_pointer(
        Networks(DAG), names, Pointer("ipfs", str(ROOT), ("inner",)), Budget()
    )
    assert isinstance(opened, Opened)
    assert opened.root == Root(Pointer("ipfs", str(ROOT), ("inner",)))
    assert (opened.root.seconds, opened.root.proven) == (None, True)
    assert (opened.look.what, opened.look.cid) == (What.DIRECTORY, INNER)
    assert opened.resolved.roots == (ROOT, INNER)
    assert names.asked == []


async def test_names_add_to_the_path_and_the_shortest_time_stands() -> None:
    opened = await open_pointer(
        Networks(DAG), Told(NAMES), Pointer("ipns", "app", ("leaf",)), Budget()
    )
    assert isinstance(opened, Opened)
    root = opened.root
    assert (root.cid, root.path, root.seconds, root.proven) == (ROOT, ("inner", "leaf"), 30.0, True)
    assert [step.name for step in root.steps] == ["app", "site"]
    assert [str(step.resolution.pointer) for step in root.steps] == [
        "/ipns/site/inner",
        f"/ipfs/{ROOT}",
    ]
    assert opened.look.block == b"leaf"
    by_word = await find_root(Told(NAMES), Pointer("ipns", "word", ("inner",)))
    assert (by_word.path, by_word.seconds, by_word.proven) == (("inner",), 30.0, False)


async def test_what_leads_nowhere_is_refused() -> None:
    for pointer, fault in [
        (Pointer("ipns", "gone"), Unproven),
        (Pointer("ipns", "bad"), Unproven),
        (Pointer("ipfs", "no-address"), ProofError),
        (Pointer("ipns", "app", ("absent",)), NoSuchPath),
    ]:
        with pytest.raises(fault):
            await open_pointer(Networks(DAG), Told(NAMES), pointer, Budget())


async def test_names_that_lead_in_a_circle_end() -> None:
    names = Told(NAMES)
    with pytest.raises(TooMuch, match=f"'loop' leads through more than {LIMITS.name_steps} names"):
        await find_root(names, Pointer("ipns", "loop"))
    assert len(names.asked) == LIMITS.name_steps
    chain = {str(at): (f"/ipns/{at + 1}", None, True) for at in range(LIMITS.name_steps - 1)}
    chain[str(LIMITS.name_steps - 1)] = (f"/ipfs/{LEAF}", None, True)
    root = await find_root(Told(chain), Pointer("ipns", "0"))
    assert (root.cid, len(root.steps)) == (LEAF, LIMITS.name_steps)


CONTRACT = "0x4e1f41613c9084fdb9e34e11fae9412427480e56"
CALLER = "0x" + "ab" * 20


async def test_a_name_before_a_contract_is_followed_as_any_other() -> None:
    names = Told({"app.eth:1": (f"/web3/{CONTRACT}:10", 60.0, False)})
    asked = Pointer("web3", f"{CALLER}@App.eth", target="/a%2f?b=/c")
    passed = list[Pointer]()
    root = await find_root(names, asked, passing=passed.append)
    assert root.pointer == Pointer("web3", f"{CALLER}@{CONTRACT}:10", target="/a%2f?b=/c")
    assert [(step.name, str(step.resolution.pointer)) for step in root.steps] == [
        ("app.eth:1", f"/web3/{CONTRACT}:10")
    ]
    assert (root.seconds, root.proven) == (60.0, False)
    assert passed == [asked, root.pointer]


async def test_a_contract_by_its_address_asks_nobody_for_names() -> None:
    names, pointer = Told({}), Pointer("web3", f"{CALLER}@{CONTRACT}", target="/a")
    assert await find_root(names, pointer) == Root(pointer)
    assert names.asked == []


async def test_a_name_may_lead_into_a_piece() -> None:
    piece = "bafkzcibcd4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"
    names = Told({"example.org": (f"/piece/{piece}/ipfs/{ROOT}", 60.0, True)})
    root = await find_root(names, Pointer("ipns", "example.org", ("a", "b")))
    assert root.pointer == Pointer("piece", piece, ("ipfs", str(ROOT), "a", "b"))


async def test_a_name_leads_where_its_kind_can_and_nowhere_else() -> None:
    names = Told(
        {
            "app.eth:1": (f"/ipfs/{ROOT}", None, True),
            "app.eth": (f"/web3/{CONTRACT}:1", None, True),
            "site": ("/ipns/app.eth", None, True),
            "by.eth": ("/ipns/my.eth:1", None, True),
            "my.eth:1": (f"/web3/{CONTRACT}:1", None, True),
        }
    )
    for pointer, said in (
        (Pointer("web3", "app.eth", target="/a"), "leads to a contract, and cannot lead to"),
        (Pointer("ipns", "app.eth:1"), "leads to a contract, and cannot lead to"),
        (Pointer("ipns", "my.eth:1"), "asked by web3 URLs"),
        (Pointer("ipns", "by.eth", ("a",)), "asked by web3 URLs"),
        (Pointer("ipns", "app.eth"), "cannot lead to a contract"),
        (Pointer("ipns", "site", ("a",)), "cannot lead to a contract"),
    ):
        with pytest.raises(Unsupported, match=said):
            await find_root(names, pointer)
    with pytest.raises(InvalidRequest):
        await find_root(names, Pointer("web3", "no name"))


class Elsewhere:
    """Another network, of one file."""

    async def open(self, pointer: Pointer, budget: Budget) -> ProvenFile:
        async def stream(start: int, end: int | None) -> AsyncGenerator[bytes, None]:
            yield str(pointer).encode()[start:end]

        return ProvenFile(None, "tag", stream, Evidence("read", ()))


async def test_what_is_on_another_network_is_opened_there() -> None:
    transaction = "A" * 43
    names = Told({"app": (f"/ar/{transaction}/docs", 5.0, True)})
    networks = Networks(DAG, {"ar": Elsewhere()})
    opened = await open_pointer(networks, names, Pointer("ipns", "app", ("a",)), Budget())
    assert isinstance(opened, OpenedFile)
    assert opened.root.pointer == Pointer("ar", transaction, ("docs", "a"))
    assert [piece async for piece in opened.file.stream(1, 3)] == [b"ar"]
    with pytest.raises(Unsupported, match="nothing is fetched of that network"):
        await open_pointer(Networks(DAG), names, Pointer("ar", transaction), Budget())
    with pytest.raises(Unsupported, match="has no CID"):
        _ = opened.root.cid
