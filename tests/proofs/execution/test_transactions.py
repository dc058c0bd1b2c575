"""Transactions: encoding, hash, sender and price as the specification has them, in every form."""

from __future__ import annotations

import hashlib
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

import pytest
from coincurve import PrivateKey
from ethereum.forks.osaka import transactions as spec
from ethereum.forks.osaka.fork_types import Authorization as Delegation
from ethereum.forks.osaka.vm.eoa_delegation import recover_authority
from ethereum_rlp import rlp as reference
from ethereum_types.bytes import Bytes20
from ethereum_types.numeric import U8, U64, U256
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.execution.samples import (
    CHAIN_ID,
    KEYS,
    TRANSACTIONS,
    UNSIGNED,
    sign,
    transaction_json,
)
from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.signatures import CURVE_ORDER, created_address
from walkaway.proofs.execution.transaction_forms import (
    decode_submission,
    decode_transaction,
    transaction_from_json,
)
from walkaway.proofs.execution.transactions import (
    GAS_PER_BLOB,
    AccessListTransaction,
    Authorization,
    BlobTransaction,
    FeeMarketTransaction,
    LegacyTransaction,
    SetCodeTransaction,
    Transaction,
)

KEY = PrivateKey(b"\1" * 32)


def address_of(key: PrivateKey) -> bytes:
    return keccak256(key.public_key.format(compressed=False)[1:])[12:]


@given(UNSIGNED, KEYS)
def test_the_specification_reads_it_and_finds_the_same_sender(
    unsigned: Transaction, key: PrivateKey
) -> None:
    ours = sign(unsigned, key)
    encoded = ours.encode()
    if isinstance(ours, LegacyTransaction):
        theirs: spec.Transaction = reference.decode_to(spec.LegacyTransaction, encoded)
    else:
        theirs = spec.decode_transaction(encoded)
    assert spec.get_transaction_hash(spec.encode_transaction(theirs)) == ours.hash
    chain_id = 1 if ours.chain_id is None else ours.chain_id
    assert spec.recover_sender(U64(chain_id), theirs) == ours.sender == address_of(key)


@given(TRANSACTIONS)
def test_every_form_gives_the_same_transaction(transaction: Transaction) -> None:
    assert decode_transaction(transaction.encode()) == transaction
    assert transaction_from_json(transaction_json(transaction)) == transaction
    assert decode_submission(transaction.encode()) == transaction


@given(TRANSACTIONS, st.data())
def test_no_changed_byte_keeps_the_hash(transaction: Transaction, data: st.DataObject) -> None:
    encoded = bytearray(transaction.encode())
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert decode_transaction(bytes(encoded)).hash != transaction.hash
    except ProofError:
        return


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"\3" + data))
def test_garbage_is_a_proof_error(data: bytes) -> None:
    for decode in (decode_transaction, decode_submission):
        with pytest.raises(ProofError):
            decode(data)


LEGACY = LegacyTransaction(
    nonce=9,
    gas_limit=21_000,
    to=b"\x35" * 20,
    value=10**18,
    data=b"",
    r=1,
    s=1,
    gas_price=20 * 10**9,
    v=37,
)
MARKET = FeeMarketTransaction(
    nonce=0,
    gas_limit=21_000,
    to=None,
    value=0,
    data=b"",
    r=1,
    s=1,
    chain_id=CHAIN_ID,
    access_list=(),
    y_parity=0,
    max_priority_fee_per_gas=2,
    max_fee_per_gas=100,
)


def test_the_example_of_eip_155() -> None:
    signed = sign(LEGACY, PrivateKey(b"\x46" * 32))
    assert signed.sender.hex() == "9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
    assert signed.signing_hash.hex().startswith("daf5a779ae972f972197303d7b574746")
    assert isinstance(signed, LegacyTransaction)
    assert (signed.v, signed.chain_id) == (37, 1)


def test_json_without_a_type_is_of_type_0_and_stated_facts_are_never_looked_at() -> None:
    signed = sign(LEGACY, KEY)
    stated = transaction_json(signed) | {"hash": "0x00", "from": "0x00", "chainId": "0x5"}
    del stated["type"]
    found = transaction_from_json(stated)
    assert found == signed
    assert found.hash == signed.hash


def test_json_may_spell_the_parity_as_v_and_an_empty_access_list_as_null() -> None:
    signed = sign(MARKET, KEY)
    stated = transaction_json(signed) | {"accessList": None, "yParity": None}
    assert transaction_from_json(stated) == signed


@pytest.mark.parametrize("kind", ["0x5", "0x7f", "0x100", 2, "two"])
def test_an_unknown_type_is_refused(kind: object) -> None:
    with pytest.raises(ProofError):
        transaction_from_json(transaction_json(MARKET) | {"type": kind})


@pytest.mark.parametrize("data", [b"", b"\0\xc0", b"\5\xc0", b"\x7f\xc0", b"\xbf"])
def test_an_unknown_type_byte_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError, match="not known"):
        decode_transaction(data)


def test_blob_and_set_code_transactions_create_nothing() -> None:
    blob, _ = blob_transaction(1)
    fields = {field.name: getattr(MARKET, field.name) for field in dataclass_fields(MARKET)}
    for made in (replace(blob, to=None), SetCodeTransaction(**fields, authorization_list=())):
        with pytest.raises(ProofError, match="to: 0 bytes"):
            decode_transaction(made.encode())


def test_size_is_limited() -> None:
    with pytest.raises(ProofError, match="limit"):
        decode_transaction(replace(MARKET, data=bytes(LIMITS.transaction_bytes)).encode())


@pytest.mark.parametrize("change", [{"r": 0}, {"s": 0}, {"r": CURVE_ORDER}, {"s": CURVE_ORDER}])
def test_signature_values_lie_in_the_group(change: dict[str, Any]) -> None:
    signed: Transaction
    for signed in (sign(MARKET, KEY), sign(replace(LEGACY, v=27), KEY)):
        with pytest.raises(ProofError, match="out of range"):
            _ = replace(signed, **change).sender


@pytest.mark.parametrize(("chain_id", "nonce"), [(0, 0), (1, 5), (2**256 - 1, 2**64 - 2)])
def test_an_authority_is_whoever_signed(chain_id: int, nonce: int) -> None:
    digest = keccak256(b"\x05" + rlp.encode([chain_id, bytes(20), nonce]))
    signature = KEY.sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    ours = Authorization(chain_id, bytes(20), nonce, signature[64], r, s)
    theirs = Delegation(
        U256(chain_id), Bytes20(bytes(20)), U64(nonce), U8(signature[64]), U256(r), U256(s)
    )
    assert ours.authority == recover_authority(theirs)
    assert replace(ours, nonce=nonce + 1).authority != ours.authority
    for wrong in (replace(ours, y_parity=2), replace(ours, r=0), replace(ours, s=CURVE_ORDER - s)):
        with pytest.raises(ProofError, match="out of range"):
            _ = wrong.authority


def test_a_high_s_is_frontiers_alone() -> None:
    for signed in (sign(MARKET, KEY), sign(LEGACY, KEY)):
        with pytest.raises(ProofError, match="out of range"):
            _ = mirrored(signed).sender
    old = sign(replace(LEGACY, v=27), KEY)
    assert mirrored(old).sender == old.sender == address_of(KEY)


def mirrored(transaction: Transaction) -> Transaction:
    """The same signature with the other ``s``, which Homestead forbade (EIP-2)."""
    s = CURVE_ORDER - transaction.s
    if not isinstance(transaction, LegacyTransaction):
        return replace(transaction, s=s, y_parity=1 - transaction.y_parity)
    parity = transaction.v % 2
    return replace(transaction, s=s, v=transaction.v + (1 if parity else -1))


@pytest.mark.parametrize("v", [0, 26, 29, 34])
def test_an_odd_v_has_no_sender(v: int) -> None:
    with pytest.raises(ProofError, match="out of range"):
        _ = replace(sign(LEGACY, KEY), v=v).sender


def test_a_parity_is_0_or_1() -> None:
    with pytest.raises(ProofError, match="out of range"):
        _ = replace(sign(MARKET, KEY), y_parity=2).sender


def test_values_that_are_no_point_have_no_sender() -> None:
    with pytest.raises(ProofError, match="no key"):
        _ = replace(MARKET, r=5, s=1).sender


def test_what_is_paid_per_gas() -> None:
    assert LEGACY.effective_gas_price(None) == LEGACY.gas_price
    listed = AccessListTransaction(
        nonce=0,
        gas_limit=1,
        to=None,
        value=0,
        data=b"",
        r=1,
        s=1,
        chain_id=1,
        access_list=(),
        y_parity=0,
        gas_price=5,
    )
    assert listed.effective_gas_price(3) == 5
    assert MARKET.effective_gas_price(50) == 52
    assert MARKET.effective_gas_price(99) == 100
    with pytest.raises(ProofError, match="base fee"):
        MARKET.effective_gas_price(None)


def test_the_address_of_a_created_contract_is_the_known_one() -> None:
    sender = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert created_address(sender, 0).hex() == "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert created_address(sender, 1).hex() == "343c43a37d37dff08ae8c4a11544c718abb4fcf8"


BLOB_BYTES = 4096 * 32


def blob_transaction(count: int) -> tuple[BlobTransaction, list[bytes]]:
    commitments = [bytes((index,)) * 48 for index in range(count)]
    hashes = tuple(b"\1" + hashlib.sha256(c).digest()[1:] for c in commitments)
    made = BlobTransaction(
        nonce=0,
        gas_limit=21_000,
        to=b"\1" * 20,
        value=0,
        data=b"",
        r=1,
        s=1,
        chain_id=CHAIN_ID,
        access_list=(),
        y_parity=0,
        max_priority_fee_per_gas=1,
        max_fee_per_gas=2,
        max_fee_per_blob_gas=3,
        blob_versioned_hashes=hashes,
    )
    signed = sign(made, KEY)
    assert isinstance(signed, BlobTransaction)
    return signed, commitments


def wrapped(transaction: Transaction, *parts: rlp.Encodable) -> bytes:
    inner = rlp.decode(transaction.encode()[1:])
    return b"\3" + rlp.encode([inner, *parts])


@pytest.mark.parametrize("count", [1, 2])
def test_a_blob_transaction_is_taken_out_of_its_wrapper(count: int) -> None:
    transaction, commitments = blob_transaction(count)
    assert transaction.blob_gas == count * GAS_PER_BLOB
    assert MARKET.blob_gas == 0
    blobs = [bytes(BLOB_BYTES)] * count
    old = wrapped(transaction, blobs, commitments, [bytes(48)] * count)
    new = wrapped(transaction, 1, blobs, commitments, [bytes(48)] * count * 128)
    for submitted in (old, new):
        found = decode_submission(submitted)
        assert found == transaction
        assert found.hash == keccak256(transaction.encode())
        with pytest.raises(ProofError):
            decode_transaction(submitted)


def test_a_wrapper_holds_what_the_transaction_names() -> None:
    transaction, commitments = blob_transaction(2)
    blobs, proofs = [bytes(BLOB_BYTES)] * 2, [bytes(48)] * 2
    faults: list[tuple[rlp.Encodable, ...]] = [
        (),
        (blobs, commitments),
        (blobs, commitments, proofs, b"", b""),
        (blobs[:1], commitments, proofs),
        ([*blobs, blobs[0]], commitments, proofs),
        ([bytes(BLOB_BYTES - 1)] * 2, commitments, proofs),
        (blobs, commitments[::-1], proofs),
        (blobs, commitments[:1], proofs),
        (blobs, commitments, proofs[:1]),
        (2, blobs, commitments, proofs * 128),
        (1, blobs, commitments, proofs),
    ]
    for parts in faults:
        with pytest.raises(ProofError):
            decode_submission(wrapped(transaction, *parts))
    with pytest.raises(ProofError):
        decode_submission(b"\3\xc0")
    with pytest.raises(ProofError):
        decode_submission(b"\3\x80")
