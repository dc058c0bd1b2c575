"""Origins of names: what a hijacked page leaves in a browser, and who decides of names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.content.exporter.dags import Dag
from tests.gateway.asgi_client import Reply, ask
from tests.names.changing import NOON, ChangingNames
from walkaway.chain.clock import FixedClock
from walkaway.content.service import ContentStatus
from walkaway.content.store.rows import Stat
from walkaway.errors import (
    Elsewhere,
    NoSuchName,
    ProofError,
    StoreFault,
    Unproven,
    UnsignedName,
    Unsupported,
    WalkawayError,
)
from walkaway.gateway.answers.answer import Answer
from walkaway.gateway.answers.failures import Failure
from walkaway.gateway.app import Gateway
from walkaway.gateway.origins.name_origins import CLEAR_PATH, DECIDE_PATH, NameOrigins
from walkaway.gateway.pages.own_pages import OwnPages
from walkaway.gateway.request.asked import Asked, read_wish
from walkaway.gateway.request.hosts import GatewaySettings, Place
from walkaway.gateway.request.mount import Mount
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy
from walkaway.names.pointer import Pointer
from walkaway.names.served import ServedPointers
from walkaway.names.steady import SteadyNames

APP, ORIGIN, OWN = "app.eth", "app-eth.localhost:8080", "localhost:8080"
NAVIGATE = {
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "sec-fetch-site": "none",
    "accept": "text/html",
}
WORKER = {
    "service-worker": "script",
    "sec-fetch-mode": "same-origin",
    "sec-fetch-site": "same-origin",
}
SCRIPT = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "script", "sec-fetch-site": "same-origin"}


class World:
    """A gateway with one name, its honest release and a hijacked one."""

    def __init__(
        self,
        history: PointerHistory,
        *,
        hold: float = 0,
        settings: GatewaySettings | None = None,
    ) -> None:
        self.dag, self.history, self.clock = Dag(), history, FixedClock(NOON)
        self.good = self._release(b"good", ("worker.js", b"// good worker"))
        self.evil = self._release(b"evil", ("evil.js", b"// evil worker"))
        self.names = ChangingNames({APP: self.good})
        policy = HoldPolicy(hold)
        steady = SteadyNames(self.names, history, policy, self.clock)
        origins = NameOrigins(history, policy, self.clock)
        self.gateway = Gateway(self.dag, self.dag, steady, settings=settings, origins=origins)
        self.gateway.own_pages = OwnPages(_status, names=origins.section)

    def _release(self, page: bytes, script: tuple[str, bytes]) -> Pointer:
        dag = self.dag
        rules = dag.raw(b"/* /index.html 200\n")
        held = [("_redirects", rules), ("index.html", dag.raw(b"<!doctype html>" + page))]
        root = dag.directory(sorted([*held, (script[0], dag.raw(script[1]))]))
        return Pointer("ipfs", str(root))

    async def get(
        self, target: str = "/", *, host: str = ORIGIN, headers: Mapping[str, str] = NAVIGATE
    ) -> Reply:
        return await ask(self.gateway, target, host=host, headers=headers)

    async def post(
        self, target: str, fields: Mapping[str, str], *, host: str, **changed: str
    ) -> Reply:
        return await post_form(self.gateway, target, fields, host=host, **changed)

    async def hijack_and_restore(self) -> None:
        """The name was shown as hijacked, and is what it was again."""
        assert b"good" in (await self.get()).body
        self.names.says[APP] = self.evil
        self.clock.seconds += 60
        assert b"evil" in (await self.get()).body
        self.names.says[APP] = self.good
        self.clock.seconds += 60


async def post_form(
    gateway: Gateway, target: str, fields: Mapping[str, str], *, host: str, **changed: str
) -> Reply:
    """Send a form as the browser does whose page holds it."""
    told = {
        "origin": f"http://{host}",
        "content-type": "application/x-www-form-urlencoded",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
        "sec-fetch-site": "same-origin",
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    body = urlencode(fields).encode()
    return await ask(gateway, target, host=host, method="POST", headers=told, body=body)


async def _status() -> ContentStatus:
    return ContentStatus(NOON, Stat(0, 0, 0, 0, 0, 0, 0, 0), (), (), ())


@pytest.fixture
def history(tmp_path: Path) -> Iterator[PointerHistory]:
    made = PointerHistory(tmp_path / "names.sqlite")
    yield made
    made.close()


@pytest.fixture
def world(history: PointerHistory) -> World:
    return World(history)


def fields_of(page: str, do: str = "") -> dict[str, str]:
    """The hidden fields of the form that does something."""
    for form in re.findall(r"<form.*?</form>", page, re.S):
        found = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', form))
        if found.get("do", "") == do:
            return {name: unescape(value) for name, value in found.items()}
    raise AssertionError(f"no form does {do!r}: {page}")


async def test_a_worker_that_is_not_in_the_release_is_ended(world: World) -> None:
    reply = await world.get("/evil.js", headers=WORKER)
    assert reply.status == 200
    assert reply.header("content-type").startswith("text/javascript")
    assert reply.header("cache-control") == "no-store"
    assert "unregister()" in reply.text
    # Whatever would make the browser keep the old one is no answer: a page, a redirect.
    for target in ("/", "/index.html", "/missing/"):
        assert "unregister()" in (await world.get(target, headers=WORKER)).text, target
    # The same path is a page by the site's own rules for whoever is no worker.
    assert b"good" in (await world.get("/evil.js")).body


@pytest.mark.parametrize(
    ("error", "is_ended"),
    [
        (NoSuchName("it says nothing of content", reasons={"ENS": "no record"}), True),
        (UnsignedName("not signed", reasons={}), True),
        (Unsupported("a network that is not known"), True),
        (ProofError("no content path"), True),
        (Failure(410, "denied"), True),
        (Failure(451, "denied"), True),
        (Unproven("nobody answered", reasons={"a": "silent"}), False),
        (Elsewhere("its record is over"), False),
        (Failure(503, "too many"), False),
    ],
)
async def test_a_worker_of_a_name_that_leads_nowhere_is_ended(
    world: World, error: WalkawayError, is_ended: bool
) -> None:
    world.names.says[APP] = error
    reply = await world.get("/worker.js", headers=WORKER)
    assert ("unregister()" in reply.text) is is_ended
    assert (reply.status == 200) is is_ended


async def test_a_worker_of_the_release_is_itself_and_checked_each_time(world: World) -> None:
    reply = await world.get("/worker.js", headers=WORKER)
    assert reply.body == b"// good worker"
    assert reply.header("cache-control") == "no-cache"
    again = WORKER | {"if-none-match": reply.header("etag")}
    assert (await world.get("/worker.js", headers=again)).status == 304


async def test_leaving_a_hijacked_page_clears_its_origin_first(world: World) -> None:
    await world.hijack_and_restore()
    page = await world.get("/docs?a=1")
    assert "went back to what it said before" in page.text
    assert str(world.evil) in page.text
    assert "<!doctype html>good" not in page.text
    policy = page.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert page.header("cache-control") == "no-store"
    # No worker lives on meanwhile, not even under the name of one of the release.
    assert "unregister()" in (await world.get("/worker.js", headers=WORKER)).text
    # Programs are not held up, and their answers clear nothing.
    assert b"good" in (await world.get(headers={})).body
    cleared = await world.post(CLEAR_PATH, fields_of(page.text), host=ORIGIN)
    assert cleared.status == 303
    assert cleared.header("location") == "/docs?a=1"
    assert '"storage"' in cleared.header("clear-site-data")
    assert b"good" in (await world.get()).body
    assert (await world.get("/worker.js", headers=WORKER)).body == b"// good worker"


async def test_what_was_rejected_is_left_too(world: World) -> None:
    await world.get()
    world.names.says[APP] = world.evil
    assert b"evil" in (await world.get()).body
    await world.history.reject(APP, world.evil, now=NOON)
    assert "you rejected it" in (await world.get()).text


async def test_what_a_pin_leads_back_from_is_left_too(world: World) -> None:
    await world.get()
    world.names.says[APP] = world.evil
    world.clock.seconds += 60
    assert b"evil" in (await world.get()).body
    await world.history.pin(APP, world.good, now=world.clock.seconds)
    assert "you pinned the name at another version" in (await world.get()).text


async def test_a_release_that_follows_another_clears_nothing(world: World) -> None:
    await world.get()
    world.names.says[APP] = world.evil
    world.clock.seconds += 60
    for _ in range(2):
        assert b"evil" in (await world.get()).body


async def test_a_page_is_told_where_browsers_send_no_fetch_metadata(world: World) -> None:
    plain = {"accept": "text/html", "upgrade-insecure-requests": "1"}
    for release, shows in ((world.good, "good"), (world.evil, "evil"), (world.good, "went back")):
        world.names.says[APP] = release
        world.clock.seconds += 60
        assert shows in (await world.get("/index.html", headers=plain)).text


async def test_nobody_who_was_not_shown_it_is_held_up(world: World) -> None:
    await world.get(headers={})
    world.names.says[APP] = world.evil
    world.clock.seconds += 60
    await world.get(headers={})
    world.names.says[APP] = world.good
    assert b"good" in (await world.get()).body


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "http://evil-eth.localhost:8080"},
        {"origin": "null"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_mode": "cors"},
        {"content_type": "text/plain"},
        {"x_forwarded_host": OWN},
    ],
)
async def test_only_its_own_page_clears_an_origin(world: World, changed: dict[str, str]) -> None:
    await world.hijack_and_restore()
    fields = fields_of((await world.get()).text)
    refused = await world.post(CLEAR_PATH, fields, host=ORIGIN, **changed)
    assert refused.status in (400, 403)
    assert "clear-site-data" not in refused.headers
    assert "went back" in (await world.get()).text


@pytest.mark.parametrize(
    ("then", "leads"),
    [
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a", "/a"),
    ],
)
async def test_clearing_leads_to_the_same_origin(world: World, then: str, leads: str) -> None:
    await world.hijack_and_restore()
    fields = fields_of((await world.get()).text) | {"then": then}
    assert (await world.post(CLEAR_PATH, fields, host=ORIGIN)).header("location") == leads


async def test_what_waits_is_told_and_decided_on_the_gateways_own_page(
    history: PointerHistory,
) -> None:
    world = World(history, hold=86_400)
    await world.get()
    world.names.says[APP] = world.evil
    world.clock.seconds += 60
    told = await world.get()
    assert b"good" in told.body
    assert told.header("walkaway-name-waiting") == (
        f'"app.eth"; says="{world.evil}"; why="it has not stood for long enough yet"; '
        f"since={NOON + 60:.0f}; until={NOON + 86_460:.0f}"
    )
    page = await world.get(host=OWN)
    assert '<h2 id="names" tabindex="-1">' in page.text, "where a decision leads back to"
    assert "That is believed from 2026-10-02 12:01 UTC on" in page.text
    fields = fields_of(page.text, "accept")
    assert fields["pointer"] == str(world.evil)
    accepted = await world.post(DECIDE_PATH, fields, host=OWN)
    assert (accepted.status, accepted.header("location")) == (303, "/#names")
    assert b"evil" in (await world.get()).body
    # Then it is rejected, which the origin hears of.
    world.names.says[APP] = world.good
    assert b"evil" in (await world.get()).body
    await world.post(DECIDE_PATH, fields_of((await world.get(host=OWN)).text, "accept"), host=OWN)
    assert "went back" in (await world.get()).text
    page = await world.get(host=OWN)
    assert "hold Shift while you reload it" in page.text
    keep = fields_of(page.text, "keep-stored")
    assert keep["name"] == ORIGIN
    await world.post(DECIDE_PATH, keep, host=OWN)
    assert b"good" in (await world.get()).body


async def test_pins_and_rejections_from_the_page(history: PointerHistory) -> None:
    world = World(history, hold=86_400)
    await world.get()
    pin = fields_of((await world.get(host=OWN)).text, "pin")
    await world.post(DECIDE_PATH, pin, host=OWN)
    world.names.says[APP] = world.evil
    await world.get()
    page = (await world.get(host=OWN)).text
    assert "It is pinned" in page
    await world.post(DECIDE_PATH, fields_of(page, "reject"), host=OWN)
    await world.post(DECIDE_PATH, fields_of(page, "unpin"), host=OWN)
    world.clock.seconds += 10 * 86_400
    assert b"good" in (await world.get()).body
    assert "You rejected that" in (await world.get(host=OWN)).text


async def test_only_the_gateways_own_origin_decides(history: PointerHistory) -> None:
    world = World(history, hold=86_400)
    await world.get()
    world.names.says[APP] = world.evil
    await world.get()
    fields = fields_of((await world.get(host=OWN)).text, "accept")
    for host in ("127.0.0.1:8080", ORIGIN, "ipfs.localhost:8080"):
        assert "<form" not in (await world.get(host=host)).text, host
        refused = await world.post(DECIDE_PATH, fields, host=host)
        assert refused.status in (403, 405), host
    spoilt = [
        await world.post(DECIDE_PATH, fields | {"token": "0" * 64}, host=OWN),
        await world.post(DECIDE_PATH, {**fields, "token": ""}, host=OWN),
        await world.post(DECIDE_PATH, fields, host=OWN, origin="http://127.0.0.1:8080"),
        await world.post(DECIDE_PATH, fields, host=OWN, origin=f"http://{ORIGIN}"),
        await world.post(DECIDE_PATH, fields, host=OWN, sec_fetch_site="cross-site"),
        await world.post(DECIDE_PATH, fields | {"do": "everything"}, host=OWN),
        await world.post(DECIDE_PATH, fields | {"pointer": str(world.good)}, host=OWN),
        await world.post(DECIDE_PATH, fields | {"much": "x" * 20_000}, host=OWN),
        await world.get(DECIDE_PATH, host=OWN),
    ]
    assert {reply.status for reply in spoilt} <= {400, 403, 404, 422}
    assert b"good" in (await world.get()).body


async def test_nobody_decides_where_the_gateways_own_host_has_path_urls(
    history: PointerHistory,
) -> None:
    shared = GatewaySettings(subdomain_hosts=("gateway.example",), allowed_hosts=("localhost",))
    world = World(history, hold=86_400, settings=shared)
    own = World(history, hold=86_400)
    await own.get()
    own.names.says[APP] = own.evil
    await own.get()
    fields = fields_of((await own.get(host=OWN)).text, "accept")
    assert (await world.post(DECIDE_PATH, fields, host=OWN)).status == 405
    assert b"good" in (await own.get()).body


async def test_a_decision_by_another_process_overtakes_what_was_ready(
    world: World, tmp_path: Path
) -> None:
    plain = {"sec-fetch-mode": "no-cors", "sec-fetch-site": "same-origin"}
    await world.get("/index.html", headers=plain)
    world.names.says[APP] = world.evil
    world.clock.seconds += 60
    await world.get("/index.html")
    other = PointerHistory(tmp_path / "names.sqlite")
    try:
        await other.reject(APP, world.evil, now=NOON)
    finally:
        other.close()
    assert b"good" in (await world.get("/index.html", headers=plain)).body


@pytest.mark.parametrize("headers", [SCRIPT, WORKER, {"user-agent": "Mozilla/5.0 (X11) Gecko"}])
async def test_a_page_that_is_open_is_given_scripts_of_the_next_release(
    world: World, headers: Mapping[str, str]
) -> None:
    await world.get()
    world.names.says[APP] = world.evil
    world.clock.seconds += 60
    # No page of this release is opened, but its script runs in the origin of the one that is.
    assert (await world.get("/evil.js", headers=headers)).body == b"// evil worker"
    await world.history.reject(APP, world.evil, now=world.clock.seconds)
    assert "you rejected it" in (await world.get()).text
    assert "unregister()" in (await world.get("/worker.js", headers=WORKER)).text


@pytest.mark.parametrize(("headers", "seconds"), [({}, 0), (SCRIPT, 9), (WORKER, 9)])
async def test_what_was_not_noted_is_not_ready_for_a_browser(
    history: PointerHistory, headers: dict[str, str], seconds: float
) -> None:
    told = [(name.encode(), value.encode()) for name, value in headers.items()]
    wish = read_wish("GET", b"/worker.js", b"", told)
    place = Place("name", ORIGIN, OWN, "ipns", APP)
    asked = Asked(Mount("name", "ipns", APP, ORIGIN, OWN), ("worker.js",), False, wish)

    async def serve(_asked: Asked) -> Answer:
        return Answer(200, [(b"content-type", b"text/javascript")], b"//", ready_seconds=9)

    origins = NameOrigins(history, HoldPolicy(), FixedClock(NOON))
    assert (await origins.answer(place, asked, serve)).ready_seconds == seconds


async def test_what_cannot_be_noted_is_not_given(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.get()
    world.names.says[APP] = world.evil
    world.clock.seconds += 60
    await world.get("/evil.js", headers={})

    async def full(_work: object) -> None:
        raise StoreFault("the disk is full")

    monkeypatch.setattr(world.history.file, "write", full)
    refused = await world.get("/evil.js", headers=SCRIPT)
    assert (refused.status >= 500, b"evil worker" in refused.body) == (True, False)


@pytest.mark.parametrize("host", ["evil.eth", "evil-eth.localhost:8080", OWN, "127.0.0.1:8080"])
async def test_no_page_speaks_for_another_host(world: World, host: str) -> None:
    world.names.says["evil.eth"] = world.evil
    await world.hijack_and_restore()
    for spoken_for in (ORIGIN, "app-eth.localhost:1"):
        forged = {"x-forwarded-host": spoken_for, "upgrade-insecure-requests": "1"}
        reply = await world.get("/", host=host, headers=forged)
        assert "went back" not in reply.text
        assert "<!doctype html>good" not in reply.text
    noted = await world.history.file.read(
        lambda file: {str(row[0]) for row in file.execute("SELECT origin FROM served")}
    )
    assert noted - {host} == {ORIGIN}
    assert "went back" in (await world.get()).text


async def test_behind_a_server_that_asks_by_a_host_of_its_own_nothing_is_noted(
    history: PointerHistory,
) -> None:
    world = World(history, settings=GatewaySettings(allowed_hosts=("inner.example",)))
    behind = NAVIGATE | {"x-forwarded-host": ORIGIN}
    await world.hijack_and_restore()
    world.names.says["inner.example"] = Unproven("nobody knows it", reasons={})
    for release, shows in ((world.evil, b"evil"), (world.good, b"good")):
        world.names.says[APP] = release
        world.clock.seconds += 60
        assert shows in (await world.get(host="inner.example", headers=behind)).body
    ended = await world.get("/evil.js", host="inner.example", headers=behind | WORKER)
    assert "unregister()" in ended.text
    assert set(await ServedPointers(history.file).all_left()) == {ORIGIN}


async def test_a_name_is_one_by_whatever_host_it_is_come_to(world: World) -> None:
    people, browsers = "\u03beapp.eth", "xn--app-4yc.eth"
    world.names.says[people] = world.good
    await world.get(host=browsers, headers={"upgrade-insecure-requests": "1"})
    await world.history.pin(people, now=NOON)
    world.names.says[people] = world.evil
    world.clock.seconds += 60
    assert b"good" in (await world.get(host=browsers)).body
    assert (await world.get(host="xn--app-.eth")).status == 400
    assert [held.name for held in await world.history.names()] == [people]


async def test_a_form_that_does_not_say_what_it_decides_on_decides_nothing(
    history: PointerHistory,
) -> None:
    world = World(history, hold=86_400)
    await world.get()
    world.names.says[APP] = world.evil
    await world.get()
    fields = fields_of((await world.get(host=OWN)).text, "accept")
    for do in ("accept", "reject", "pin"):
        refused = await world.post(DECIDE_PATH, fields | {"do": do, "pointer": ""}, host=OWN)
        assert refused.status == 400, do
    held = await history.held(APP)
    assert held is not None
    assert (held.pointer, held.says, held.pinned) == (world.good, world.evil, False)
