"""One app from every network in Chromium: it looks and does the same, each page of evidence
says on what it stands, and what becomes of it without any source is said as well.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from tests.interop.stores_browser.chromium import RANGES, SEEK_TO, seen_by_chromium
from tests.interop.stores_browser.tides import BELL, BELL_SECONDS, media_type
from tests.interop.stores_browser.world import LIARS, StoresWorld

pytestmark = pytest.mark.interop

TYPES: Final = (
    "style.css", "app.js", "tides.json", "parts/add.wasm", "fonts/site.woff2",
    "pictures/moon.svg", "pictures/chart.png",
)  # fmt: skip


async def test_one_app_from_every_network(tmp_path: Path) -> None:
    told, world = await seen_by_chromium(tmp_path)
    assert world.caught() == LIARS
    assert [*told["apps"]] == ["ipfs", "arweave", "contract", "resources", "blobs"]
    for network, app in told["apps"].items():
        it_works(app, world, network)
    assert len({app["picture"] for app in told["apps"].values()}) == 1
    assert len({app["looks"] for app in told["apps"].values()}) == 1
    for explained in told["explained"].values():
        for scheme, page in explained["pages"].items():
            the_page_is_sound(page, scheme, world)
    of_ipfs_nobodys_word_is_needed(told["explained"]["ipfs"], world)
    of_arweave_its_owners_signature_stands(told["explained"]["arweave"])
    of_a_contract_the_chain_is_believed(told["explained"]["contract"])
    of_a_contract_the_chain_is_believed(told["explained"]["resources"])
    of_blobs_it_says_how_much_of_a_hash_is_held(told["explained"]["blobs"])
    names_lead_to_it(told, world)
    without_sources_what_is_kept_opens_and_the_rest_is_told(told["left"])


def it_works(app: dict[str, Any], world: StoresWorld, network: str) -> None:
    """Everything that an app does, without one complaint, and asking its own origin alone."""
    assert app["complaints"] == [], network
    assert app["asked"] == [world.origin(network)]
    assert app["status"] == 200
    assert app["page"] == {
        "title": "Tides: today",
        "said": "High water at 07:12 and at 19:40.",
        "sum": "7",
        "fonts": ["loaded"],
        "pictures": [True, True],
        "secure": True,
        "apart": True,
        "types": {path: media_type(path) for path in TYPES},
    }
    assert app["week"].startswith("Spring tide")
    assert app["docs"] == {"title": "About tides", "font": "Site, serif"}
    assert app["back"] == "Tides: week"
    assert app["ranges"] == [part_of(world.files[BELL], range_, network) for range_ in RANGES]
    assert app["bell"] == {"seconds": BELL_SECONDS, "at": SEEK_TO}
    assert (app["worker"], app["offline"]) == ("made here", "Tides: today")


def part_of(data: bytes, range_: str, network: str) -> list[object]:
    """The answer to a request for a part: its status, which part it is, and its digest.

    How long a page in chunks is, only its end tells: there it is the whole.
    """
    if network == "resources":
        return [200, None, sha256(data).hexdigest()]
    first, _, last = range_.partition("-")
    start = int(first) if first else len(data) - int(last)
    end = int(last) + 1 if first else len(data)
    said = f"bytes {start}-{end - 1}/{len(data)}"
    return [206, said, sha256(data[start:end]).hexdigest()]


def the_page_is_sound(page: dict[str, Any], scheme: str, world: StoresWorld) -> None:
    """By day and by night, by keys alone, on a phone; and it loads nothing but itself."""
    assert page["complaints"] == []
    assert page["asked"] == [f"http://localhost:{world.port}"]
    assert page["background"] == (scheme == "dark")
    assert page["overhang"] <= 0
    assert page["reached"]
    assert all(one["shown"] for one in page["reached"])


def of_ipfs_nobodys_word_is_needed(explained: dict[str, Any], world: StoresWorld) -> None:
    told = explained["json"]
    assert told["isProven"]
    assert told["blocks"][0]["cid"] == world.roots["ipfs"].removesuffix(".ipfs")
    assert [block["from"] for block in told["blocks"]] == ["hazel", "hazel"]
    says(explained, "Proven: every step", "Nothing, and nobody", "hazel")


def of_arweave_its_owners_signature_stands(explained: dict[str, Any]) -> None:
    told = explained["json"]
    assert (told["isProven"], told["file"]["believed"]) == (True, [])
    rules(told, "the manifest, which its owner signed", "the owner's key signed the item")
    says(explained, "Proven: every step", "Nothing, and nobody", "which its owner signed", "oak")


def of_a_contract_the_chain_is_believed(explained: dict[str, Any]) -> None:
    told = explained["json"]
    assert (told["isProven"], told["file"]["believed"]) == (True, [])
    rules(told, "ERC-6860", "state root", "sync committee", "checkpoint")
    says(explained, "Proven: every step", "checkpoint; root 0x", "the engine that ran it")
    for page in explained["pages"].values():
        assert "184 bits" not in page["text"]


def of_blobs_it_says_how_much_of_a_hash_is_held(explained: dict[str, Any]) -> None:
    told = explained["json"]
    (word,) = told["file"]["believed"]
    assert (told["isProven"], word["saidBy"]) == (True, [])
    rules(told, "checkpoint", "its KZG commitment hashes to the versioned hash", "trusted setup")
    says(explained, "Proven, within the limit", "184 bits", "2^92", "trusted setup of KZG")
    assert [given["from"] for given in told["suppliedBy"]] == [["pine"]]
    says(explained, "pine")


def names_lead_to_it(told: dict[str, Any], world: StoresWorld) -> None:
    """Each name is proven to lead where the app was opened before, and shows the same."""
    chain = world.devnet.spec.chain_id
    names = {"ipfs": "dag.eth", "arweave": "weave.eth", "contract": f"code.eth:{chain}"}
    for network, name in names.items():
        named = told["named"][network]
        assert named["complaints"] == [], network
        assert named["picture"] == told["apps"][network]["picture"]
        (step,) = named["json"]["names"]
        assert (step["name"], step["standing"]) == (name, "proven")
        assert named["json"]["root"] == told["explained"][network]["json"]["root"]
        assert named["json"]["isProven"]
        for words in (f"{name} leads to", step["pointer"], "checkpoint; root 0x", "sync committee"):
            assert words in named["text"], (network, words)


def rules(told: dict[str, Any], *words: str) -> None:
    """Its evidence has steps of these."""
    evidence = json.dumps(told["file"]["because"])
    for word in words:
        assert word in evidence, word


def says(explained: dict[str, Any], *words: str) -> None:
    """A person reads this, by day and by night."""
    for page in explained["pages"].values():
        for word in words:
            assert word in page["text"], word


def without_sources_what_is_kept_opens_and_the_rest_is_told(left: dict[str, Any]) -> None:
    """First those of content go, then those of the chain."""
    for network in ("ipfs", "arweave", "contract", "resources", "blobs"):
        known = left[network]["known"]
        assert (known["status"], known["title"]) == (200, "Tides: today"), network
    for network in ("contract", "resources"):
        assert left[network]["late"]["title"] == "late"
    away = {"ipfs": "hazel", "arweave": "oak", "blobs": "pine", "chain": "alder"}
    for network, name in away.items():
        late = left[network]["late"]
        assert late["status"] == 502, network
        for words in (
            "not shown",
            name,
            "Connection refused",
            "Try again",
            "how far it was proven",
        ):
            assert words in late["text"], (network, words)
        assert left[network]["overhang"] <= 0
        why = left[network]["why"]
        assert why["heading"] == "Why this page is not shown", network
        for words in ("nothing unproven was shown", name, "Connection refused"):
            assert words in why["text"], (network, words)
