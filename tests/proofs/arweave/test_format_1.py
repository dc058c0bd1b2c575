"""Transactions of format 1: refused, since their one signature can be read in several ways."""

from __future__ import annotations

import json

import pytest

from tests.proofs.arweave.making import RSA_OWNER, rsa_sign
from walkaway.errors import Unsupported
from walkaway.proofs.arweave import base64url, rsa_pss
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.transaction import prove_transaction

TARGET = bytes(range(128, 160))
LAST = bytes([200]) * 32
DATA = b"<p>hello</p>"
REWARD = "321578415"


def signed(target: bytes, data: bytes, quantity: str) -> bytes:
    return RSA_OWNER + target + data + quantity.encode() + REWARD.encode() + LAST


def header_of(signature: bytes, target: bytes, quantity: str) -> bytes:
    members = {
        "format": 1,
        "owner": base64url.encode(RSA_OWNER),
        "target": base64url.encode(target),
        "quantity": quantity,
        "reward": REWARD,
        "last_tx": base64url.encode(LAST),
        "tags": [],
        "signature": base64url.encode(signature),
    }
    return json.dumps(members).encode()


@pytest.mark.parametrize(
    ("data", "quantity", "lie"),
    [
        pytest.param(DATA, "0", TARGET + DATA, id="mail"),
        pytest.param(DATA, "10000000000", TARGET + DATA + b"1000000000", id="payment with data"),
        pytest.param(b"", "10000000000", TARGET + b"1000000000", id="payment"),
    ],
)
def test_a_payment_and_the_upload_it_can_be_shown_as_are_refused(
    data: bytes, quantity: str, lie: bytes
) -> None:
    """The liar moves the target to the front of the data, and digits of the quantity behind."""
    signature = rsa_sign(signed(TARGET, data, quantity))
    rsa_pss.verify(RSA_OWNER, signed(b"", lie, "0"), signature)
    name = ArweaveId.of_signature(signature)
    for header in (header_of(signature, TARGET, quantity), header_of(signature, b"", "0")):
        with pytest.raises(Unsupported, match="signs its fields run together"):
            prove_transaction(name, header)


@pytest.mark.parametrize("data", [b"", DATA, bytes(100)])
def test_an_upload_is_refused_too(data: bytes) -> None:
    signature = rsa_sign(signed(b"", data, "0"))
    with pytest.raises(Unsupported, match="signs its fields run together"):
        prove_transaction(ArweaveId.of_signature(signature), header_of(signature, b"", "0"))
