"""The gateway as a proxy, over real sockets: tunnels to itself, and to nowhere else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import Receive, Scope, Send

from walkaway.gateway.connect_front import THROUGH_PROXY, ProxyHttpProtocol, proxy_http
from walkaway.gateway.request.hosts import GatewaySettings, Hosts
from walkaway.limits import LIMITS, Limits


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells which host and path were asked, and whether as of a proxy."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    body = b"%b %b" % (b",".join(hosts), scope["raw_path"])
    if THROUGH_PROXY in scope["extensions"]:
        body = b"proxied " + body
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    limits: Limits = LIMITS, protocol: type[ProxyHttpProtocol] | None = None
) -> AsyncIterator[int]:
    hosts = Hosts(GatewaySettings())
    if protocol is None:
        protocol = proxy_http(lambda authority: hosts.place(authority) is not None, limits)
    bound = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(echo, http=protocol, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        await running
        bound.close()


async def say(port: int, *pieces: bytes) -> bytes:
    """All that is answered to pieces that are sent one after another, until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)
        async with asyncio.timeout(30):
            return await reader.read()
    finally:
        writer.close()


def connect(target: str) -> bytes:
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()


def get(target: str, host: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


ESTABLISHED = b"HTTP/1.1 200 Connection Established\r\n\r\nHTTP/1.1 200 OK"


async def test_a_tunnel_leads_to_the_gateway_itself() -> None:
    async with serving() as port:
        for host in ("127.0.0.1", "[::1]", "localhost", "bafy.ipfs.localhost"):
            for target in (f"{host}:{port}", f"{host}:80"):
                answer = await say(port, connect(target), get("/a", "x.localhost"))
                assert answer.startswith(ESTABLISHED)
                assert answer.endswith(b"x.localhost /a")


async def test_a_tunnel_in_any_pieces() -> None:
    async with serving() as port:
        request = connect(f"localhost:{port}") + get("/a", "x.localhost")
        assert (await say(port, request)).startswith(ESTABLISHED)
        single = [request[at : at + 1] for at in range(12)]
        assert (await say(port, *single, request[12:])).startswith(ESTABLISHED)


async def test_every_other_target_is_refused() -> None:
    async with serving() as port:
        for target in (
            "example.org:80",
            "127.0.0.1:22",
            "localhost:443",
            "app.eth:8080",
            "eth:443",
            "127.0.0.2:80",
            "localhost.example.org:80",
        ):
            answer = await say(port, connect(target), get("/a", "localhost"))
            assert answer.startswith(b"HTTP/1.1 403 "), target
            if target == "example.org:80":
                assert b"proxied_names in walkaway.toml" in answer
            assert b"/a" not in answer


async def test_a_name_under_https_is_refused_with_the_reason() -> None:
    async with serving() as port:
        answer = await say(port, connect("app.eth:443"), get("/a", "app.eth"))
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"open http://app.eth/" in answer
        assert (await say(port, connect("app.eth:80"), get("/a", "app.eth"))).endswith(
            b"app.eth /a"
        )


async def test_without_a_word_on_what_is_served_nothing_is() -> None:
    async with serving(protocol=ProxyHttpProtocol) as port:
        assert (await say(port, connect(f"localhost:{port}"))).startswith(b"HTTP/1.1 403 ")


async def test_what_is_no_target_is_refused() -> None:
    async with serving() as port:
        for request in (
            b"CONNECT localhost HTTP/1.1\r\n\r\n",
            b"CONNECT /a HTTP/1.1\r\n\r\n",
            b"CONNECT localhost:80\r\n\r\n",
            b"CONNECT localhost:999999 HTTP/1.1\r\n\r\n",
            b"CONNECT \xff:80 HTTP/1.1\r\n\r\n",
        ):
            assert (await say(port, request)).startswith(b"HTTP/1.1 400 "), request


async def test_a_tunnel_in_a_tunnel_is_refused() -> None:
    async with serving() as port:
        inner = connect("example.org:80")
        answer = await say(port, connect(f"localhost:{port}"), inner)
        assert answer.startswith(b"HTTP/1.1 200 Connection Established\r\n\r\nHTTP/1.1 400 ")


async def test_all_other_requests_pass() -> None:
    async with serving() as port:
        assert (await say(port, get("/a", "x.localhost"))).endswith(b"x.localhost /a")
        begun = get("/a", "x.localhost").replace(b"GET", b"COPY")
        assert (await say(port, begun[:2], begun[2:])).endswith(b"x.localhost /a")


async def test_a_whole_url_names_the_host() -> None:
    async with serving() as port:
        answer = await say(port, get("http://x.localhost:80/a?b", "other.example"))
        assert answer.endswith(b"x.localhost:80 /a")
        answer = await say(port, get("HTTP://x.localhost", "other.example"))
        assert answer.endswith(b"x.localhost /")
        answer = await say(port, get("http://x.localhost?b", "other.example"))
        assert answer.endswith(b"proxied x.localhost /")


async def test_another_scheme_is_no_host_of_ours() -> None:
    hosts = Hosts(GatewaySettings())
    async with serving() as port:
        for scheme in ("https", "ftp", "HTTPS", "ws"):
            answer = await say(port, get(f"{scheme}://x.localhost/a", "localhost"))
            host = answer.rpartition(b"proxied ")[2].removesuffix(b" /a").decode()
            assert host == f"{scheme}://x.localhost"
            assert hosts.place(host) is None


async def test_what_comes_as_to_a_proxy_is_marked() -> None:
    async with serving() as port:
        direct, whole = get("/a", "app.eth"), get("http://app.eth/a", "app.eth")
        assert (await say(port, direct)).endswith(b"\r\n\r\napp.eth /a")
        assert (await say(port, whole)).endswith(b"proxied app.eth /a")
        tunnelled = await say(port, connect("app.eth:80"), direct)
        assert tunnelled.endswith(b"proxied app.eth /a")


async def test_a_head_that_does_not_end_is_bounded() -> None:
    async with serving(Limits(rpc_head_bytes=1000)) as port:
        begun = b"CONNECT localhost:80 HTTP/1.1\r\nx: " + b"x" * 2000
        assert (await say(port, begun)).startswith(b"HTTP/1.1 431 ")
    async with serving(Limits(rpc_head_seconds=0.05)) as port:
        assert await say(port, b"CONN") == b""
        established = await say(port, connect(f"localhost:{port}"))
        assert established == b"HTTP/1.1 200 Connection Established\r\n\r\n"
