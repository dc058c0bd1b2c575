"""What a request asks for, read from its target, its headers and where it was sent. Pure.

https://specs.ipfs.tech/http-gateways/path-gateway/, "HTTP Request".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote_to_bytes

from walkaway.errors import InvalidRequest
from walkaway.gateway.request.formats import Negotiated, negotiate
from walkaway.gateway.request.mount import Mount, escaped
from walkaway.names.pointer import Pointer

__all__ = ["Asked", "Wish", "asked_below", "read_path", "read_wish"]

_MOST_PARAMETERS = 64
_BROWSER = "Mozilla/"


@dataclass(frozen=True, slots=True)
class Wish:
    """How an answer is wanted: the format, the part of it, and what the sender has already.

    ``query`` are the parameters of the target, the first of each name;
    ``headers`` the request's, by lower-case name, the last of each; ``through`` the values
    of all ``CDN-Loop`` headers, where it is another node that asks.
    """

    method: str
    raw_path: str
    raw_query: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    negotiated: Negotiated
    through: tuple[str, ...] = ()

    @property
    def filename(self) -> str:
        """The name to save under, or nothing."""
        return self.query.get("filename", "")

    @property
    def download(self) -> bool:
        """Whether it is to be saved rather than shown."""
        return self.query.get("download", "").lower() == "true"

    @property
    def is_over_https(self) -> bool:
        """Whether the browser came by https, to a server before this one."""
        return self.headers.get("x-forwarded-proto", "").lower() == "https"

    @property
    def opens_window(self) -> bool:
        """Whether a browser follows a link, or an address typed, to a page of its own window."""
        return (
            self.method in ("GET", "HEAD")
            and self.headers.get("sec-fetch-mode") == "navigate"
            and self.headers.get("sec-fetch-dest") == "document"
        )

    @property
    def opens_page(self) -> bool:
        """Whether a browser opens a page, in a window or a frame, rather than a part of one.

        To hosts not below ``localhost``, over http, browsers send no Fetch Metadata; there
        they tell a page by asking for a safer address of it (Upgrade-Insecure-Requests).
        """
        mode = self.headers.get("sec-fetch-mode")
        if mode is None:
            return self.headers.get("upgrade-insecure-requests") == "1"
        return mode == "navigate"

    @property
    def is_by_browser(self) -> bool:
        """Whether a browser asks, which keeps and runs what it is given.

        Where browsers send no Fetch Metadata they are told by their name, which all of them
        begin alike.
        """
        headers = self.headers
        is_named = headers.get("user-agent", "").startswith(_BROWSER)
        return is_named or self.opens_page or "sec-fetch-mode" in headers

    @property
    def is_worker_script(self) -> bool:
        """Whether a browser fetches the script of a service worker, to register or update it."""
        return self.headers.get("service-worker") == "script"

    @property
    def only_if_cached(self) -> bool:
        """Whether nobody else is to be asked."""
        directives = self.headers.get("cache-control", "").lower().split(",")
        return "only-if-cached" in (directive.strip() for directive in directives)


@dataclass(frozen=True, slots=True)
class Asked:
    """A content path, where it hangs, and how it is wanted.

    ``path`` are the unescaped segments below the mount's root; ``slash`` says
    that a slash follows the last, or the root. A contract reads path and query as they are
    written: there they are ``target``, and ``path`` is empty.
    """

    mount: Mount
    path: tuple[str, ...]
    slash: bool
    wish: Wish
    target: str = ""

    @property
    def pointer(self) -> Pointer:
        """The place that is asked for."""
        return Pointer(self.mount.network, self.mount.root, self.path, self.target)

    @property
    def below(self) -> str:
        """Path and query of the same request on a host of its root's own."""
        if self.mount.network == "web3":
            return self.target if self.target.startswith("/") else f"/{self.target}"
        query = f"?{self.wish.raw_query}" if self.wish.raw_query else ""
        return f"/{escaped(self.path)}{'/' if self.slash and self.path else ''}{query}"

    @property
    def content_path(self) -> str:
        """The content path as it was asked for, unescaped; what a contract reads, as written."""
        if self.mount.network == "web3":
            return str(self.pointer)
        return self.mount.content_path(self.path, slash=self.slash)


def read_wish(
    method: str, raw_path: bytes, raw_query: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> Wish:
    """Read all of a request but where it leads. Raises `InvalidRequest`."""
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    text = raw_query.decode("latin-1")
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="replace"
        )
    except ValueError:
        raise InvalidRequest(f"a request has at most {_MOST_PARAMETERS} parameters") from None
    query: dict[str, str] = {}
    for name, value in pairs:
        query.setdefault(name, value)
    negotiated = negotiate(query.get("format"), told.get("accept", ""))
    through = tuple([value.decode("latin-1") for name, value in headers if name == b"cdn-loop"])
    return Wish(method, raw_path.decode("latin-1"), text, query, told, negotiated, through)


def asked_below(mount: Mount, raw_path: str, wish: Wish) -> Asked:
    """What is asked for by what of a URL's path stands below a root.

    What follows a contract is all the contract's, parameters that mean something here too.
    Raises `InvalidRequest`, as `read_path`.
    """
    if mount.network == "web3":
        target = f"{raw_path}?{wish.raw_query}" if wish.raw_query else raw_path
        by_header = negotiate(None, wish.headers.get("accept", ""))
        return Asked(mount, (), False, replace(wish, query={}, negotiated=by_header), target)
    path, slash = read_path(raw_path)
    return Asked(mount, path, slash, wish)


def read_path(raw_path: str) -> tuple[tuple[str, ...], bool]:
    """The unescaped segments of a path, and whether it ends in a slash.

    Each escape is read once, an escaped slash as one that divides; ``.`` and
    ``..`` are followed. Raises `InvalidRequest` for what is no UTF-8 and for
    what leads above the top.
    """
    try:
        text = unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("the path is not UTF-8") from None
    if "\0" in text:
        raise InvalidRequest("the path holds a zero byte")
    segments: list[str] = []
    pieces = text.split("/")
    for piece in pieces:
        if piece == "..":
            if not segments:
                raise InvalidRequest("the path leads above its root")
            segments.pop()
        elif piece not in ("", "."):
            segments.append(piece)
    return tuple(segments), pieces[-1] in ("", ".", "..")
