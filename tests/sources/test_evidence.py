"""Lies on disk: private, bounded, whole, and without keys."""

from __future__ import annotations

import base64
import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from walkaway.errors import ConfigError, ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.evidence import EvidenceStore, Lie
from walkaway.sources.flow import Flow
from walkaway.sources.redact import Scrubber
from walkaway.sources.request import (
    Answer,
    ArweaveRequest,
    BeaconRequest,
    BlockRequest,
    IpnsRequest,
    ProvidersRequest,
    Request,
    RpcRequest,
)

CID = Cid.of(codecs.RAW, b"")
KEY = "k3y-0123456789abcdef"
SMALL = replace(LIMITS, evidence_files=3, evidence_bytes=400)


def lie(answer: Answer, *, time: float = 1_700_000_000.5, source: str = "a/../b") -> Lie:
    return Lie(
        time=time,
        source=source,
        operator="acme",
        request=RpcRequest("eth_getProof", ("0x00", [], "latest")),
        answer=answer,
        error=ProofError(f"wrong at {KEY}", commitment="state root", expected=b"\x01", got=b"\x02"),
        scrub=Scrubber(f"https://rpc.example/v2/{KEY}"),
    )


def kept(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_a_file_says_what_was_asked_what_came_and_why_it_is_a_lie(tmp_path: Path) -> None:
    path = EvidenceStore(tmp_path).keep(lie(Answer("a", {"x": 1}, "deneb")))
    assert path.parent == tmp_path
    assert kept(path) == {
        "time": "2023-11-14T22:13:20.500000+00:00",
        "source": "a/../b",
        "operator": "acme",
        "asked": {
            "method": "eth_getProof",
            "params": ["0x00", [], "latest"],
            "by_hash": False,
            "max_bytes": 1024 * 1024,
            "kind": "execution",
            "depth": None,
        },
        "answered": {"bytes": 8, "fork": "deneb", "encoding": "text", "content": '{"x": 1}'},
        "commitment": "state root",
        "why": "wrong at (redacted); commitment: state root; expected 0x01; got 0x02",
    }


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "lies"
    before = os.umask(0)
    try:
        path = EvidenceStore(folder).keep(lie(Answer("a", 1)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "answer",
    [
        Answer("a", f"see https://rpc.example/v2/{KEY}"),
        Answer("a", {KEY: [KEY]}),
        Answer("a", None, content=b"\xff" + KEY.encode()),
        Answer("a", b"\xff\x00" + KEY.encode()),
    ],
    ids=["url", "json", "binary content", "binary body"],
)
def test_an_answer_that_echoes_the_key_is_scrubbed(answer: Answer, tmp_path: Path) -> None:
    path = EvidenceStore(tmp_path).keep(lie(answer))
    said = kept(path)["answered"]
    content = said["content"].encode()
    if said["encoding"] == "base64":
        content = base64.b64decode(content)
    assert content
    assert KEY.encode() not in content
    assert KEY not in path.read_text()


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize("before", [380, 397, 400, 4470, 4480, 4490])
def test_a_key_across_the_cut_leaves_nothing(before: int, binary: bool, tmp_path: Path) -> None:
    url = "https://rpc.example/" + "x" * 500 + " "  # goes, so that what is behind it moves up
    text = ((url * 9)[: before - 1] + " ").encode() + KEY.encode() + b"z" * 9000
    path = EvidenceStore(tmp_path, limits=SMALL).keep(
        lie(Answer("a", None, content=(b"\xff" + text) if binary else text))
    )
    content = kept(path)["answered"]["content"]
    shown = base64.b64decode(content).decode("latin-1") if binary else content
    assert KEY[: 3 if before <= SMALL.evidence_bytes else 6] not in shown


def test_no_more_of_an_answer_is_scrubbed_than_is_kept(tmp_path: Path) -> None:
    lengths: list[int] = []

    def scrub(text: str) -> str:
        lengths.append(len(text))
        return text

    for content in (b"x" * 9_000_000, b"\xff" * 9_000_000, b"x" + "é".encode() * 4_500_000):
        big = replace(lie(Answer("a", None, content=content)), scrub=scrub)
        said = kept(EvidenceStore(tmp_path).keep(big))["answered"]
        assert said["bytes"] == len(content)
        assert said["encoding"] == ("base64" if content[0] == 0xFF else "text")
    assert max(lengths) < LIMITS.evidence_bytes + 10_000


def test_what_a_killed_process_left_half_written_goes(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, signal\n"
        "from tests.sources.test_evidence import lie\n"
        "from walkaway.sources.evidence import EvidenceStore\n"
        "from walkaway.sources.request import Answer\n"
        "pathlib.Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"EvidenceStore(pathlib.Path({str(tmp_path)!r})).keep(lie(Answer('a', 1)))\n"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", program], check=False, cwd=root)
    assert ended.returncode == -signal.SIGKILL
    (unfinished,) = tmp_path.iterdir()
    EvidenceStore(tmp_path)
    assert unfinished.exists(), "another process may be writing it now"
    os.utime(unfinished, (0, 0))
    mine = [tmp_path / name for name in ("notes.partial", ".partial", "x.json")]
    for path in mine:
        path.write_text("")
    EvidenceStore(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(mine)


def test_files_are_bounded_in_number_and_size(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, limits=SMALL)
    for second in range(6):
        big = "x" * 10_000 if second % 2 else b"\xff" * 10_000
        request = RpcRequest("x", ("y" * 10_000,))
        store.keep(replace(lie(Answer("a", big), time=float(second)), request=request))
    assert [kept(path)["time"][17:19] for path in store.files()] == ["03", "04", "05"]
    assert all(path.stat().st_size < 3 * SMALL.evidence_bytes for path in store.files())
    assert kept(store.files()[0])["answered"]["bytes"] == 10_002


@pytest.mark.parametrize(
    "body",
    [None, "\ud800", {1: b"x"}, 10**4000, object()],
    ids=["nothing", "no text", "bytes", "large", "an object"],
)
def test_any_body_can_be_kept(body: object, tmp_path: Path) -> None:
    kept(EvidenceStore(tmp_path).keep(lie(Answer("a", body))))


def test_beacon_questions_are_kept_too(tmp_path: Path) -> None:
    question = BeaconRequest("/eth/v1/beacon/genesis", (("a", "b"),))
    path = EvidenceStore(tmp_path).keep(replace(lie(Answer("a", 1)), request=question))
    assert kept(path)["asked"]["query"] == [["a", "b"]]


def test_a_folder_that_cannot_be_is_a_setting_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        EvidenceStore(tmp_path / "file" / "lies")
    assert caught.value.advice


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    store = EvidenceStore(tmp_path)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        store.keep(lie(Answer("a", 1)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("request_", "form"),
    [
        (BlockRequest(CID, flow=Flow(7)), "blocks"),
        (ProvidersRequest(CID), "providers"),
        (IpnsRequest(CID), "IPNS records, routing"),
    ],
)
def test_a_lie_about_content_names_its_address(
    tmp_path: Path, request_: Request, form: str
) -> None:
    told = replace(lie(Answer("a", b"\xff", content=b"\xff")), request=request_)
    asked = kept(EvidenceStore(tmp_path).keep(told))["asked"]
    assert asked == {"form": form, "cid": str(CID), "max_bytes": request_.answer_bytes}


def test_a_lie_about_arweave_names_its_id(tmp_path: Path) -> None:
    request = ArweaveRequest("A" * 43, "chunk", 7)
    told = replace(lie(Answer("a", b"{}", content=b"{}")), request=request)
    asked = kept(EvidenceStore(tmp_path).keep(told))["asked"]
    most = request.answer_bytes
    assert asked == {"form": "Arweave, chunk", "id": "A" * 43, "offset": 7, "max_bytes": most}
