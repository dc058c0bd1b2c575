"""Signatures of data items: each type holds for one message, and more strictly than elsewhere."""

from __future__ import annotations

from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.arweave.making import RSA_OWNER, SIGNERS, Signer, multi_aptos, rsa_sign
from walkaway.errors import ProofError
from walkaway.proofs.arweave import ed25519, rsa_pss
from walkaway.proofs.arweave.signatures import SIGNATURE_TYPES
from walkaway.proofs.execution.signatures import CURVE_ORDER

MESSAGE = bytes(range(48))
PRIME = 2**255 - 19


def verify(signer: Signer, message: bytes, signature: bytes, owner: bytes | None = None) -> None:
    SIGNATURE_TYPES[signer.kind].verify(owner or signer.owner, message, signature)


@pytest.mark.parametrize("name", SIGNERS)
def test_what_is_signed_verifies(name: str) -> None:
    signer = SIGNERS[name]
    kind = SIGNATURE_TYPES[signer.kind]
    signature = signer.sign(MESSAGE)
    assert (len(signature), len(signer.owner)) == (kind.signature_bytes, kind.owner_bytes)
    verify(signer, MESSAGE, signature)
    with pytest.raises(ProofError):
        verify(signer, MESSAGE[::-1], signature)


@pytest.mark.parametrize("name", SIGNERS)
def test_no_byte_of_a_signature_can_be_changed(name: str) -> None:
    signer = SIGNERS[name]
    signature = signer.sign(MESSAGE)
    # The byte that helps to recover a key is under the id alone, where the key itself is given.
    size = len(signature) - (name == "ethereum")
    for at in range(0, size, max(1, size // 90)):
        changed = bytearray(signature)
        changed[at] ^= 1
        with pytest.raises(ProofError):
            verify(signer, MESSAGE, bytes(changed))


@pytest.mark.parametrize("salt_bytes", [0, 1, 32, 478])
def test_rsa_takes_any_salt(salt_bytes: int) -> None:
    rsa_pss.verify(RSA_OWNER, MESSAGE, rsa_sign(MESSAGE, salt_bytes))


def test_rsa_keys_are_odd_and_of_4096_bits() -> None:
    signature = rsa_sign(MESSAGE)
    modulus = int.from_bytes(RSA_OWNER, "big")
    for number in (modulus >> 1, modulus - 1, 0, modulus & ~(1 << 4095), 3):
        with pytest.raises(ProofError, match="4096 bits"):
            rsa_pss.verify(number.to_bytes(512, "big"), MESSAGE, signature)
    for key in (RSA_OWNER[1:], b"\0" + RSA_OWNER, b""):
        with pytest.raises(ProofError, match="4096 bits"):
            rsa_pss.verify(key, MESSAGE, signature)
    for number in (modulus + 2, (1 << 4096) - 1, (1 << 4095) + 1):
        with pytest.raises(ProofError, match="does not hold"):
            rsa_pss.verify(number.to_bytes(512, "big"), MESSAGE, signature)


def test_rsa_signatures_are_below_the_modulus() -> None:
    modulus = int.from_bytes(RSA_OWNER, "big")
    signature = int.from_bytes(rsa_sign(MESSAGE), "big")
    for number in (modulus - 1, modulus, 0, 1):
        with pytest.raises(ProofError, match="does not hold"):
            rsa_pss.verify(RSA_OWNER, MESSAGE, number.to_bytes(512, "big"))
    if signature + modulus < 1 << 4096:  # where it fits, it is no second signature
        with pytest.raises(ProofError, match="does not hold"):
            rsa_pss.verify(RSA_OWNER, MESSAGE, (signature + modulus).to_bytes(512, "big"))


def small_order_points() -> list[bytes]:
    """The encodings of the eight points of small order: found by adding, not looked up."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME

    def add(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
        (x1, y1), (x2, y2) = one, two
        product = d * x1 * x2 * y1 * y2 % PRIME
        return (
            (x1 * y2 + x2 * y1) * pow(1 + product, -1, PRIME) % PRIME,
            (y1 * y2 + x1 * x2) * pow(1 - product, -1, PRIME) % PRIME,
        )

    def times(count: int, point: tuple[int, int]) -> tuple[int, int]:
        result = (0, 1)
        while count:
            if count & 1:
                result = add(result, point)
            point, count = add(point, point), count >> 1
        return result

    order = 2**252 + 27742317777372353535851937790883648493
    for y in range(2, 200):
        square = (y * y - 1) * pow(d * y * y + 1, -1, PRIME) % PRIME
        root = pow(square, (PRIME + 3) // 8, PRIME)
        if root * root % PRIME != square:
            root = root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
        if root * root % PRIME != square:
            continue
        generator = times(order, (root, y))
        points = {times(count, generator) for count in range(8)}
        if len(points) == 8:
            return [(y | (x & 1) << 255).to_bytes(32, "little") for x, y in points]
    raise AssertionError("no point of order 8 was found")


def test_keys_and_points_of_small_order_are_refused() -> None:
    """Under such a key one signature holds for many messages: OpenSSL takes it."""
    points = small_order_points()
    assert len(set(points)) == 8
    signature = SIGNERS["ed25519"].sign(MESSAGE)
    for point in points:
        with pytest.raises(ProofError, match="key is of small order"):
            ed25519.verify(point, MESSAGE, signature)
        with pytest.raises(ProofError, match="point is of small order"):
            ed25519.verify(SIGNERS["ed25519"].owner, MESSAGE, point + signature[32:])
    identity = (1).to_bytes(32, "little")
    forged = identity + bytes(32)
    for message in (b"one content", b"another content"):
        Ed25519PublicKey.from_public_bytes(identity).verify(forged, message)
        with pytest.raises(ProofError, match="small order"):
            ed25519.verify(identity, message, forged)


@pytest.mark.parametrize("y", [PRIME, PRIME + 1, PRIME + 3, PRIME + 18, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_points_have_one_encoding(y: int, sign: int) -> None:
    point = (y | sign).to_bytes(32, "little")
    signature = SIGNERS["ed25519"].sign(MESSAGE)
    with pytest.raises(ProofError, match="not in its one encoding"):
        ed25519.verify(point, MESSAGE, signature)
    with pytest.raises(ProofError, match="not in its one encoding"):
        ed25519.verify(SIGNERS["ed25519"].owner, MESSAGE, point + signature[32:])


def test_the_scalar_of_an_ed25519_signature_is_reduced() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    signature = SIGNERS["ed25519"].sign(MESSAGE)
    scalar = int.from_bytes(signature[32:], "little") + order
    with pytest.raises(ProofError, match="does not hold"):
        ed25519.verify(
            SIGNERS["ed25519"].owner, MESSAGE, signature[:32] + scalar.to_bytes(32, "little")
        )


def test_a_key_that_is_no_point_is_refused() -> None:
    with pytest.raises(ProofError):
        ed25519.verify((2).to_bytes(32, "little"), MESSAGE, SIGNERS["ed25519"].sign(MESSAGE))


@pytest.mark.parametrize(
    ("threshold", "signing"), [(1, []), (2, [0]), (2, [1]), (3, [0, 2]), (32, [0, 1, 2])]
)
def test_a_multi_signature_reaches_its_threshold(threshold: int, signing: list[int]) -> None:
    """Which arbundles does not ask: there an item that nobody signed is valid."""
    signer = multi_aptos(threshold, [1, 2, 3], signing)
    with pytest.raises(ProofError, match="does not reach its threshold"):
        verify(signer, MESSAGE, signer.sign(MESSAGE))


@pytest.mark.parametrize("threshold", [0, 33, 255])
def test_a_threshold_is_of_1_to_32(threshold: int) -> None:
    signer = multi_aptos(threshold, [1, 2, 3], [0, 1, 2])
    with pytest.raises(ProofError, match="threshold is out of range"):
        verify(signer, MESSAGE, signer.sign(MESSAGE))


def test_more_than_the_threshold_may_sign_but_each_must() -> None:
    signer = multi_aptos(2, [1, 2, 3], [0, 1, 2])
    signature = signer.sign(MESSAGE)
    verify(signer, MESSAGE, signature)
    for place in range(3):
        broken = bytearray(signature)
        broken[place * 64 + 40] ^= 1
        with pytest.raises(ProofError, match="does not hold"):
            verify(signer, MESSAGE, bytes(broken))


def test_nothing_stands_where_nobody_signed() -> None:
    signer = multi_aptos(1, [1, 2, 3], [0, 2])
    signature = bytearray(signer.sign(MESSAGE))
    for at in (64, 127, 192, 2047):
        changed = bytearray(signature)
        changed[at] = 1
        with pytest.raises(ProofError, match="where nobody signed"):
            verify(signer, MESSAGE, bytes(changed))


def test_all_32_may_sign() -> None:
    signer = multi_aptos(32, range(1, 33), range(32))
    verify(signer, MESSAGE, signer.sign(MESSAGE))


def test_nobody_signs_in_a_place_without_a_key() -> None:
    signer = multi_aptos(2, [1, 2, 3], [0, 3])
    with pytest.raises(ProofError, match="small order"):
        verify(signer, MESSAGE, signer.sign(MESSAGE))


def test_ethereum_signatures_are_of_the_lower_half() -> None:
    for name, matched in (("ethereum", "does not hold"), ("typedEthereum", "out of range")):
        signature = SIGNERS[name].sign(MESSAGE)
        high = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
        other = bytes((55 - signature[64],))
        with pytest.raises(ProofError, match=matched):
            verify(SIGNERS[name], MESSAGE, signature[:32] + high.to_bytes(32, "big") + other)


@pytest.mark.parametrize("r", [0, CURVE_ORDER, 2**256 - 1])
def test_ethereum_signatures_are_in_range(r: int) -> None:
    for name in ("ethereum", "typedEthereum"):
        signature = SIGNERS[name].sign(MESSAGE)
        for changed in (
            r.to_bytes(32, "big") + signature[32:],
            signature[:32] + r.to_bytes(32, "big") + signature[64:],
        ):
            with pytest.raises(ProofError):
                verify(SIGNERS[name], MESSAGE, changed)


def test_ethereum_owners_are_keys_in_one_form() -> None:
    signer = SIGNERS["ethereum"]
    signature = signer.sign(MESSAGE)
    hybrid = bytes((6 + signer.owner[-1] % 2,)) + signer.owner[1:]
    with pytest.raises(ProofError, match="does not hold"):
        verify(signer, MESSAGE, signature, hybrid)
    with pytest.raises(ProofError, match="no key"):
        verify(signer, MESSAGE, signature, b"\x04" + bytes(64))


def test_a_recovery_byte_is_of_one_of_four_values() -> None:
    signer = SIGNERS["typedEthereum"]
    signature = signer.sign(MESSAGE)
    verify(signer, MESSAGE, signature[:64] + bytes((signature[64] - 27,)))
    for value in set(range(256)) - {0, 1, 27, 28}:
        with pytest.raises(ProofError, match="recovery byte"):
            verify(signer, MESSAGE, signature[:64] + bytes((value,)))


@pytest.mark.parametrize(
    "owner", [b"0x" + b"g" * 40, b"0X" + b"0" * 40, b"0" * 42, b"0x" + b"0" * 41]
)
def test_typed_owners_are_texts_of_addresses(owner: bytes) -> None:
    signer = SIGNERS["typedEthereum"]
    with pytest.raises(ProofError, match="not the text of an address"):
        verify(signer, MESSAGE, signer.sign(MESSAGE), owner)


@settings(max_examples=30)
@given(st.integers())
def test_garbage_raises_nothing_outside_the_tree(seed: int) -> None:
    dice = Random(seed)
    for kind in SIGNATURE_TYPES.values():
        owner, signature = dice.randbytes(kind.owner_bytes), dice.randbytes(kind.signature_bytes)
        with pytest.raises(ProofError):
            kind.verify(owner, MESSAGE, signature)
