"""`walkaway get` and `walkaway ls` as a person runs them: what comes out, and what does not."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.proofs.ipfs.test_car import read
from walkaway.chain.clock import SystemClock
from walkaway.cli.command_line import app
from walkaway.cli.config import load_settings
from walkaway.cli.content import content_plan
from walkaway.cli.get_file import require_file
from walkaway.content.budget import Budget
from walkaway.content.mirrors.table import Mirror
from walkaway.content.open import OpenedFile, Root
from walkaway.content.proven_file import ProvenFile
from walkaway.content.service import open_content
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.arweave_publisher import ArweavePublisher, make_item
from walkaway.devnet.content.weave import Weave
from walkaway.errors import Unsupported
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs import codecs, dag_cbor, dag_pb, unixfs_data
from walkaway.proofs.ipfs.car import car_header, car_section
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.dag_pb import PbLink, PbNode
from walkaway.proofs.ipfs.unixfs import Kind, UnixFsData
from walkaway.proofs.proven import Evidence
from walkaway.sources.defaults import ListedSource


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> str:
    """The address of a folder that was added: two files, one of them below, and a link."""
    folder = tmp_path / "site"
    (folder / "docs").mkdir(parents=True)
    (folder / "index.html").write_bytes(b"<p>hello")
    (folder / "docs" / "long").write_bytes(bytes(range(256)) * 10_000)
    (folder / "link").symlink_to("docs/long")
    return run("add", "--quiet", "site").stdout.strip()


def run(*words: str) -> Result:
    result = CliRunner().invoke(app, list(words))
    assert "Traceback" not in result.output
    assert "JSON-RPC" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def get(*words: str) -> Result:
    return run("get", "--offline", *words)


def keep(*blocks: tuple[int, bytes]) -> list[Cid]:
    """Have blocks in the store, as nothing but an archive could bring them."""
    cids = [Cid.of(codec, data) for codec, data in blocks]
    sections = [car_section(cid, data) for cid, (_, data) in zip(cids, blocks, strict=True)]
    Path("blocks.car").write_bytes(car_header(tuple(cids)) + b"".join(sections))
    assert run("car", "import", "--no-pin", "blocks.car").exit_code == 0
    return cids


def directory(*entries: tuple[str, Cid]) -> bytes:
    links = tuple(PbLink(cid, name, 1) for name, cid in entries)
    return dag_pb.encode(PbNode(links, unixfs_data.encode(UnixFsData(Kind.DIRECTORY))))


def test_a_folder_goes_round_unchanged(site: str) -> None:
    result = get(site, "-o", "copy")
    assert (result.exit_code, result.stdout) == (0, f"{site}  copy  2.6 MB, proven\n")
    assert run("add", "--quiet", "copy").stdout.strip() == site
    assert Path("copy/link").readlink() == Path("docs/long")


def test_a_folder_that_is_there_gets_it_inside_by_its_name(site: str) -> None:
    Path("into").mkdir()
    assert get(f"{site}/docs", "-o", "into").exit_code == 0
    assert get(f"{site}", "-o", "into/").exit_code == 0
    assert sorted(path.name for path in Path("into").iterdir()) == sorted(["docs", site])
    again = get(f"{site}/docs", "-o", "into", "--force")
    assert again.exit_code == 1
    assert "is a folder that is there already" in again.stderr


def test_a_pipe_is_given_the_bytes(site: str) -> None:
    for words in ([], ["--output", "-"]):
        result = get(f"/ipfs/{site}/docs/long", *words)
        assert result.exit_code == 0
        assert result.stdout_bytes == bytes(range(256)) * 10_000
        assert result.stderr == ""
    assert get(f"{site}/link").stdout == "docs/long"


@pytest.mark.parametrize(
    "place",
    [
        "{}/index.html",
        "/ipfs/{}/index.html",
        "ipfs://{}/index%2Ehtml",
        "http://localhost:8080/ipfs/{}/index.html?download=true",
        "https://{}.ipfs.gateway.example/index.html#top",
    ],
)
def test_a_place_is_written_in_many_ways(place: str, site: str) -> None:
    assert get(place.format(site)).stdout == "<p>hello"


def test_a_name_of_ones_own_leads_there_and_is_said_to_be_a_word(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKAWAY_DNSLINKS", f"my.site=/ipfs/{site}/docs")
    assert get("/ipns/my.site/long").stdout_bytes == bytes(range(256)) * 10_000
    told = get("ipns://my.site", "-o", "copy").stdout
    assert told.endswith("proven, by a name that is somebody's word\n")
    absent = get("/ipns/nobody.example")
    assert absent.exit_code == 1
    assert "the DNS  nobody is asked: --offline" in absent.stderr


def test_a_tar_and_a_car_hold_it(site: str) -> None:
    assert get(site, "--tar", "-o", "site.tar").exit_code == 0
    with tarfile.open("site.tar") as archive:
        assert f"{site}/docs/long" in archive.getnames()
    piped = get(f"{site}/docs", "--tar").stdout_bytes
    with tarfile.open(fileobj=io.BytesIO(piped)) as archive:
        assert archive.getnames() == ["docs", "docs/long"]
    Path("into").mkdir()
    assert get(f"{site}/docs", "--car", "-o", "into").exit_code == 0
    reader, sections = read(Path("into/docs.car").read_bytes())
    assert reader.roots == (sections[0][0],)
    assert len(sections) == 4


def test_as_json(site: str) -> None:
    told = json.loads(get(f"{site}/index.html", "--json").stdout)
    assert told.pop("cid").startswith("bafkrei")
    proven = {"name_proven": True, "believed": []}
    assert told == {"path": "index.html", "bytes": 8, "links_left_out": [], **proven}
    assert Path("index.html").read_bytes() == b"<p>hello"
    refused = get(f"{site}/index.html", "--json", "-o", "-")
    assert refused.exit_code == 2
    assert "nor to stand among JSON" in json.loads(refused.stdout)["error"]["message"]


def test_nothing_is_overwritten_unless_that_is_asked_for(site: str) -> None:
    Path("mine").write_bytes(b"mine")
    for words in ([], ["--tar"], ["--car"]):
        refused = get(f"{site}/index.html", "-o", "mine", *words)
        assert refused.exit_code == 1
        assert "--force replaces it" in refused.stderr
        assert Path("mine").read_bytes() == b"mine"
    assert get(f"{site}/index.html", "-o", "mine", "--force").exit_code == 0
    assert Path("mine").read_bytes() == b"<p>hello"


def link_to(target: bytes) -> bytes:
    return dag_pb.encode(PbNode((), unixfs_data.encode(UnixFsData(Kind.SYMLINK, target))))


def test_links_that_lead_out_are_left_out_where_that_is_asked_for() -> None:
    Path("site").mkdir()
    Path("site/a").write_bytes(b"a")
    Path("site/evil").symlink_to("/etc/passwd")
    added = run("add", "site")
    site = added.stdout.split()[0]
    assert "1 link leads out of what is added" in added.stderr
    assert "site/evil" in added.stderr
    refused = get(site, "-o", "copy")
    assert refused.exit_code == 1
    assert "the symbolic link evil leads out of the folder, to /etc/passwd" in refused.stderr
    assert "next   --skip-links" in refused.stderr
    got = get(site, "-o", "copy", "--skip-links")
    assert got.exit_code == 0
    assert "1 link that leads out left out: evil" in got.stderr
    assert [path.name for path in Path("copy").iterdir()] == ["a"]
    alone = get(f"{site}/evil", "-o", "x", "--skip-links")
    assert alone.exit_code == 1
    assert "a symbolic link by itself, to /etc/passwd" in alone.stderr
    assert get(site, "--tar", "-o", "site.tar").exit_code == 0
    with tarfile.open("site.tar") as archive:
        assert archive.getmember(f"{site}/evil").linkname == "/etc/passwd"


def test_a_folder_that_is_named_is_no_file(site: str) -> None:
    refused = get(f"{site}/index.html", "-o", "new/")
    assert refused.exit_code == 1
    assert "new is no folder that is there" in refused.stderr
    assert get(f"{site}/docs", "-o", "new/").exit_code == 0
    assert Path("new/long").is_file()


def test_on_a_narrow_screen_a_name_stays_in_its_line(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("ls", "--offline", site).stdout.splitlines()
    assert [line.split()[-1] for line in lines] == ["docs", "index.html", "link"]
    assert all("…" in line for line in lines)


@pytest.mark.parametrize("command", ["get", "ls"])
def test_a_source_of_the_chain_is_none_of_content(command: str, site: str) -> None:
    refused = run(command, site, "-s", "beacon=http://127.0.0.1:1")
    assert refused.exit_code == 2
    assert "this command asks for content alone" in refused.stderr


def test_where_no_source_can_be_reached_the_exit_code_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WALKAWAY_DEFAULT_SOURCES", "false")
    absent = str(Cid.of(codecs.RAW, b"absent"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"content=http://127.0.0.1:{taken.getsockname()[1]}"
        refused = run("get", absent, "-s", nobody)
        assert refused.exit_code == 3
        assert "no network: none of the 1 sources can be reached" in refused.stderr
    held = get(absent)
    assert held.exit_code == 1
    assert "next   nobody was asked" in held.stderr


def test_what_would_lead_out_is_refused_and_nothing_stays() -> None:
    symlink = link_to(b"../../etc/passwd")
    leaf, away = keep((codecs.RAW, b"x"), (codecs.DAG_PB, symlink))
    above, linked = keep(
        (codecs.DAG_PB, directory(("../above", leaf))),
        (codecs.DAG_PB, directory(("a", leaf), ("passwd", away))),
    )
    before = set(Path().iterdir())
    for cid, reason in ((above, "none that a file could have"), (linked, "leads out")):
        refused = get(str(cid), "-o", "out")
        assert refused.exit_code == 1
        assert reason in refused.stderr
        assert set(Path().iterdir()) == before
    assert "now allowed" in get(str(above), "--tar", "-o", "out").stderr
    assert set(Path().iterdir()) == before


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["{}"], 2, "goes to no pipe as it is"),
        (["{}", "--tar", "--car"], 2, "two archives"),
        (["{}/absent"], 1, "nothing is named 'absent'"),
        (["{}/index.html/below"], 1, "nothing is named 'below'"),
        (["bafkqaaa/"], 0, ""),
        (["{}/index.html", "-o", "absent/x"], 1, "next   make the folder"),
        (["{}/index.html", "-o", "x" * 300], 1, "cannot be written: File name too long"),
        (["vitalik.eth"], 1, "the chain  nobody is asked: --offline"),
        (["example.org"], 1, "the DNS  nobody is asked: --offline"),
        (["127.0.0.1"], 2, "127.0.0.1 is no CID"),
        (["bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"], 1, "not held here"),
        (["no-address"], 2, "no-address is no CID"),
        (["ftp://example"], 2, "names no content"),
    ],
)
def test_what_cannot_be_got_is_refused_with_the_reason(
    words: list[str], code: int, reason: str, site: str
) -> None:
    result = get(*[word.format(site) for word in words])
    assert (result.exit_code, result.stdout_bytes) == (code, b"")
    assert reason in result.stderr


def test_a_path_into_a_block_is_no_file() -> None:
    (cid,) = keep((codecs.DAG_CBOR, dag_cbor.encode({"a": {"b": 1}})))
    refused = get(f"{cid}/a/b")
    assert refused.exit_code == 2
    assert f"/a/b leads into the block {cid}" in refused.stderr
    assert get(str(cid)).stdout_bytes == dag_cbor.encode({"a": {"b": 1}})


def test_a_screen_is_given_no_content(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkaway.cli.get.is_screen", lambda: True)
    refused = get(f"{site}/index.html", "-o", "-")
    assert refused.exit_code == 2
    assert "content is not for a screen" in refused.stderr
    assert get(f"{site}/index.html").exit_code == 0
    assert Path("index.html").read_bytes() == b"<p>hello"


def test_a_directory_is_listed_with_what_each_entry_is(site: str) -> None:
    result = run("ls", "--offline", site)
    assert result.exit_code == 0
    rows = [line.split(maxsplit=1)[1].split() for line in result.stdout.splitlines()]
    assert rows == [
        ["-", "directory", "docs"],
        ["8", "bytes", "file", "index.html"],
        ["9", "bytes", "symlink", "link"],
    ]
    told = json.loads(run("ls", "--offline", "--json", f"{site}/docs").stdout)
    assert (told["name"], told["kind"], told["bytes"]) == ("long", "file", 2_560_000)
    assert Cid.parse(told["cid"]).codec == codecs.DAG_PB


def test_what_is_no_directory_is_listed_alone(site: str) -> None:
    alone = json.loads(run("ls", "--offline", "--json", f"{site}/index.html").stdout)
    assert (alone["name"], alone["kind"], alone["bytes"]) == ("index.html", "file", 8)


def test_an_entry_that_is_not_to_be_had_is_listed_as_unknown() -> None:
    absent = Cid.of(codecs.DAG_PB, b"")
    (cid,) = keep((codecs.DAG_PB, directory(("a\x1b[31m\n", absent))))
    result = run("ls", "--offline", str(cid))
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    (line,) = result.stdout.splitlines()
    assert line.split()[1:3] == ["-", "unknown"]
    missing = run("ls", "--offline", str(absent))
    assert missing.exit_code == 1
    assert "not held here" in missing.stderr


def test_whoever_closes_the_pipe_ends_it_quietly(site: str) -> None:
    program = "from walkaway.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "get", "--offline", f"{site}/docs/long"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ.copy(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(4) == bytes(range(4))
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert told == b""


def keep_of_arweave(weave: Weave, name: str, *paths: tuple[str, ...]) -> None:
    """Have what a gateway gave of an id kept here."""

    async def fetch() -> None:
        source = ArweaveSource(weave)
        listed = ListedSource("gateway", "me", ("arweave",), await source.start())
        made = replace(content_plan(load_settings({}, os.environ)), sources=(listed,))
        try:
            async with open_content(made, clock=SystemClock()) as content:
                for path in paths:
                    await content.networks.open(Root(Pointer("ar", name, path)), Budget())
        finally:
            await source.stop()

    asyncio.run(fetch())


@pytest.fixture
def of_arweave() -> str:
    """The id of a website on Arweave whose files a gateway gave, and that are kept here."""
    weave = Weave()
    files = {"index.html": (b"<p>hello", "text/html"), "a/long": (bytes(3000), "text/plain")}
    name = ArweavePublisher(weave).website(files, "index.html")
    keep_of_arweave(weave, name, (), ("a", "long"))
    return name


def test_a_file_of_arweave_is_had_by_its_id(of_arweave: str) -> None:
    assert get(f"ar://{of_arweave}").stdout == "<p>hello"
    assert get(f"/ar/{of_arweave}/a/long", "-o", "-").stdout_bytes == bytes(3000)
    saved = get(f"ar://{of_arweave}/a/long", "-o", "copy")
    assert saved.stdout == f"/ar/{of_arweave}/a/long  copy  3.0 kB, proven\n"
    assert Path("copy").read_bytes() == bytes(3000)
    again = get(f"ar://{of_arweave}/a/long", "-o", "copy")
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    told = json.loads(get(f"ar://{of_arweave}/a/long", "--json").stdout)
    assert (told["network"], told["root"], told["bytes"]) == ("ar", of_arweave, 3000)
    assert (told["path"], told["believed"]) == ("long", [])


def test_a_website_of_arweave_is_a_folder(of_arweave: str) -> None:
    result = get(f"ar://{of_arweave}", "-o", "copy")
    told = f"/ar/{of_arweave}  copy  3.0 kB, proven\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, told, "")
    files = {str(p.relative_to("copy")): p.read_bytes() for p in Path("copy").rglob("*.*")}
    assert files == {"index.html": b"<p>hello"}
    assert Path("copy/a/long").read_bytes() == bytes(3000)
    assert get(f"ar://{of_arweave}", "-o", "copy").exit_code == 0
    assert Path(f"copy/{of_arweave}/index.html").is_file()
    again = get(f"ar://{of_arweave}", "-o", "copy", "--force")
    assert (again.exit_code, "is a folder that is there already" in again.stderr) == (1, True)
    named = json.loads(get(f"ar://{of_arweave}", "--json").stdout)
    assert (named["path"], named["bytes"], named["is_folder"]) == (of_arweave, 3008, True)
    assert (named["tag"], named["left_out"]) == (of_arweave, [])
    for words in (["-o", "x.tar"], ["-o", "-"]):
        made = get(f"ar://{of_arweave}", "--tar", *words)
        assert made.exit_code == 0
        data = Path("x.tar").read_bytes() if words[1] != "-" else made.stdout_bytes
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            assert archive.getnames() == [
                of_arweave, f"{of_arweave}/a", f"{of_arweave}/a/long", f"{of_arweave}/index.html",
            ]  # fmt: skip
    one = get(f"ar://{of_arweave}/a/long", "--tar", "-o", "x")
    assert (one.exit_code, "it is one file" in one.stderr) == (2, True)


def test_what_is_not_there_on_other_networks_is_refused(of_arweave: str) -> None:
    car = get(f"ar://{of_arweave}", "--car", "-o", "x")
    assert (car.exit_code, "has no blocks to make a CAR of" in car.stderr) == (2, True)
    assert get(f"ar://{of_arweave}/b", "-o", "x").exit_code == 1
    contract = get("web3://0x" + "ab" * 20 + "/", "-o", "x")
    assert (contract.exit_code, "nobody is asked: --offline" in contract.stderr) == (1, True)
    assert not Path("x").exists()


def test_a_release_is_had_from_its_mirror_and_whose_word_that_is(
    of_arweave: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Cid.of(codecs.DAG_PB, b"a release that is not on IPFS any more")
    assert get(f"/ipfs/{away}").exit_code != 0
    monkeypatch.setenv("WALKAWAY_MIRRORS", f"/ipfs/{away}=/ar/{of_arweave}")
    saved = get(f"/ipfs/{away}/a/long", "-o", "copy")
    assert saved.stdout == f"/ar/{of_arweave}/a/long  copy  3.0 kB, proven\n"
    told = f"not proven: that this is the same release as /ipfs/{away} (said by your settings)\n"
    assert saved.stderr == told
    assert Path("copy").read_bytes() == bytes(3000)
    written = json.loads(get(f"/ipfs/{away}/a/long", "--json").stdout)
    assert (written["network"], written["believed"][0]["said_by"]) == ("ar", ["your settings"])
    whole = get(f"/ipfs/{away}", "-o", "site")
    assert (whole.exit_code, Path("site/a/long").read_bytes()) == (0, bytes(3000))
    refused = get(f"/ipfs/{away}", "-o", "site.car", "--car")
    assert (refused.exit_code, "has no blocks" in refused.stderr) == (2, True)
    listed = run("ls", "--offline", f"/ipfs/{away}")
    assert "on no network whose folders are listed" in listed.stderr


async def test_a_folder_of_a_mirror_is_not_taken_for_its_index() -> None:
    async def stream(start: int, end: int | None) -> AsyncGenerator[bytes, None]:
        yield b"<p>hello"

    mirror = Mirror(Pointer("ar", "A" * 43), Pointer("web3", "0x" + "ab" * 20, (), "/"))
    root = Root(mirror.release).at_mirror(mirror)
    page = ProvenFile(None, "tag", stream, Evidence("given", ()), is_folder=True)
    with pytest.raises(Unsupported, match="only the index is had there"):
        require_file(OpenedFile(root, page), "")
    require_file(OpenedFile(root, replace(page, is_folder=False)), "")
    require_file(OpenedFile(Root(mirror.base), page), "")


def test_a_dag_stands_in_for_what_was_on_arweave(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = "A" * 43
    monkeypatch.setenv("WALKAWAY_MIRRORS", f"/ar/{gone}=/ipfs/{site}")
    saved = get(f"/ar/{gone}/docs", "-o", "copy")
    assert "not proven: that this is the same release as" in saved.stderr
    assert (Path("copy/long").stat().st_size, saved.exit_code) == (2_560_000, 0)
    told = json.loads(get(f"/ar/{gone}/index.html", "--json").stdout)
    assert (told["name_proven"], told["believed"][0]["said_by"]) == (True, ["your settings"])
    own = json.loads(get(f"/ipfs/{site}/index.html", "--json", "-o", "x").stdout)
    assert own["believed"] == []


def test_a_block_that_is_missing_is_taken_out_of_an_archive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaves = [b"here", b"in the archive alone"]
    cids = [Cid.of(codecs.RAW, leaf) for leaf in leaves]
    sizes = tuple(map(len, leaves))
    links = tuple(PbLink(cid, "", size) for cid, size in zip(cids, sizes, strict=True))
    node = unixfs_data.encode(UnixFsData(Kind.FILE, None, sum(sizes), sizes))
    root = keep((codecs.DAG_PB, dag_pb.encode(PbNode(links, node))), (codecs.RAW, leaves[0]))[0]
    car = car_header((root,)) + car_section(cids[1], leaves[1])
    weave, item = Weave(), make_item(car, "application/vnd.ipld.car")
    ArweavePublisher(weave).bundle([item])
    keep_of_arweave(weave, str(item[0]), ())
    assert get(str(root), "-o", "copy").exit_code != 0
    monkeypatch.setenv("WALKAWAY_MIRRORS", f"/ipfs/{root}=/ar/{item[0]}")
    saved = get(str(root), "-o", "copy")
    assert (saved.exit_code, saved.stderr) == (0, "")
    assert Path("copy").read_bytes() == b"".join(leaves)
