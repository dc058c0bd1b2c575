"""What the names lead to: an honest app, and one that stays where it was once opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.content.exporter.dags import Dag
from walkaway.names.pointer import Pointer

__all__ = ["contract_pages", "evil_release", "good_release", "write_app"]

_GOOD: Final = b"""<!doctype html><title>good</title><h1>good</h1>
<script>localStorage.setItem("mine", "kept")</script>
"""

_EVIL: Final = b"""<!doctype html><title>evil</title><h1>evil</h1>
<script>
navigator.serviceWorker?.register("/evil-worker.js", { updateViaCache: "all" });
localStorage.setItem("evil", "was here");
document.cookie = "evil=cookie; max-age=86400";
const open = indexedDB.open("evil", 1);
open.onupgradeneeded = () => open.result.createObjectStore("loot").put(new Uint8Array([7]), "key");
open.onsuccess = () => open.result.close();
self.caches?.open("evil").then((cache) => cache.put("/loot", new Response("loot")));
</script>
"""

_EVIL_WORKER: Final = b"""
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate") return;
  const headers = { "content-type": "text/html" };
  event.respondWith(new Response("<title>evil</title><h1>still evil</h1>", { headers }));
});
"""


def good_release(dag: Dag) -> Pointer:
    """A page that stores something of the person's."""
    return Pointer("ipfs", str(dag.directory([("index.html", dag.raw(_GOOD))])))


def contract_pages() -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """The same two as pages of contracts, by their paths."""
    return {b"/": _GOOD}, {b"/": _EVIL, b"/evil-worker.js": _EVIL_WORKER}


def write_app(folder: Path) -> None:
    """The same page with more to load, as files."""
    folder.mkdir(parents=True)
    more = b'<script src="lists/tokens.js"></script><link rel="stylesheet" href="app.css">'
    (folder / "index.html").write_bytes(_GOOD + more)
    (folder / "app.css").write_text("h1 { color: rgb(1, 2, 3) }")
    (folder / "lists").mkdir()
    tokens = ", ".join(f'"token {number}"' for number in range(50_000))
    (folder / "lists" / "tokens.js").write_text(f"window.tokens = [{tokens}]")


def evil_release(dag: Dag) -> Pointer:
    """A page with a service worker that answers all further pages itself, and asks nobody."""
    files = [("evil-worker.js", dag.raw(_EVIL_WORKER)), ("index.html", dag.raw(_EVIL))]
    return Pointer("ipfs", str(dag.directory(files)))
