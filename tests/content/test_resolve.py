"""Paths: through directories, shards, links and keys, or refused at the first wrong step."""

from __future__ import annotations

import pytest

from tests.content.exporter.dags import Dag, conformance
from walkaway.content.budget import Budget
from walkaway.content.resolve import Resolved, resolve
from walkaway.errors import NoSuchPath, TooMuch, Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_json
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink
from walkaway.proofs.ipfs.data_model import Value


async def follow(dag: Dag, root: Cid, path: str) -> Resolved:
    return await resolve(dag, root, [part for part in path.split("/") if part], Budget())


async def test_a_path_leads_through_directories_and_fetches_nothing_of_its_end() -> None:
    dag = Dag()
    end = Cid.of(codecs.RAW, b"never held")
    inner = dag.directory([("file", end), ("other", end)])
    root = dag.directory([("inner", inner)])
    assert await follow(dag, root, "") == Resolved(root, (), (root,), ())
    assert not dag.asked
    resolved = await follow(dag, root, "inner/file")
    assert resolved == Resolved(end, (), (root, inner, end), (root, inner))
    assert dag.asked == {root: 1, inner: 1}


async def test_shards_are_on_the_path_but_are_no_roots_of_it() -> None:
    dag = Dag()
    end = dag.raw(b"end")
    root = dag.sharded({str(number): end for number in range(100)})
    resolved = await follow(dag, root, "42")
    assert resolved.roots == (root, end)
    assert resolved.path_blocks[0] == root
    assert len(resolved.path_blocks) > 1
    assert dag.asked == dict.fromkeys(resolved.path_blocks, 1)
    with pytest.raises(NoSuchPath, match="'absent'"):
        await follow(dag, root, "absent")


@pytest.mark.parametrize(
    "path", ["absent", "file/below", "link/below", "..", ".", "inner/absent", "json/a", "inner/"]
)
async def test_a_path_that_leads_nowhere_is_said_to(path: str) -> None:
    dag = Dag()
    inner = dag.directory([])
    entries = {
        "file": dag.raw(b"x"),
        "link": dag.symlink(b"inner"),
        "inner": inner,
        "json": dag.put(codecs.JSON, b'{"a": 1}'),
    }
    root = dag.directory(entries.items())
    segments = path.split("/")
    with pytest.raises(NoSuchPath, match="nothing is named"):
        await resolve(dag, root, segments, Budget())


async def test_a_node_without_unixfs_is_followed_by_its_names() -> None:
    dag = Dag()
    end = dag.raw(b"x")
    root = dag.node(None, PbLink(end, "a"), PbLink(dag.raw(b"y"), "b"))
    assert (await follow(dag, root, "a")).cid == end
    with pytest.raises(NoSuchPath):
        await follow(dag, root, "c")


@pytest.mark.parametrize("codec", [codecs.DAG_CBOR, codecs.DAG_JSON])
async def test_keys_and_positions_lead_inside_a_block_up_to_its_links(codec: int) -> None:
    dag = Dag()
    end = dag.raw(b"end")
    value: Value = {"list": [1, {"to": end}, "text"], "0": None, "": 5, "bytes": b"x"}
    encode = dag_cbor.encode if codec == codecs.DAG_CBOR else dag_json.encode
    root = dag.put(codec, encode(value))
    assert await follow(dag, root, "list/1/to") == Resolved(end, (), (root, end), (root,))
    for inside in (["list"], ["list", "1"], ["list", "2"], ["0"], [""], ["bytes"]):
        resolved = await resolve(dag, root, inside, Budget())
        assert resolved == Resolved(root, tuple(inside), (root,), ())
    many = dag.put(codec, encode([end] * 12))
    assert (await follow(dag, many, "1")).cid == (await follow(dag, many, "11")).cid == end
    for path in ("01", "00", "12", "011"):
        with pytest.raises(NoSuchPath):
            await follow(dag, many, path)
    for path in ("list/3", "list/-1", "list/01", "list/+1", "list/²", "list/" + "1" * 5000):
        with pytest.raises(NoSuchPath):
            await follow(dag, root, path)
    for path in ("list/2/0", "0/0", "bytes/0", "absent", "list/1/to/below", "list/to"):
        with pytest.raises(NoSuchPath):
            await follow(dag, root, path)


async def test_a_block_that_is_nothing_but_a_link_leads_on() -> None:
    dag = Dag()
    end = dag.put(codecs.DAG_CBOR, dag_cbor.encode({"a": 1}))
    root = dag.put(codecs.DAG_CBOR, dag_cbor.encode(end))
    assert await follow(dag, root, "a") == Resolved(end, ("a",), (root, end), (root,))


@pytest.mark.parametrize("name", ["dag-cbor-traversal", "dag-json-traversal"])
async def test_the_recorded_documents_are_followed(name: str) -> None:
    dag, root = conformance(f"path_gateway_dag/{name}")
    resolved = await follow(dag, root, "foo/link/bar")
    assert b"this is not a link" in dag.held[resolved.cid]
    assert (await follow(dag, root, "foo")).remainder == ("foo",)
    with pytest.raises(NoSuchPath):
        await follow(dag, root, "foo/i-do-not-exist")


async def test_a_directory_leads_into_a_document_and_out_of_it() -> None:
    dag, root = conformance("trustless_gateway_car/dir-with-dag-cbor-with-links")
    resolved = await follow(dag, root, "document/files/single")
    assert dag.held[resolved.cid] == b"hello world\n"
    assert len(resolved.roots) == 3


async def test_a_missing_block_is_missed_and_an_endless_path_ends() -> None:
    dag = Dag()
    with pytest.raises(Unproven):
        await follow(dag, Cid.of(codecs.DAG_PB, b""), "a")
    deep = dag.raw(b"")
    for _ in range(LIMITS.dag_depth + 2):
        deep = dag.directory([("a", deep)])
    with pytest.raises(TooMuch, match="links deep"):
        await resolve(dag, deep, ["a"] * (LIMITS.dag_depth + 2), Budget())
