"""Publishes on a simulated weave: signed data items in a bundle, manifests, large files.

The keys are no secret: one is made of a fixed seed, of the other the primes are the next
ones behind round numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from walkaway.devnet.content.weave import Weave, pathed_chunks
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.deep_hash import deep_hash
from walkaway.proofs.arweave.manifest import MANIFEST_TYPE
from walkaway.proofs.arweave.tags import Tag, encode_tags

__all__ = ["ArweavePublisher", "make_item"]

_ED25519: Final = 2
_NEITHER_TARGET_NOR_ANCHOR: Final = b"\0\0"
_PRIMES: Final = ((13 << 2044) + 435, (15 << 2044) + 2857)
_EXPONENT: Final = 65537
_OWNER: Final = (_PRIMES[0] * _PRIMES[1]).to_bytes(512, "big")
_REWARD: Final = "65595508"
_BUNDLE: Final = (Tag(b"Bundle-Format", b"binary"), Tag(b"Bundle-Version", b"2.0.0"))


class ArweavePublisher:
    """Signs transactions and adds them to a weave. Ids are texts."""

    def __init__(self, weave: Weave) -> None:
        self.weave = weave

    def transaction(self, data: bytes, tags: tuple[Tag, ...]) -> str:
        """Publish data as a transaction of its own; gives the id."""
        root, chunks = pathed_chunks(data)
        fields = (b"2", _OWNER, b"", b"0", _REWARD.encode(), bytes(48))
        pairs = [(tag.name, tag.value) for tag in tags]
        signed = deep_hash((*fields, pairs, b"%d" % len(data), root))
        signature = _rsa_key().sign(signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
        header = {
            "format": 2,
            "id": str(ArweaveId.of_signature(signature)),
            "last_tx": base64url.encode(bytes(48)),
            "owner": base64url.encode(_OWNER),
            "tags": [
                {"name": base64url.encode(name), "value": base64url.encode(value)}
                for name, value in pairs
            ],
            "target": "",
            "quantity": "0",
            "data_size": str(len(data)),
            "data_root": base64url.encode(root),
            "reward": _REWARD,
            "signature": base64url.encode(signature),
        }
        name = str(header["id"])
        self.weave.add(name, json.dumps(header).encode(), data, chunks)
        return name

    def bundle(self, items: Sequence[tuple[ArweaveId, bytes]]) -> str:
        """Publish data items in one transaction; gives its id."""
        table = b"".join(len(item).to_bytes(32, "little") + name.digest for name, item in items)
        count = len(items).to_bytes(32, "little")
        name = self.transaction(count + table + b"".join(item for _, item in items), _BUNDLE)
        self.weave.add_bundle(name)
        return name

    def website(self, files: Mapping[str, tuple[bytes, str]], index: str) -> str:
        """Publish files, by path, each with its media type, and a manifest that leads to them
        and to ``index`` where no path is asked for; gives the manifest's id.
        """
        items = {path: make_item(content, kind) for path, (content, kind) in files.items()}
        manifest = {
            "manifest": "arweave/paths",
            "version": "0.2.0",
            "index": {"path": index},
            "paths": {path: {"id": str(name)} for path, (name, _) in items.items()},
        }
        site = make_item(json.dumps(manifest).encode(), MANIFEST_TYPE)
        self.bundle([*items.values(), site])
        return str(site[0])


def make_item(payload: bytes, kind: str) -> tuple[ArweaveId, bytes]:
    """A data item of a media type, signed: its id and its bytes."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    owner = key.public_key().public_bytes_raw()
    raw_tags = encode_tags((Tag(b"Content-Type", kind.encode()),))
    signed = (b"dataitem", b"1", b"%d" % _ED25519, owner, b"", b"", raw_tags, payload)
    signature = key.sign(deep_hash(signed))
    counts = (1).to_bytes(8, "little") + len(raw_tags).to_bytes(8, "little")
    begin = _ED25519.to_bytes(2, "little") + signature + owner + _NEITHER_TARGET_NOR_ANCHOR
    return ArweaveId.of_signature(signature), begin + counts + raw_tags + payload


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    p, q = _PRIMES
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
