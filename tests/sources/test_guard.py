"""Addresses learned from outside lead outside."""

from __future__ import annotations

import socket

import pytest

from walkaway.errors import ConfigError
from walkaway.sources.guard import AddressRefused, Guard

INSIDE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.9.9.9",
    "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "192.0.0.8", "192.0.0.9", "192.0.0.170", "192.0.0.171",
    "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "198.19.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8",
    "64:ff9b:1::1", "64:ff9b::c000:aa", "100::1", "100:0:0:1::1", "2001::1", "2001:1ff::1",
    "2001:2::1", "2001:20::1", "2002::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1",
    "3fff:fff::1", "5f00::1", "::8.8.8.8", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
    "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "4000::1", "not an address", "", "localhost", "127.1",
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111",
    "64:ff9b::8.8.8.8", "192.0.1.1", "2001:200::1", "3ffe::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_inner_addresses_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="refused"):
        Guard().check(address, 443)


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_pass(address: str) -> None:
    Guard().check(address, 443)


def test_an_exception_holds_for_one_address_and_port() -> None:
    guard = Guard(["127.0.0.1:8545", "[::1]:5052"])
    guard.check("127.0.0.1", 8545)
    guard.check("::1", 5052)
    for address, port in (("127.0.0.1", 8546), ("127.0.0.2", 8545), ("::1", 8545)):
        with pytest.raises(AddressRefused):
            guard.check(address, port)


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1", "localhost:80", "127.0.0.1:", "1.2.3.4:0", "1.2.3.4:65536", ":80"]
)
def test_exceptions_are_literal_addresses_with_a_port(text: str) -> None:
    with pytest.raises(ConfigError, match="address:port"):
        Guard([text])


def test_sockets_are_made_only_for_what_passes() -> None:
    tcp = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    with Guard().open_socket((*tcp, ("8.8.8.8", 443))) as made:
        assert made.family == socket.AF_INET
    for address in (("127.0.0.1", 443), (7, 443), ("8.8.8.8", "443")):
        with pytest.raises(AddressRefused):
            Guard().open_socket((*tcp, address))
