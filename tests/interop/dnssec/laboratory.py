"""BIND, which holds the zones, and unbound, which validates them, on loopback alone.

Both are asked over UDP, TCP, TLS and HTTPS, for which they speak HTTP/2 alone. An authority
of the laboratory's own has signed their certificate, and the system is told to trust it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from tests.interop.dnssec.signing import delegation_signer, sign_all
from tests.interop.peers import free_port, system_program
from tests.sources.certificates import Certified, certified

__all__ = ["HOST", "Laboratory", "Resolver", "laboratory", "validating"]

HOST = "127.0.0.1"
NAME = "resolver.lab"
"""Which the certificate names beside the address."""
START_SECONDS = 20
STOP_SECONDS = 10

NAMED = """\
tls own {{ cert-file "{certificate}"; key-file "{key}"; }};
options {{
  directory "{folder}";
  listen-on port {tcp} {{ {host}; }};
  listen-on port {tls} tls own {{ {host}; }};
  listen-on port {https} tls own http default {{ {host}; }};
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
  interface: {host}@{tls}
  interface: {host}@{https}
  tls-port: {tls}
  https-port: {https}
  tls-service-pem: "{certificate}"
  tls-service-key: "{key}"
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


@dataclass(frozen=True, slots=True)
class Resolver:
    """Where a resolver listens: plain DNS on one port, over TLS and HTTPS on others."""

    tcp: int
    tls: int
    https: int

    @property
    def addresses(self) -> dict[str, str]:
        """The same resolver, by the way it is asked."""
        return {
            "tcp": f"dns://{HOST}:{self.tcp}",
            "udp": f"udp://{HOST}:{self.tcp}",
            "tls": f"tls://{HOST}:{self.tls}",
            "https": f"https://{HOST}:{self.https}/dns-query",
        }


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
    files, bind = certified(folder, NAME), _resolver()
    named = _written(folder / "named.conf", _named(folder, files, bind, sign_all(folder)))
    with (
        mock.patch.dict(os.environ, SSL_CERT_FILE=str(files.authority)),
        _running(["named", "-g", "-c", named], folder / "named.log", bind),
        validating(folder, bind.tcp) as unbound,
    ):
        yield Laboratory(bind, unbound, delegation_signer(folder, "."), folder)


@contextmanager
def validating(folder: Path, authority: int, *, over_tcp: bool = False) -> Iterator[Resolver]:
    """An unbound that knows nothing yet, and asks whoever listens at ``authority``."""
    here, files = _resolver(), Certified.within(folder)
    configured = UNBOUND.format(
        folder=folder,
        host=HOST,
        port=here.tcp,
        tls=here.tls,
        https=here.https,
        authority=authority,
        tcp="yes" if over_tcp else "no",
        certificate=files.certificate,
        key=files.key,
    )
    unbound = _written(folder / f"unbound-{here.tcp}.conf", configured)
    with _running(["unbound", "-d", "-c", unbound], folder / f"unbound-{here.tcp}.log", here):
        yield here


async def _install() -> None:
    for program, package in (("named", "bind9"), ("unbound", "unbound")):
        await system_program(program, package)


def _resolver() -> Resolver:
    return Resolver(free_port(), free_port(), free_port())


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _named(folder: Path, files: Certified, here: Resolver, zones: Mapping[str, Path]) -> str:
    configured = NAMED.format(
        folder=folder,
        host=HOST,
        tcp=here.tcp,
        tls=here.tls,
        https=here.https,
        certificate=files.certificate,
        key=files.key,
    )
    return configured + "".join(
        f'zone "{name}" {{ type primary; file "{file}"; check-names ignore; }};\n'
        for name, file in zones.items()
    )


@contextmanager
def _running(command: Sequence[str], log: Path, here: Resolver) -> Iterator[None]:
    """A process that is there when all of its ports take connections, until the context ends."""
    ports = (here.tcp, here.tls, here.https)
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
