"""Service workers of a release that is not served any more: the script that ends them.

A worker answers its origin's pages from its own store for as long as it is registered. Its
browser asks for its script again after navigations, past that worker and past caches
(https://www.w3.org/TR/service-workers/, "Soft Update" and "Update"): so whoever does not
find the script in the accepted release gives one that unregisters itself, and the worker
is gone. What would make the update fail (a 404, a redirect, a page by a site's own rules)
would leave the old one in its place.
"""

from __future__ import annotations

from typing import Final

from walkaway.gateway.answers.answer import Answer, raw_headers
from walkaway.gateway.answers.headers import NO_STORE

__all__ = ["checked_each_time", "is_script", "unregistering"]

_SCRIPT: Final = b"""// No service worker of this name is part of the page that is served here now.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  event.waitUntil(
    self.registration
      .unregister()
      .then(() => self.clients.matchAll({ type: "window" }))
      .then((clients) => {
        for (const client of clients) client.navigate(client.url);
      }),
  );
});
"""

_SCRIPT_TYPES: Final = (b"text/javascript", b"application/javascript")


def unregistering() -> Answer:
    """A script that takes the place of a service worker, and unregisters itself."""
    headers = raw_headers(
        [
            ("content-type", "text/javascript; charset=utf-8"),
            ("cache-control", NO_STORE),
            ("x-content-type-options", "nosniff"),
        ]
    )
    return Answer(200, headers, _SCRIPT)


def is_script(answer: Answer) -> bool:
    """Whether a browser would take this for the script of a worker."""
    if answer.status == 304:
        return True
    types = [value for name, value in answer.headers if name == b"content-type"]
    return answer.status == 200 and bool(types) and types[0].startswith(_SCRIPT_TYPES)


def checked_each_time(answer: Answer) -> Answer:
    """The same, which no cache gives without asking first; pages can say otherwise of nothing."""
    kept = [(name, value) for name, value in answer.headers if name != b"cache-control"]
    answer.headers = [*kept, (b"cache-control", b"no-cache")]
    return answer
