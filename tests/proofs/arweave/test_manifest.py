"""Path manifests: which path is which id."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import vectors
from walkaway.errors import NoSuchPath, ProofError, Unsupported, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.manifest import Manifest, read_manifest

PAGE, STYLE, LOST = (ArweaveId(bytes((number,)) * 32) for number in range(3))
PATHS = {"index.html": {"id": str(PAGE)}, "css/a b.css": {"id": str(STYLE)}}
MANIFEST: dict[str, object] = {
    "manifest": "arweave/paths",
    "version": "0.2.0",
    "index": {"path": "index.html"},
    "fallback": {"id": str(LOST)},
    "paths": PATHS,
}


def read(**changed: object) -> Manifest:
    """The manifest with members changed; with ``None``, left out."""
    members = {name: value for name, value in (MANIFEST | changed).items() if value is not None}
    return read_manifest(json.dumps(members).encode())


def test_paths_lead_to_ids() -> None:
    manifest = read()
    assert manifest.version == "0.2.0"
    assert manifest.lookup("index.html") == PAGE
    assert manifest.lookup("css/a b.css") == STYLE
    for index in ("", "/", "//"):
        assert manifest.lookup(index) == PAGE
    for unknown in ("css", "css/a%20b.css", "INDEX.html", "/index.html", "index.html/x"):
        assert manifest.lookup(unknown) == LOST


def test_slashes_at_the_end_do_not_count() -> None:
    manifest = read(paths=PATHS | {"docs/": {"id": str(STYLE)}}, index={"path": "docs"})
    assert manifest.lookup("docs") == manifest.lookup("docs//") == manifest.lookup("") == STYLE


def test_the_first_version_has_no_fallback_and_no_index_by_id() -> None:
    manifest = read(version="0.1.0")
    assert (manifest.fallback, manifest.lookup("")) == (None, PAGE)
    with pytest.raises(NoSuchPath, match="no path 'css'"):
        manifest.lookup("css")
    with pytest.raises(ProofError, match="names no path"):
        read(version="0.1.0", index={"id": str(PAGE)})
    assert read(version="0.1.0", index={"id": str(LOST), "path": "index.html"}).index == PAGE
    assert read(version="0.1.0", fallback="malformed").fallback is None


def test_the_second_has_an_index_by_id_which_comes_first() -> None:
    assert read(index={"id": str(STYLE)}).lookup("") == STYLE
    assert read(index={"id": str(STYLE), "path": "index.html"}).lookup("") == STYLE


def test_an_index_may_lead_nowhere() -> None:
    for index in (None, {"path": "gone.html"}):
        assert read(index=index).lookup("") == LOST
        with pytest.raises(NoSuchPath, match="has no index"):
            read(index=index, fallback=None).lookup("")
    with pytest.raises(NoSuchPath, match="no path"):
        read(fallback=None).lookup("gone.html" * 1000)


@pytest.mark.parametrize("version", [None, "0.3.0", "0.1", 0.1, ["0.1.0"]])
def test_other_versions_are_not_read(version: object) -> None:
    with pytest.raises(Unsupported, match="version"):
        read(version=version)


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        ("not of paths", {"manifest": None}),
        ("not of paths", {"manifest": "arweave/tags"}),
        ("the paths of a manifest is no object", {"paths": None}),
        ("the paths of a manifest is no object", {"paths": []}),
        ("the path of a manifest is no object", {"paths": {"a": str(PAGE)}}),
        ("the path of a manifest names no id", {"paths": {"a": {}}}),
        ("the path of a manifest names no id", {"paths": {"a": {"id": 1}}}),
        ("not in base64url", {"paths": {"a": {"id": "+" * 43}}}),
        ("of 32 bytes", {"paths": {"a": {"id": "AAAA"}}}),
        ("two ids for one path", {"paths": {"a": {"id": str(PAGE)}, "a/": {"id": str(STYLE)}}}),
        ("the index of a manifest is no object", {"index": "index.html"}),
        ("names no path", {"index": {}}),
        ("names no path", {"index": {"path": 1}}),
        ("the index of a manifest names no id", {"index": {"id": None}}),
        ("the fallback of a manifest is no object", {"fallback": str(LOST)}),
        ("the fallback of a manifest names no id", {"fallback": {}}),
    ],
)
def test_malformed_members_are_refused(fault: str, changed: dict[str, object]) -> None:
    with pytest.raises(ProofError, match=fault):
        read(**changed)


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("not JSON", b""),
        ("not JSON", b"\xff{}"),
        ("not JSON", b"\xef\xbb\xbf{}"),
        ("not JSON", b'{"n": ' + b"1" * 5000 + b"}"),
        ("nests too deep", b"[" * 17 + b"]" * 17),
        ("nests too deep", b'{"a":' * 100_000),
        ("the manifest is no object", b"[]"),
        ("two members of one name", b'{"manifest": 1, "manifest": "arweave/paths"}'),
        ("two members of one name", b'{"paths": {"a": 1, "\\u0061": 2}}'),
    ],
)
def test_what_is_no_manifest_is_refused(fault: str, data: bytes) -> None:
    with pytest.raises(ProofError, match=fault):
        read_manifest(data)


def test_manifests_are_limited() -> None:
    with pytest.raises(ProofError, match="a manifest is over"):
        read_manifest(bytes(LIMITS.arweave_manifest_bytes + 1))
    many = ",".join(f'"{number}":0' for number in range(LIMITS.arweave_manifest_paths + 1))
    head = '{"manifest":"arweave/paths","version":"0.1.0","paths":{'
    with pytest.raises(ProofError, match="over 262144 paths"):
        read_manifest((head + many + "}}").encode())


def test_the_recorded_manifests_are_read() -> None:
    folder = vectors("arweave")
    for version, has_fallback in (("0.1.0", False), ("0.2.0", True)):
        text = (folder / f"manifest-{version}.json").read_bytes()
        manifest = read_manifest(text)
        assert manifest.version == version
        for path, target in json.loads(text)["paths"].items():
            assert str(manifest.lookup(path)) == target["id"]
        assert manifest.lookup("") == manifest.lookup("index.html")
        assert (manifest.fallback is not None) == has_fallback


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.sampled_from(sorted(MANIFEST)), JSON, st.text(max_size=5))
def test_garbage_raises_nothing_outside_the_tree(name: str, value: object, path: str) -> None:
    try:
        read(**{name: value}).lookup(path)
    except WalkawayError:
        return


def test_what_stands_below_a_path() -> None:
    one = ArweaveId(bytes(32))
    paths = dict.fromkeys(("b", "a/b/c", "a", "a-b", "a/b", "a0"), one)
    manifest = Manifest("0.2.0", None, None, paths)
    assert list(manifest.below("a")) == list(manifest.below("a/")) == ["a/b", "a/b/c"]
    assert list(manifest.below("a/b")) == ["a/b/c"]
    assert list(manifest.below("b")) == []
    assert list(manifest.below("zz")) == []
    assert list(manifest.below("")) == ["a", "a-b", "a/b", "a/b/c", "a0", "b"]
