"""Which hosts are served, and what each leads to.

Hosts of four kinds: those with path URLs (addresses of this machine), gateways
whose subdomains are content roots (``localhost``), names that are allowed, and names that
browsers send through this gateway as their proxy (``app.eth``). A Host that is
none of them is refused, so that a stranger's name which resolves to this
machine (DNS rebinding) reaches nothing: what comes through a proxy names no port.

https://specs.ipfs.tech/http-gateways/subdomain-gateway/, "Host (request header)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from walkaway.errors import ConfigError
from walkaway.gateway.request.other_roots import OTHER_ROOTS
from walkaway.names.pointer import Network

__all__ = ["GatewaySettings", "Hosts", "Place"]

_AUTHORITY = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?P<port>:[0-9]{1,5})?", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "[::1]"})
_LOCALHOST = "localhost"
_ANY = re.compile(r".+")
_NETWORKS: dict[Network, re.Pattern[str]] = {
    "ipfs": _ANY,
    "ipns": _ANY,
    # Their labels are those of domains as well: what is no root is a name.
    **{network: roots.hosts for network, roots in OTHER_ROOTS.items() if roots.hosts},
}
"""What stands before the label of a network, where that is one of its roots."""

_ETH = ".eth"
_HTTP_PORTS = ("", ":80")

PlaceKind = Literal["path", "gateway", "root", "name", "host", "proxied"]


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Who may be spoken to, and by whom, besides this machine's own.

    ``subdomain_hosts`` are hosts below which each content root has its own;
    ``allowed_hosts`` further names, which are DNSLink names where they resolve
    and have path URLs where not; ``allowed_origins`` further pages, as browsers
    send them. ``proxied_names`` are names, besides those of ENS, that browsers are told
    to send here (`walkaway.gateway.pages.proxy_file`).
    """

    subdomain_hosts: tuple[str, ...] = ("localhost",)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    proxied_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What a Host header names.

    ``authority`` is it in lower case. For kind ``root``, ``label`` is the content
    root as it stands in the host, ``network`` where it lives and ``parent`` the
    gateway's own host, with the port; for kind ``name``, ``label`` is the name as it
    stands below the gateway's host, for kind ``host`` the host itself, which may be a name,
    and for kind ``proxied`` the name.
    """

    kind: PlaceKind
    authority: str
    parent: str
    network: Network = "ipfs"
    label: str = ""


class Hosts:
    """The hosts that are served. Raises `ConfigError` for settings that are no host names."""

    def __init__(self, settings: GatewaySettings, *, bound: Iterable[str] = ()) -> None:
        self._gateways = tuple(_configured(host) for host in settings.subdomain_hosts)
        self._allowed = frozenset(_configured(host) for host in settings.allowed_hosts)
        self._paths = _LOOPBACK | set(bound)
        self._proxied = frozenset(_configured(name) for name in settings.proxied_names)

    def place(self, authority: str) -> Place | None:
        """What a Host header leads to; None where it is none of ours."""
        lower = authority.lower()
        match = _AUTHORITY.fullmatch(lower)
        if match is None:
            return None
        name, port = match["name"], match["port"] or ""
        if name in self._paths:
            return Place("path", lower, lower)
        for gateway in self._gateways:
            if name == gateway:
                return Place("gateway", lower, lower)
            if name.endswith("." + gateway) and all(name.split(".")):
                return _below(name.removesuffix("." + gateway), lower, gateway + port)
        kind = self._kind_of_name(name, port)
        return None if kind is None else Place(kind, lower, lower, "ipns", name)

    def _kind_of_name(self, name: str, port: str) -> PlaceKind | None:
        if name in self._allowed:
            return "host"
        return "proxied" if port in _HTTP_PORTS and self._is_proxied(name) else None

    def _is_proxied(self, name: str) -> bool:
        """Whether a name, in lower case, is one that browsers are told to send here."""
        is_ens = name.endswith(_ETH) and all(name.split("."))
        return is_ens or name in self._proxied

    def gateway_beside(self, place: Place) -> str | None:
        """The host, with its port, below which the content of an address has hosts of its own.

        For the addresses that mean this machine to whoever is on it, and for no others.
        """
        match = _AUTHORITY.fullmatch(place.authority)
        if match is None or match["name"] not in _LOOPBACK or _LOCALHOST not in self._gateways:
            return None
        return _LOCALHOST + (match["port"] or "")

    def is_gateway(self, authority: str) -> bool:
        """Whether content roots have hosts of their own below this one."""
        place = self.place(authority)
        return place is not None and place.kind == "gateway"


def _below(labels: str, authority: str, parent: str) -> Place:
    root, _, last = labels.rpartition(".")
    for network, roots in _NETWORKS.items():
        if last == network and roots.fullmatch(root):
            return Place("root", authority, parent, network, root)
    return Place("name", authority, parent, "ipns", labels)


def _configured(host: str) -> str:
    match = _AUTHORITY.fullmatch(host.lower())
    if match is None or match["port"]:
        raise ConfigError(f"{host!r} is not a host name to serve", advice="give it without a port")
    return match["name"]
