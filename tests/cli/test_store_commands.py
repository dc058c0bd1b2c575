"""`walkaway pin`, `car` and `store`, as a person runs them, from one folder to another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from walkaway.cli import car, get
from walkaway.cli.command_line import app
from walkaway.content.budget import Budget
from walkaway.content.store.archives import Carried
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid

EMPTY = "bafkqaaa"


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WALKAWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cid(tmp_path: Path) -> str:
    """What a file of three blocks was added as."""
    (tmp_path / "a file").write_bytes(bytes(1 << 20) + b"the end")
    return run("add", "-q", str(tmp_path / "a file")).stdout.strip()


def run(*words: str, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(app, list(words), input=stdin)
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(*words: str) -> list[dict[str, object]]:
    """What a command says with --json."""
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_what_is_pinned_is_listed_until_it_is_no_more(cid: str) -> None:
    [pin] = told("pin", "ls")
    assert pin == {
        "cid": cid,
        "name": "a file",
        "recursive": True,
        "complete": True,
        "blocks": 3,
        "bytes": pin["bytes"],
    }
    listed = run("pin", "ls").stdout
    assert f"{cid}  3 blocks  1.0 MB  whole  a file" in listed
    assert run("pin", "rm", cid).exit_code == 0
    assert run("pin", "ls").stdout == "nothing is pinned\n"
    again = run("pin", "rm", cid)
    assert again.exit_code == 2
    assert "is not pinned" in again.stderr


@pytest.mark.parametrize("words", [["car", "export"], ["get", "--car"]])
def test_an_archive_ends_at_no_other_bound_than_all_content_does(
    words: list[str], cid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets = list[Budget]()

    async def exported(*_: object, budget: Budget, **__: object) -> Carried:
        budgets.append(budget)
        return Carried()

    for module in (car, get):
        monkeypatch.setattr(module, "export_car", exported)
    told(*words, cid, "-o", "site.car", "--offline")
    [limits] = [budget.limits for budget in budgets]
    assert limits.remembered_blocks >= limits.request_blocks


def test_a_dag_goes_from_one_store_to_another(cid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told("car", "export", cid, "-o", "site.car", "--offline")[0]["blocks"] == 3
    assert not Path("site.car.part").exists()
    monkeypatch.setenv("WALKAWAY_HOME", "other")
    [imported] = told("car", "import", "site.car")
    assert imported["roots"] == [cid]
    [pin] = told("pin", "ls")
    assert (pin["cid"], pin["blocks"], pin["complete"]) == (cid, 3, True)
    written = run("car", "export", f"/ipfs/{cid}", "--offline")
    assert written.exit_code == 0
    assert written.stdout_bytes == Path("site.car").read_bytes()
    assert "3 blocks, 1.0 MB, each proven" in written.stderr


def test_an_archive_comes_from_standard_input(cid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = run("car", "export", cid, "--offline").stdout_bytes
    monkeypatch.setenv("WALKAWAY_HOME", "other")
    imported = run("car", "import", "-", "--no-pin", stdin=archive)
    assert imported.stdout == f"{cid}\n"
    assert told("pin", "ls") == []
    assert told("store", "gc") == [{"removed_blocks": 3, "removed_bytes": 1048687}]


def test_an_archive_that_is_not_whole_names_what_is_missing(
    cid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("car", "export", cid, "-o", "site.car", "--offline")
    archive = Path("site.car").read_bytes()
    last = archive.rindex(b"\x01\x55\x12\x20")
    # The block of "the end" is the last section; a byte before its CID says how long it is.
    Path("site.car").write_bytes(archive[: last - 1])
    monkeypatch.setenv("WALKAWAY_HOME", "other")
    refused = run("car", "import", "site.car")
    assert refused.exit_code == 1
    missing = Cid.of(codecs.RAW, b"the end")
    assert f"{missing} is not held on this machine" in refused.stderr
    [pin] = told("pin", "ls")
    assert (pin["complete"], pin["blocks"]) == (False, 2)
    assert f"incomplete: walkaway pin add {cid} fetches the rest" in refused.stderr
    assert "incomplete: pin add goes on with it" in run("pin", "ls").stdout


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), (b"no archive", "is no CAR"), (b"", "is no CAR")]
)
def test_what_is_no_archive_is_refused(content: bytes | None, says: str) -> None:
    if content is not None:
        Path("site.car").write_bytes(content)
    refused = run("car", "import", "site.car")
    assert refused.exit_code in {1, 2}
    assert says in refused.stderr
    assert "source" not in refused.stderr


def test_a_wrong_block_in_an_archive_is_named_by_its_address(cid: str) -> None:
    run("car", "export", cid, "-o", "site.car", "--offline")
    archive = Path("site.car").read_bytes()
    assert archive.endswith(b"the end")
    Path("site.car").write_bytes(archive[:-1] + b"D")
    refused = run("car", "import", "site.car")
    assert refused.exit_code == 1
    assert f"of {Cid.of(codecs.RAW, b'the end')}: " in refused.stderr
    assert "next   get or make it anew" in refused.stderr


def test_an_export_that_fails_leaves_no_file(cid: str) -> None:
    run("pin", "rm", cid)
    run("store", "gc")
    refused = run("car", "export", cid, "-o", "site.car", "--offline")
    assert refused.exit_code == 1
    assert list(Path().glob("site.car*")) == []
    refused = run("car", "export", EMPTY, "-o", "no/such/folder.car", "--offline")
    assert "cannot be written: No such file" in refused.stderr


def test_an_archive_does_not_stand_among_json() -> None:
    refused = run("car", "export", EMPTY, "--json", "--offline")
    assert refused.exit_code == 2
    assert "--output" in refused.stdout


def test_a_pin_without_anybody_to_ask(cid: str) -> None:
    assert told("pin", "add", cid, "--name", "mine", "--offline")[0]["name"] == "mine"
    assert f"{cid}  pinned: 3 blocks" in run("pin", "add", cid, "--offline").stdout
    direct = run("pin", "add", EMPTY, "--direct", "--offline")
    assert direct.stdout == f"{EMPTY}  pinned: 0 blocks, 0 bytes\n"
    run("pin", "rm", cid)
    run("store", "gc")
    refused = run("pin", "add", cid, "--offline")
    assert refused.exit_code == 1
    assert cid in refused.stderr
    assert "the pin stays, incomplete" in refused.stderr
    assert "next   nobody was asked" in refused.stderr


def test_what_the_store_holds(cid: str) -> None:
    [stat] = told("store", "stat")
    assert (stat["blocks"], stat["pinned_blocks"], stat["pins"]) == (3, 3, 1)
    assert stat["limit_bytes"] == 16 * 10**9
    shown = run("store", "stat").stdout
    assert "3 blocks, 1.0 MB of 16.0 GB" in shown
    assert "by 1 pin" in shown
    run("add", "-q", "--no-pin", str(Path("a file")))
    assert run("store", "gc").stdout == "removed 0 blocks, 0 bytes\n"
    assert told("store", "stat")[0]["blocks"] == 3


@pytest.mark.parametrize("words", [("pin", "add"), ("pin", "rm"), ("car", "export")])
def test_what_is_no_cid_is_usage(words: tuple[str, ...]) -> None:
    refused = run(*words, "hello")
    assert refused.exit_code == 2
    assert "hello is no CID" in refused.stderr
    assert "bafybei" in refused.stderr


def test_what_is_below_an_address_is_pinned_and_exported_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "site" / "docs").mkdir(parents=True)
    (tmp_path / "site" / "docs" / "a").write_bytes(b"a")
    root = run("add", "-q", "--no-pin", "site").stdout.strip()
    below = json.loads(run("ls", "--offline", "--json", root).stdout)["cid"]
    place = f"/ipfs/{root}/docs"
    assert told("pin", "add", place, "--offline")[0]["cid"] == below
    assert told("car", "export", place, "-o", "docs.car", "--offline")[0]["cid"] == below
    assert told("pin", "rm", f"ipfs://{root}/docs") == [{"cid": below, "pinned": False}]
    absent = run("pin", "add", f"{root}/absent", "--offline")
    assert absent.exit_code == 1
    assert "next   walkaway ls shows what is there" in absent.stderr


def test_on_a_narrow_screen_an_address_stands_in_one_piece_above_its_pin(
    cid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run("pin", "ls").stdout == f"{cid}\n  3 blocks, 1.0 MB, whole  a file\n"
