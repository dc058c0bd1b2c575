"""Certificates that only a test's own authority vouches for, and contexts with them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Certified", "certified", "server_and_client"]


@dataclass(frozen=True, slots=True)
class Certified:
    """Files in PEM: the authority's certificate, the server's, and the server's key."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def within(cls, folder: Path) -> Certified:
        """Where they stand in a folder."""
        return cls(folder / "authority.pem", folder / "server.pem", folder / "server.key")


def certified(folder: Path, name: str) -> Certified:
    """A certificate of a server on 127.0.0.1 that is also called ``name``, by an authority."""
    authority, own = _key(), _key()
    issuer = _name(f"the authority for {name}")
    root = _builder(issuer, issuer, authority).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    leaf = _builder(_name(name), issuer, own).add_extension(
        x509.SubjectAlternativeName(names), critical=False
    )
    files = Certified.within(folder)
    pem = serialization.Encoding.PEM
    files.authority.write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(pem))
    files.certificate.write_bytes(leaf.sign(authority, hashes.SHA256()).public_bytes(pem))
    files.key.write_bytes(
        own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def server_and_client(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The context of a server on 127.0.0.1 that is also called ``name``, and one that trusts it."""
    files = certified(folder, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    return server, ssl.create_default_context(cafile=str(files.authority))


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )
