"""Chromium opens a whole site from its content's own origin: scripts, font, film and worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.gateway_browser.website import FILM_SECONDS, build_website
from tests.interop.peers import free_port, node_package, run_client, system_chromium
from tests.interop.walkaway_process import Walkaway, walkaway_gateway

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
PICTURES = "GATEWAY_PICTURES"
"""An environment variable that names a folder, for whoever wants to see what Chromium showed."""

SEEK_TO = 40
MISSING = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
"""An address that nobody here holds anything for."""


@asynccontextmanager
async def website(folder: Path, packages: Path) -> AsyncIterator[tuple[str, str, str]]:
    """The site's origin, its address, and that of its gateway, whose one source is away."""
    await build_website(folder / "site", packages)
    cid = await Walkaway(folder / "state").add(folder / "site")
    nobody = f"content=http://127.0.0.1:{free_port()}"
    async with walkaway_gateway(Walkaway(folder / "state", [nobody])) as gateway:
        yield gateway.origin(cid), cid, gateway.url


async def opened(folder: Path) -> dict[str, Any]:
    """What one Chromium saw of the site, and of the pages that the gateway writes."""
    home = await node_package(SCRIPTS / "package.json")
    script = str(shutil.copy(SCRIPTS / "site.mjs", home))
    async with website(folder, home) as (origin, cid, gateway):
        told: dict[str, Any] = await run_client(
            "node",
            script,
            cwd=home,
            facts={
                "chromium": await system_chromium(),
                "site": f"{origin}/",
                "byPath": f"{gateway}/ipfs/{cid}/",
                "picture": f"{gateway}/ipfs/{cid}/pictures/dot.svg",
                "seek": SEEK_TO,
                "pictures": os.environ.get(PICTURES, ""),
                "pages": {
                    "start": gateway.replace("127.0.0.1", "localhost") + "/",
                    "listing": f"{origin}/pictures/",
                    "missing": f"{origin}/nothing",
                    "unproven": gateway.replace("127.0.0.1", f"{MISSING}.ipfs.localhost") + "/",
                },
            },
        )
    return told | {"origin": origin, "cid": cid, "gateway": gateway}


async def test_a_site_opens_whole_at_its_own_origin(tmp_path: Path) -> None:
    told = await opened(tmp_path)
    assert told["complaints"] == []
    assert told["first"] == {
        "title": "One, by a module",
        "said": "read by a script",
        "font": ["loaded"],
        "secure": True,
        "apart": True,
        "origin": told["origin"],
    }
    assert told["docs"] == "Docs"
    film_is_played_from_the_middle(told)
    assert told["worker"] == "made here"
    assert told["offline"] == "One, by a module"
    whole = {"styled": True, "picture": True, "film": True}
    assert told["led"] == whole | {"at": told["origin"], "title": "One, by a module", "refused": []}
    # Its address by path is shared, so that no script of it runs there.
    kept = told["kept"]
    assert kept == whole | {"at": told["gateway"], "title": "loading", "refused": kept["refused"]}
    assert not [fault for fault in kept["refused"] if told["cid"] in fault]
    assert told["stranger"] == {"picture": "refused", "read": "TypeError"}
    for name, page in told["pages"].items():
        the_gateways_page_is_sound(name, page)


def film_is_played_from_the_middle(told: dict[str, Any]) -> None:
    """The browser asked for ranges, got them, and did not read the film from its beginning."""
    assert told["film"]["width"] == 320
    assert told["film"]["seconds"] == pytest.approx(FILM_SECONDS, abs=1)
    assert told["film"]["at"] >= SEEK_TO
    assert {asked["status"] for asked in told["ranges"]} == {206}
    begins = [int(asked["range"].removeprefix("bytes ").split("-")[0]) for asked in told["ranges"]]
    assert max(begins) > 0


STATUSES = {"start": 200, "listing": 200, "missing": 404, "unproven": 502}
SAYS = {"listing": "a name & more.txt", "missing": "nothing", "unproven": "given-1"}


def the_gateways_page_is_sound(name: str, page: dict[str, Any]) -> None:
    """It says what it should, by day and by night, and loads nothing but itself."""
    kind, scheme = name.split()
    assert page["status"] == STATUSES[kind], name
    assert SAYS.get(kind, "") in page["text"], name
    assert len(page["asked"]) == 1, name
    assert "default-src 'none'" in page["policy"], name
    assert page["overhang"] <= 0, f"{name}: it runs out of a narrow page"
    red, green, blue = page["background"]
    assert (red + green + blue < 384) == (scheme == "dark"), name
