"""Keys of libp2p: each type that signs names, and nothing in another's form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from walkaway.errors import InvalidRequest, ProofError, Unsupported, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, multihash, protobuf
from walkaway.proofs.ipfs.libp2p_keys import SigningKey, key_multihash, verify

MESSAGE = b"what is signed"
PKIX = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ED25519 = SigningKey(bytes(range(32)))
SECP256K1 = ec.derive_private_key(7, ec.SECP256K1())
P256 = ec.derive_private_key(7, ec.SECP256R1())


def message_of(kind: int, data: bytes) -> bytes:
    return protobuf.field(1, kind) + protobuf.field(2, data)


def secp256k1_point() -> bytes:
    return SECP256K1.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


KeyAndSign = tuple[bytes, Callable[[bytes], bytes]]


@pytest.fixture(params=["ed25519", "rsa", "secp256k1", "ecdsa"])
def signer(request: pytest.FixtureRequest, rsa_key: rsa.RSAPrivateKey) -> KeyAndSign:
    """A public key in its message, and how it signs."""
    kinds: dict[str, KeyAndSign] = {
        "ed25519": (ED25519.public_key, ED25519.sign),
        "rsa": (
            message_of(0, rsa_key.public_key().public_bytes(*PKIX)),
            lambda message: rsa_key.sign(message, padding.PKCS1v15(), SHA256()),
        ),
        "secp256k1": (
            message_of(2, secp256k1_point()),
            lambda message: SECP256K1.sign(message, ec.ECDSA(SHA256())),
        ),
        "ecdsa": (
            message_of(3, P256.public_key().public_bytes(*PKIX)),
            lambda message: P256.sign(message, ec.ECDSA(SHA256())),
        ),
    }
    return kinds[str(request.param)]


def test_a_signature_holds_for_its_message_and_key_alone(signer: KeyAndSign) -> None:
    key, sign = signer
    signature = sign(MESSAGE)
    verify(key, MESSAGE, signature)
    flipped = signature[:-1] + bytes((signature[-1] ^ 1,))
    for message, wrong in ((MESSAGE + b".", signature), (MESSAGE, flipped), (MESSAGE, b"")):
        with pytest.raises(ProofError, match="does not hold"):
            verify(key, message, wrong)


def test_short_keys_stand_in_their_names_and_long_ones_are_hashed() -> None:
    key = ED25519.public_key
    assert key[:4].hex() == "08011220"
    assert key_multihash(key) == bytes((codecs.IDENTITY, 36)) + key
    assert key_multihash(bytes(42)) == bytes((0, 42)) + bytes(42)
    assert multihash.decode(key_multihash(bytes(43)))[0] == codecs.SHA2_256


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(InvalidRequest, match="32 bytes"):
        SigningKey(bytes(31))


def test_keys_in_no_form_are_refused() -> None:
    der = P256.public_key().public_bytes(*PKIX)
    for key in (
        b"",
        protobuf.field(1, 1),
        protobuf.field(2, bytes(32)),
        protobuf.field(1, b"\1") + protobuf.field(2, bytes(32)),
        message_of(1, bytes(31)),
        message_of(2, bytes(33)),
        message_of(0, b"no DER"),
        message_of(3, der[:-1]),
    ):
        with pytest.raises(ProofError):
            verify(key, MESSAGE, bytes(64))


def test_the_sizes_of_keys_are_bounded() -> None:
    def of_bits(bits: int) -> bytes:
        numbers = rsa.RSAPublicNumbers(65537, (1 << bits - 1) + 1)
        return message_of(0, numbers.public_key().public_bytes(*PKIX))

    for bits in (2048, 8192):
        with pytest.raises(ProofError, match="does not hold"):
            verify(of_bits(bits), MESSAGE, bytes(bits // 8))
    for bits in (2047, 8193):
        with pytest.raises(Unsupported):
            verify(of_bits(bits), MESSAGE, bytes(bits // 8))
    padded = protobuf.field(9, bytes(LIMITS.ipns_key_bytes - 3 - len(ED25519.public_key)))
    verify(padded + ED25519.public_key, MESSAGE, ED25519.sign(MESSAGE))
    with pytest.raises(ProofError, match="over"):
        verify(padded + protobuf.field(9, 1) + ED25519.public_key, MESSAGE, bytes(64))


def test_keys_of_another_type_than_they_say_are_not_used(rsa_key: rsa.RSAPrivateKey) -> None:
    small = rsa.generate_private_key(65537, 1024).public_key().public_bytes(*PKIX)
    other = ed448.Ed448PrivateKey.generate().public_key().public_bytes(*PKIX)
    for key in (
        message_of(0, small),
        message_of(0, P256.public_key().public_bytes(*PKIX)),
        message_of(3, rsa_key.public_key().public_bytes(*PKIX)),
        message_of(3, other),
        message_of(4, other),
    ):
        with pytest.raises(Unsupported):
            verify(key, MESSAGE, bytes(64))


@settings(max_examples=80)
@given(st.integers(0, 5), st.binary(max_size=80), st.binary(max_size=72), st.integers(0, 90))
def test_garbage_raises_nothing_outside_the_tree(
    kind: int, data: bytes, signature: bytes, at: int
) -> None:
    der = bytearray(P256.public_key().public_bytes(*PKIX))
    der[at : at + 1] = data[:1]
    for key in (data, message_of(kind, data), message_of(3, bytes(der))):
        with pytest.raises(WalkawayError):
            verify(key, MESSAGE, signature)
