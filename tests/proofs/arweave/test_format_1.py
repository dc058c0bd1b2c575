"""Transactions of format 1: proven where their one signature can be read in one way only."""

from __future__ import annotations

import json

import pytest

from tests.proofs.arweave.making import RSA_OWNER, rsa_sign
from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.arweave_id import ArweaveId
from walkaway.proofs.arweave.format_1 import prove_format_1
from walkaway.proofs.proven import Finality

DATA = b"<h1>of an early year</h1>"
LAST = bytes(range(100, 132))


def make(
    data: bytes = DATA,
    *,
    target: bytes = b"",
    quantity: str = "0",
    reward: str = "321654",
    last_tx: bytes = LAST,
    tags: tuple[tuple[bytes, bytes], ...] = ((b"Content-Type", b"text/html"),),
    signature: bytes | None = None,
    **more: object,
) -> tuple[ArweaveId, bytes]:
    """A signed header and its id, or one under another's signature."""
    run_together = b"".join(name + value for name, value in tags)
    signed = RSA_OWNER + target + data + quantity.encode() + reward.encode() + last_tx
    signature = rsa_sign(signed + run_together) if signature is None else signature
    header = {
        "format": 1,
        "owner": base64url.encode(RSA_OWNER),
        "target": base64url.encode(target),
        "quantity": quantity,
        "reward": reward,
        "last_tx": base64url.encode(last_tx),
        "tags": [
            {"name": base64url.encode(name), "value": base64url.encode(value)}
            for name, value in tags
        ],
        "signature": base64url.encode(signature),
        **more,
    }
    return ArweaveId.of_signature(signature), json.dumps(header).encode()


NAME, HEADER = make()
SIGNATURE = base64url.decode(json.loads(HEADER)["signature"])


@pytest.mark.parametrize("data", [b"", b"\0", DATA])
@pytest.mark.parametrize("last_tx", [b"", LAST, LAST + bytes(16)])
def test_data_are_proven_to_be_their_ids(data: bytes, last_tx: bytes) -> None:
    name, header = make(data, last_tx=last_tx)
    proven = prove_format_1(name, header, data)
    assert (proven.value.id, proven.value.owner, proven.value.data) == (name, RSA_OWNER, data)
    assert proven.claim.subject == ("arweave transaction", name.digest)
    assert proven.claim.finality is Finality.GIVEN
    (anchored,) = proven.because.anchors()
    assert dict(anchored.facts)["id"] == str(name)


def test_other_data_are_not() -> None:
    for data in (b"", DATA[:-1], DATA + b"\0", DATA.upper()):
        with pytest.raises(ProofError, match="does not hold"):
            prove_format_1(NAME, HEADER, data)
    with pytest.raises(ProofError, match="does not hash to the id"):
        prove_format_1(make(b"other")[0], HEADER, DATA)


def test_what_the_header_holds_as_data_is_passed_over() -> None:
    members = json.loads(HEADER) | {"data": base64url.encode(b"other"), "data_size": "5"}
    assert prove_format_1(NAME, json.dumps(members).encode(), DATA).value.data == DATA


def test_bytes_cannot_be_moved_into_the_target() -> None:
    data = bytes(32) + DATA
    name, header = make(data)
    signature = base64url.decode(json.loads(header)["signature"])
    _, moved = make(DATA, target=bytes(32), signature=signature)
    with pytest.raises(Unsupported, match="cannot be told from the rest"):
        prove_format_1(name, moved, DATA)


@pytest.mark.parametrize(
    ("data", "quantity"), [(b"<p>hello</p>", "0"), (b"<p>hello</p>", "10"), (b"", "100")]
)
def test_a_recipient_and_an_amount_cannot_be_moved_into_the_data(
    data: bytes, quantity: str
) -> None:
    target = bytes(range(32))
    name, header = make(data, target=target, quantity=quantity)
    signature = base64url.decode(json.loads(header)["signature"])
    said = target + data + quantity[:-1].encode()
    _, moved = make(said, signature=signature)
    with pytest.raises(Unsupported, match="a recipient or an amount"):
        prove_format_1(name, moved, said)
    short, header = make(data, quantity=quantity)
    if quantity != "0":
        said = data + quantity[:-1].encode()
        _, moved = make(said, signature=base64url.decode(json.loads(header)["signature"]))
        with pytest.raises(Unsupported, match="a recipient or an amount"):
            prove_format_1(short, moved, said)


def test_digits_cannot_be_moved_between_data_and_amounts() -> None:
    """The same bytes are signed: data that end in the quantity, and a reward cut in two."""
    _, moved = make(DATA + b"0", quantity="3", reward="21654", signature=SIGNATURE)
    with pytest.raises(Unsupported, match="cannot be told from the rest"):
        prove_format_1(NAME, moved, DATA + b"0")
    name, header = make(reward="320654")
    signature = base64url.decode(json.loads(header)["signature"])
    _, moved = make(DATA + b"032", reward="654", signature=signature)
    for reading, data in ((header, DATA), (moved, DATA + b"032")):
        with pytest.raises(Unsupported, match="could end at 2 places"):
            prove_format_1(name, reading, data)


def test_the_end_of_the_data_cannot_be_moved_into_tags() -> None:
    """Nor out of them: each place where an upload's amounts could stand counts."""
    data = DATA + b"07" + bytes(40)
    name, header = make(data)
    signature = base64url.decode(json.loads(header)["signature"])
    rest = bytes(40) + b"0321654" + LAST + b"Content-Typetext/html"
    _, moved = make(
        DATA, reward="7", last_tx=rest[:32], tags=((rest[32:], b""),), signature=signature
    )
    for reading, shown in ((header, data), (moved, DATA)):
        with pytest.raises(Unsupported, match="could end at 2 places"):
            prove_format_1(name, reading, shown)


def test_what_is_too_far_from_the_end_is_no_place_for_it() -> None:
    tail = len(b"0321654") + len(LAST) + len(b"Content-Typetext/html")
    reach = 1 + 21 + 48 + LIMITS.arweave_header_tag_bytes
    for distance, is_one in ((reach - tail, False), (reach - tail + 1, True)):
        data = DATA + b"07".ljust(distance, b"\0")
        name, header = make(data)
        why = "a recipient or an amount" if is_one else "could end at 2 places"
        with pytest.raises(Unsupported, match=why):
            prove_format_1(name, header, data)


@pytest.mark.parametrize(
    "made",
    [
        make(quantity="1"),
        make(target=bytes(32)),
        make(reward="0"),
        make(denomination="1"),
    ],
)
def test_uploads_alone_are_proven(made: tuple[ArweaveId, bytes]) -> None:
    with pytest.raises(Unsupported):
        prove_format_1(*made, DATA)


def test_a_reward_of_nothing_is_no_reading() -> None:
    """Or the one place where an upload's amounts could stand would not be that of its own."""
    data = DATA + b"07" + bytes(40)
    with pytest.raises(Unsupported, match="cannot be told from the rest"):
        prove_format_1(*make(data, reward="0"), data)


def test_format_2_is_another_matter() -> None:
    members = json.loads(HEADER) | {"format": 2, "data_size": "0", "data_root": ""}
    with pytest.raises(Unsupported, match="not of format 1"):
        prove_format_1(NAME, json.dumps(members).encode(), DATA)


def test_data_are_limited() -> None:
    with pytest.raises(ProofError, match="data are over"):
        prove_format_1(NAME, HEADER, bytes(LIMITS.arweave_format_1_bytes + 1))
