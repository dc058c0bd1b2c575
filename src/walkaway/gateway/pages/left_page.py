"""The page that stands before a site whose name left what this browser was shown of it.

It runs one script of ours, which its policy names by its hash: that ends the service
workers of the origin, writes what the origin stored into a file, if that is asked for, and
clears it. `Clear-Site-Data` does so too, but is heeded on hosts below ``localhost`` alone,
where no worker and no trick of the page's is in its way.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Final

from walkaway.gateway.pages.frame import PAGE_STYLE, page_end, page_start, shown
from walkaway.names.served import LeftPointer

__all__ = ["LEFT_POLICY", "left_page"]

_SCRIPT: Final = """
"use strict";
const workers = navigator.serviceWorker;
if (workers) workers.getRegistrations().then((all) => all.forEach((one) => one.unregister()));

const plain = (value) => {
  if (value instanceof ArrayBuffer) value = new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return { bytes: Array.from(new Uint8Array(value.buffer)) };
  if (value instanceof Date) return { date: value.toJSON() };
  if (value instanceof Map) return { map: Array.from(value).map(plain) };
  if (value instanceof Set) return { set: Array.from(value).map(plain) };
  if (value instanceof Blob) return { file: value.type, size: value.size };
  if (typeof value === "bigint") return { bigint: value.toString() };
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, plain(held)]));
  }
  return value;
};
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = request.onblocked = () => reject(request.error);
});
const rows = async (store) => {
  const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  return keys.map((key, at) => ({ key: plain(key), value: plain(values[at]) }));
};
const database = async ({ name }) => {
  const open = await done(indexedDB.open(name));
  const stores = Array.from(open.objectStoreNames);
  const held = stores.length ? open.transaction(stores) : null;
  const read = await Promise.all(stores.map((one) => rows(held.objectStore(one))));
  open.close();
  return [name, Object.fromEntries(stores.map((one, at) => [one, read[at]]))];
};
const databases = async () => (indexedDB.databases ? indexedDB.databases() : []);
const cacheNames = async () => (self.caches ? caches.keys() : []);
const cached = async (name) => {
  const requests = await (await caches.open(name)).keys();
  return [name, requests.map((request) => request.url)];
};
const said = document.getElementById("said");
document.getElementById("backup").addEventListener("click", async () => {
  try {
    const stored = {
      origin: location.origin,
      saved: new Date().toJSON(),
      localStorage: { ...localStorage },
      sessionStorage: { ...sessionStorage },
      cookies: document.cookie,
      indexedDB: Object.fromEntries(await Promise.all((await databases()).map(database))),
      caches: Object.fromEntries(await Promise.all((await cacheNames()).map(cached))),
    };
    const file = new Blob([JSON.stringify(stored, null, 1)], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${location.hostname}-stored.json`;
    link.click();
    said.textContent = "Saved, as far as it can be written down.";
  } catch (error) {
    said.textContent = `It could not be saved: ${error}`;
  }
});

const cleared = async () => {
  localStorage.clear();
  sessionStorage.clear();
  for (const cookie of document.cookie.split("; ")) {
    document.cookie = `${cookie.split("=")[0]}=; path=/; max-age=0`;
    document.cookie = `${cookie.split("=")[0]}=; max-age=0`;
  }
  await Promise.all((await cacheNames()).map((name) => caches.delete(name)));
  await Promise.all((await databases()).map(({ name }) => done(indexedDB.deleteDatabase(name))));
};
const patience = () => new Promise((resolve) => setTimeout(resolve, 5000));
document.forms[0].addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  Promise.race([cleared(), patience()]).catch(() => {}).then(() => form.submit());
});
"""

_DIGEST: Final = b64encode(sha256(_SCRIPT.encode()).digest()).decode()

LEFT_POLICY: Final = (
    f"default-src 'none'; {PAGE_STYLE}; script-src 'sha256-{_DIGEST}'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of this page: its own script and style, and its own form."""


def left_page(
    left: Sequence[LeftPointer],
    origin: str,
    *,
    action: str,
    token: str,
    then: str,
    elsewhere: str,
) -> bytes:
    """What happened to a name, and a form that clears what the page that was left has stored.

    ``origin`` is the host, with its port, on which that was; ``action`` is where the form is
    sent, with ``token``; ``then`` the path that was asked for; ``elsewhere`` the gateway's own
    page, on which the person keeps what is stored instead.
    """
    title = "This site is not what you were shown before"
    told = "".join([_told(each) for each in left])
    text = (
        f"<main>\n<h1>{title}</h1>\n{told}"
        "<p>The version that you were shown may have left things in this browser: a service "
        "worker that shows its own pages, logins, settings. They are cleared before the site "
        "opens again. What you want to keep of them, save first.</p>\n"
        '<p><button type="button" id="backup">Save what this site stored</button> '
        '<span id="said" role="status"></span></p>\n'
        f'<form method="post" action="{escape(action)}">\n'
        f'<input type="hidden" name="token" value="{escape(token)}">\n'
        f'<input type="hidden" name="then" value="{escape(then)}">\n'
        "<p><button>Clear it, and open the site</button></p>\n</form>\n"
        f'<p class="dim">If you trust what it stored, keep it: on <a href="{escape(elsewhere)}">'
        "the gateway\u2019s own page</a>, or with <code>walkaway pin-name "
        f"{escape(origin)} --keep-stored</code>."
        "</p>\n</main>\n"
    )
    return (
        page_start(title, referrer="same-origin")
        + text
        + f"<script>{_SCRIPT}</script>\n"
        + page_end()
    ).encode()


def _told(left: LeftPointer) -> str:
    why = "the name went back to what it said before"
    if left.rejected:
        why = "you rejected it"
    elif left.pinned:
        why = "you pinned the name at another version"
    return (
        f"<p>{shown(left.name)} led you to <code>{shown(str(left.pointer))}</code>, and does not "
        f"any more: {why}. It leads to <code>{shown(str(left.now))}</code>.</p>\n"
    )
