"""BIND, which holds the zones, unbound, which validates them, and both over HTTPS by dnsdist.

Both speak DNS over HTTPS themselves, but by HTTP/2 alone. All listen on loopback alone.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.dnssec.signing import delegation_signer, sign_all
from tests.interop.peers import free_port, system_program

__all__ = ["HOST", "Laboratory", "Resolver", "laboratory", "validating"]

HOST = "127.0.0.1"
START_SECONDS = 20
STOP_SECONDS = 10

NAMED = """\
options {{
  directory "{folder}";
  listen-on port {tcp} {{ {host}; }};
  listen-on-v6 {{ none; }};
  recursion yes;
  dnssec-validation no;
  empty-zones-enable no;
  pid-file none;
  session-keyfile none;
  notify no;
}};
controls {{ }};
"""

UNBOUND = """\
server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: {host}@{port}
  do-ip6: no
  do-not-query-localhost: no
  num-threads: 1
  module-config: "validator iterator"
  trust-anchor-file: "{folder}/dsset-."
forward-zone:
  name: "."
  forward-addr: {host}@{authority}
  forward-tcp-upstream: {tcp}
remote-control:
  control-enable: no
"""

DNSDIST = """\
setLocal("{host}:{own}")
setSecurityPollSuffix("")
"""
FRONT = """\
addDOHLocal("{host}:{http}")
newServer({{address="{host}:{tcp}", pool="{tcp}", tcpOnly=true, checkName="lab."}})
addAction(DSTPortRule({http}), PoolAction("{tcp}"))
"""


@dataclass(frozen=True, slots=True)
class Resolver:
    """Where a resolver listens: plain DNS on one port, and over HTTP on another."""

    tcp: int
    http: int

    @property
    def addresses(self) -> tuple[str, ...]:
        """The same resolver over TCP, over UDP and over HTTP."""
        return (
            f"dns://{HOST}:{self.tcp}",
            f"udp://{HOST}:{self.tcp}",
            f"http://{HOST}:{self.http}/dns-query",
        )


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The running resolvers, the root's key as a DS record, and the folder of zones and keys.

    BIND asks nobody and validates nothing; unbound asks BIND, and validates.
    """

    bind: Resolver
    unbound: Resolver
    anchor: str
    folder: Path


@contextmanager
def laboratory(folder: Path) -> Iterator[Laboratory]:
    """Zones that were signed just now, and the servers over them until the context ends."""
    asyncio.run(_install())
    bind = Resolver(free_port(), free_port())
    named = _written(folder / "named.conf", _named(folder, bind, sign_all(folder)))
    with (
        _running(["named", "-g", "-c", named], folder / "named.log", bind.tcp),
        validating(folder, bind.tcp) as port,
    ):
        unbound = Resolver(port, free_port())
        dnsdist = _written(folder / "dnsdist.conf", _dnsdist(bind, unbound))
        command = ["dnsdist", "--supervised", "--disable-syslog", "-C", dnsdist]
        with _running(command, folder / "dnsdist.log", bind.http, unbound.http):
            yield Laboratory(bind, unbound, delegation_signer(folder, "."), folder)


@contextmanager
def validating(folder: Path, authority: int, *, over_tcp: bool = False) -> Iterator[int]:
    """The port of an unbound that knows nothing yet, and asks whoever listens at ``authority``."""
    port = free_port()
    configured = UNBOUND.format(
        folder=folder, host=HOST, port=port, authority=authority, tcp="yes" if over_tcp else "no"
    )
    unbound = _written(folder / f"unbound-{port}.conf", configured)
    with _running(["unbound", "-d", "-c", unbound], folder / f"unbound-{port}.log", port):
        yield port


async def _install() -> None:
    for program, package in (("named", "bind9"), ("unbound", "unbound"), ("dnsdist", "dnsdist")):
        await system_program(program, package)


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _named(folder: Path, bind: Resolver, files: Mapping[str, Path]) -> str:
    zones = (
        f'zone "{name}" {{ type primary; file "{file}"; check-names ignore; }};\n'
        for name, file in files.items()
    )
    return NAMED.format(folder=folder, host=HOST, tcp=bind.tcp) + "".join(zones)


def _dnsdist(*behind: Resolver) -> str:
    fronts = (FRONT.format(host=HOST, tcp=each.tcp, http=each.http) for each in behind)
    return DNSDIST.format(host=HOST, own=free_port()) + "".join(fronts)


@contextmanager
def _running(command: Sequence[str], log: Path, *ports: int) -> Iterator[None]:
    """A process that is there when all of its ports take connections, until the context ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not all(map(_is_open, ports)):
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{command[0]} does not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_open(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex((HOST, port)) == 0
