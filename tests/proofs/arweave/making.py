"""Makes data items, transactions and chunk trees, to prove them and to break them.

The keys are no secret: their primes are the next ones behind round numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from eth_account import Account
from eth_account.messages import encode_typed_data

from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.chunk import branch_hash, leaf_hash
from walkaway.proofs.arweave.deep_hash import deep_hash
from walkaway.proofs.arweave.tags import Tag, encode_tags
from walkaway.proofs.arweave.transaction import Transaction, prove_transaction
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.proven import Proven

__all__ = [
    "CONTENT_TYPE",
    "RSA_OWNER",
    "SIGNERS",
    "Leaf",
    "Signer",
    "chunk_tree",
    "make_bundle",
    "make_header",
    "make_item",
    "multi_aptos",
    "proven_transaction",
    "rsa_sign",
    "sign_header",
    "signature_of",
    "standard_chunks",
]

_PRIMES = (13 << 2044) + 435, (15 << 2044) + 2857
_EXPONENT = 65537
RSA_OWNER = (_PRIMES[0] * _PRIMES[1]).to_bytes(512, "big")

CONTENT_TYPE = (Tag(b"Content-Type", b"text/html"),)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
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


def rsa_sign(message: bytes, salt_bytes: int = 32) -> bytes:
    pss = padding.PSS(padding.MGF1(SHA256()), salt_bytes)
    return rsa_key().sign(message, pss, SHA256())


@dataclass(frozen=True)
class Signer:
    """Signs data items: the number of its type, its owner, and what makes a signature."""

    kind: int
    owner: bytes
    sign: Callable[[bytes], bytes]


def _ed25519(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def _key_of(seed: int) -> bytes:
    return _ed25519(seed).public_key().public_bytes_raw()


def _aptos(message: bytes) -> bytes:
    return _ed25519(1).sign(f"APTOS\nmessage: {message.hex()}\nnonce: bundlr".encode())


def multi_aptos(threshold: int, keys: Sequence[int], signing: Iterable[int]) -> Signer:
    """A multi-signature: seeds of keys in their places, and the places that sign."""
    places = sorted(signing)
    owner = b"".join(_key_of(seed) for seed in keys).ljust(32 * 32, b"\0") + bytes((threshold,))

    def sign(message: bytes) -> bytes:
        signatures = bytearray(64 * 32)
        for place in places:
            seed = keys[place] if place < len(keys) else 99
            signatures[place * 64 : place * 64 + 64] = _ed25519(seed).sign(message)
        bitmap = sum(1 << 31 - place for place in places)
        return bytes(signatures) + bitmap.to_bytes(4, "big")

    return Signer(6, owner, sign)


_SECRET = bytes(range(1, 33))
_ETHEREUM = PrivateKey(_SECRET)
_ADDRESS = "0x" + keccak256(_ETHEREUM.public_key.format(compressed=False)[1:])[12:].hex()


def _ethereum(message: bytes) -> bytes:
    digest = keccak256(b"\x19Ethereum Signed Message:\n48" + message)
    signature = _ETHEREUM.sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes((27 + signature[64],))


def _typed(message: bytes) -> bytes:
    signable = encode_typed_data(
        {"name": "Bundlr", "version": "1"},
        {
            "Bundlr": [
                {"name": "Transaction hash", "type": "bytes"},
                {"name": "address", "type": "address"},
            ]
        },
        {"Transaction hash": message, "address": _ADDRESS},
    )
    return bytes(Account.sign_message(signable, _SECRET).signature)


SIGNERS = {
    "arweave": Signer(1, RSA_OWNER, rsa_sign),
    "ed25519": Signer(2, _key_of(1), lambda message: _ed25519(1).sign(message)),
    "ethereum": Signer(3, _ETHEREUM.public_key.format(compressed=False), _ethereum),
    "solana": Signer(4, _key_of(1), lambda message: _ed25519(1).sign(message.hex().encode())),
    "aptos": Signer(5, _key_of(1), _aptos),
    "multiAptos": multi_aptos(2, [1, 2, 3], {0, 2}),
    "typedEthereum": Signer(7, _ADDRESS.encode(), _typed),
}


def make_item(
    signer: Signer,
    payload: bytes,
    *,
    tags: tuple[Tag, ...] = CONTENT_TYPE,
    target: bytes = b"",
    anchor: bytes = b"",
    raw_tags: bytes | None = None,
    count: int | None = None,
) -> tuple[ArweaveId, bytes]:
    """An item and its id; ``raw_tags`` and ``count`` stand for what the tags say of themselves."""
    raw = encode_tags(tags) if raw_tags is None else raw_tags
    message = deep_hash(
        (b"dataitem", b"1", b"%d" % signer.kind, signer.owner, target, anchor, raw, payload)
    )
    signature = signer.sign(message)
    item = b"".join(
        (
            signer.kind.to_bytes(2, "little"),
            signature,
            signer.owner,
            bytes((bool(target),)) + target,
            bytes((bool(anchor),)) + anchor,
            (len(tags) if count is None else count).to_bytes(8, "little"),
            len(raw).to_bytes(8, "little") + raw,
            payload,
        )
    )
    return ArweaveId.of_signature(signature), item


def signature_of(item: bytes, size: int) -> bytes:
    """The signature in an item, of ``size`` bytes."""
    return item[2 : 2 + size]


def make_bundle(items: Sequence[tuple[ArweaveId, bytes]]) -> bytes:
    """A bundle of items."""
    table = b"".join(len(item).to_bytes(32, "little") + name.digest for name, item in items)
    return len(items).to_bytes(32, "little") + table + b"".join(item for _, item in items)


def make_header(data_root: bytes, size: int, **changed: object) -> dict[str, object]:
    """A header of format 2 that is not signed yet."""
    return {
        "format": 2,
        "last_tx": base64url.encode(bytes(48)),
        "owner": base64url.encode(RSA_OWNER),
        "tags": [
            {"name": base64url.encode(tag.name), "value": base64url.encode(tag.value)}
            for tag in CONTENT_TYPE
        ],
        "target": "",
        "quantity": "0",
        "data_size": str(size),
        "data_root": base64url.encode(data_root),
        "reward": "65595508",
        **changed,
    }


def sign_header(header: dict[str, object]) -> tuple[ArweaveId, bytes]:
    """A header of format 2, signed as it stands: its id, and the JSON."""
    signed = [
        base64url.decode(str(header[name])) if is_binary else str(header[name]).encode()
        for name, is_binary in (
            ("format", False),
            ("owner", True),
            ("target", True),
            ("quantity", False),
            ("reward", False),
            ("last_tx", True),
        )
    ]
    listed = header["tags"]
    assert isinstance(listed, list)
    tags = [[base64url.decode(tag["name"]), base64url.decode(tag["value"])] for tag in listed]
    rest = [str(header["data_size"]).encode(), base64url.decode(str(header["data_root"]))]
    before = [str(header["denomination"]).encode()] if "denomination" in header else []
    signature = rsa_sign(deep_hash([*before, *signed, tags, *rest]))
    name = ArweaveId.of_signature(signature)
    full = {**header, "id": str(name), "signature": base64url.encode(signature)}
    return name, json.dumps(full).encode()


def proven_transaction(data_root: bytes, size: int) -> Proven[Transaction]:
    """A transaction over data that hash to a root."""
    return prove_transaction(*sign_header(make_header(data_root, size)))


def standard_chunks(data: bytes) -> list[bytes]:
    """Data cut as arweave-js cuts them, told in other words than the code under test."""
    chunks, rest = [], data
    while len(rest) >= 1 << 18:
        left = len(rest) - (1 << 18)
        size = 1 << 18 if left == 0 or left >= 1 << 15 else -(-len(rest) // 2)
        chunks.append(rest[:size])
        rest = rest[size:]
    return [*chunks, rest]


Element: TypeAlias = "bytes | list[Element]"
"""A chunk, or a rebased subtree."""


@dataclass(frozen=True)
class Leaf:
    """A chunk where it stands, and the path to it."""

    start: int
    chunk: bytes
    path: bytes


@dataclass(frozen=True)
class _Node:
    hash: bytes
    end: int
    is_rebased: bool
    leaves: tuple[Leaf, ...]
    """Starts count from the begin of the subtree's own frame."""


def chunk_tree(elements: list[Element]) -> tuple[bytes, list[Leaf]]:
    """The root of a tree over chunks, as ``ar_merkle:generate_tree``, and its leaves."""
    root = _subtree(elements)
    return root.hash, list(root.leaves)


def _subtree(elements: list[Element]) -> _Node:
    row: list[_Node] = []
    end = 0
    for element in elements:
        start = end
        if isinstance(element, list):
            inner = _subtree(element)
            end += inner.end
            row.append(_Node(inner.hash, end, True, _moved(inner.leaves, start)))
        else:
            end += len(element)
            content = hashlib.sha256(element).digest()
            leaf = Leaf(start, element, content + end.to_bytes(32, "big"))
            row.append(_Node(leaf_hash(content, end), end, False, (leaf,)))
    while len(row) > 1:
        pairs = [row[at : at + 2] for at in range(0, len(row), 2)]
        row = [_branch(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return row[0]


def _branch(left: _Node, right: _Node) -> _Node:
    node = left.hash + right.hash + left.end.to_bytes(32, "big")
    leaves = tuple(
        Leaf(leaf.start, leaf.chunk, bytes(32 * child.is_rebased) + node + leaf.path)
        for child in (left, right)
        for leaf in child.leaves
    )
    return _Node(branch_hash(left.hash, right.hash, left.end), right.end, False, leaves)


def _moved(leaves: tuple[Leaf, ...], by: int) -> tuple[Leaf, ...]:
    return tuple(Leaf(leaf.start + by, leaf.chunk, leaf.path) for leaf in leaves)
