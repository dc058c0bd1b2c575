"""Signatures and digests: what keys of each algorithm must be."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from dns import dnssec
from dns.dnssectypes import DSDigest
from dns.name import from_text

from tests.proofs.dnssec.signing import dnskey, key, sign
from walkaway.proofs.dnssec import algorithms
from walkaway.proofs.dnssec.algorithms import digest_of, verify

DATA = b"what is signed"


def test_a_long_rsa_exponent() -> None:
    """RFC 3110, 2: the length of the exponent in three octets."""
    private = key(8).private
    assert isinstance(private, rsa.RSAPrivateKey)
    numbers = private.public_key().public_numbers()
    modulus = numbers.n.to_bytes(128, "big")
    signature = private.sign(DATA, padding.PKCS1v15(), hashes.SHA256())
    for exponent in (b"\x03\x01\0\x01", b"\0\0\x03\x01\0\x01", b"\x08" + bytes(5) + b"\x01\0\x01"):
        assert verify(dnskey(8, exponent + modulus), signature, DATA)
        assert not verify(dnskey(8, exponent + modulus), signature, DATA + b"!")
    for exponent in (b"\x03\x01\0\x03", b"\x09\1" + bytes(8), b"\x01\0", b"\x01\1", b"\x01\2"):
        assert not verify(dnskey(8, exponent + modulus), signature, DATA)


@pytest.mark.parametrize(
    ("bound", "value"), [("_RSA_BITS", range(1025, 4097)), ("_EXPONENT_BITS", 16)]
)
def test_rsa_keys_are_of_bounded_sizes(
    monkeypatch: pytest.MonkeyPatch, bound: str, value: object
) -> None:
    private = key(8).private
    assert isinstance(private, rsa.RSAPrivateKey)
    signature = private.sign(DATA, padding.PKCS1v15(), hashes.SHA256())
    assert verify(key(8).public, signature, DATA)
    monkeypatch.setattr(algorithms, bound, value)
    assert not verify(key(8).public, signature, DATA)


def test_an_ecdsa_signature_has_one_form() -> None:
    signature = sign(key(13), DATA)
    half = len(signature) // 2
    assert verify(key(13).public, signature, DATA)
    assert not verify(key(13).public, signature[:half] + b"\0" + signature[half:], DATA)


@pytest.mark.parametrize("algorithm", [8, 10, 13, 14, 15, 16])
def test_malformed_keys_and_signatures(algorithm: int) -> None:
    for signature in (b"", bytes(64), b"\xff" * 64, b"\xff" * 96, b"\xff" * 114):
        assert not verify(key(algorithm).public, signature, DATA)
        for content in (b"", b"\0", b"\0\1", b"\x03", bytes(32), b"\xff" * 64, b"\xff" * 600):
            assert not verify(dnskey(algorithm, content), signature, DATA)


@pytest.mark.parametrize("algorithm", [1, 3, 5, 6, 7, 12, 253])
def test_algorithms_that_do_not_count(algorithm: int) -> None:
    assert not verify(dnskey(algorithm, key(15).public.key), bytes(64), DATA)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_digests(number: int) -> None:
    name, public = from_text("Test."), key(15).public
    everything = dnssec.allow_all_policy
    expected = dnssec.make_ds(name, public, DSDigest(number), policy=everything).digest
    assert digest_of(name, public, number) == expected
