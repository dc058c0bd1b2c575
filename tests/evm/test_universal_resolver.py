"""What the Universal Resolver is asked and answers: the bytes, against eth-abi's own."""

from __future__ import annotations

import json

import pytest
from eth_abi.abi import encode

from tests.vectors import vectors
from walkaway.errors import ProofError
from walkaway.evm.universal_resolver import (
    BATCH_URL,
    Failure,
    PrimaryName,
    Resolved,
    ResolverFault,
    read_multicall,
    read_primary_name,
    read_resolved,
    resolve_call,
    resolve_multicall,
    reverse_call,
)
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256

RESOLVER = b"\x0e" * 20
WIRE = b"\x03app\x03eth\0"

FAULTS: dict[ResolverFault, tuple[list[str], list[object], str]] = {
    ResolverFault.RESOLVER_NOT_FOUND: (["bytes"], [WIRE], "resolver not found"),
    ResolverFault.RESOLVER_NOT_CONTRACT: (
        ["bytes", "address"],
        [WIRE, RESOLVER],
        f"resolver not contract: 0x{RESOLVER.hex()}",
    ),
    ResolverFault.UNSUPPORTED_PROFILE: (
        ["bytes4"],
        [b"\xbc\x1c\x58\xd1"],
        "unsupported profile: 0xbc1c58d1",
    ),
    ResolverFault.RESOLVER_ERROR: (
        ["bytes"],
        [keccak256(b"Error(string)")[:4] + encode(["string"], ["no\nway"])],
        "resolver error: no?way",
    ),
    ResolverFault.REVERSE_ADDRESS_MISMATCH: (
        ["string", "bytes"],
        ["app.eth", RESOLVER],
        f"reverse address mismatch: app.eth leads to 0x{RESOLVER.hex()}",
    ),
    ResolverFault.HTTP_ERROR: (["uint16", "string"], [404, "gone"], "http error: 404 gone"),
}


def selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def test_selectors_are_those_of_the_specification() -> None:
    facts = json.loads(vectors("names/universal-resolver.json").read_text())
    known = {fault.value for fault in ResolverFault}
    listed = {name: bytes.fromhex(value[2:]) for name, value in facts["errors"].items()}
    assert listed.pop("OffchainLookup(address,string[],bytes,bytes4,bytes)") not in known
    assert set(listed.values()) == known
    assert all(selector(name) == value for name, value in listed.items())
    assert facts["batchGateway"]["specialUrl"] == BATCH_URL


def test_calls_are_encoded_as_the_interface_has_them() -> None:
    call = b"\xbc\x1c\x58\xd1" + bytes(32)
    assert resolve_call(WIRE, call) == selector("resolve(bytes,bytes)") + encode(
        ["bytes", "bytes"], [WIRE, call]
    )
    assert resolve_multicall([call, b""]) == selector("multicall(bytes[])") + encode(
        ["bytes[]"], [[call, b""]]
    )
    assert reverse_call(RESOLVER, 60) == selector("reverse(bytes,uint256)") + encode(
        ["bytes", "uint256"], [RESOLVER, 60]
    )


def test_answers_are_read() -> None:
    resolved = encode(["bytes", "address"], [b"found", RESOLVER])
    assert read_resolved(resolved, reverted=False) == Resolved(b"found", RESOLVER)
    named = encode(["string", "address", "address"], ["app.eth", RESOLVER, bytes(20)])
    assert read_primary_name(named, reverted=False) == PrimaryName("app.eth", RESOLVER, bytes(20))
    for size in range(len(resolved) - 32):
        with pytest.raises(ProofError):
            read_resolved(resolved[:size], reverted=False)
    with pytest.raises(ProofError):
        read_resolved(
            encode(["bytes", "address"], [bytes(LIMITS.ens_value_bytes + 1), RESOLVER]),
            reverted=False,
        )


@pytest.mark.parametrize("fault", ResolverFault)
def test_each_error_is_told_in_words(fault: ResolverFault) -> None:
    types, values, words = FAULTS[fault]
    data = fault.value + encode(types, values)
    for read in (read_resolved, read_primary_name):
        failure = read(data, reverted=True)
        assert isinstance(failure, Failure)
        assert (failure.fault, str(failure), failure.data) == (fault, words, data)
    cut_short = read_resolved(fault.value, reverted=True)
    assert isinstance(cut_short, Failure)
    assert (cut_short.fault, cut_short.detail) == (fault, "")


@pytest.mark.parametrize("data", [b"", b"\1\2\3\4", b"\x08\xc3\x79\xa0", bytes(100)])
def test_an_error_of_another_kind_is_shown_as_it_came(data: bytes) -> None:
    failure = read_resolved(data, reverted=True)
    assert isinstance(failure, Failure)
    assert failure.fault is None
    assert str(failure).startswith(f"an unknown error: 0x{data[:36].hex()}")


def test_of_several_answers_what_is_no_whole_number_of_words_is_an_error() -> None:
    error = ResolverFault.UNSUPPORTED_PROFILE.value + encode(["bytes4"], [b"\1\2\3\4"])
    good = encode(["bytes"], [b"found"])
    answers = read_multicall(encode(["bytes[]"], [[good, error, b""]]), 3)
    assert answers[0] == good
    failures = [answer for answer in answers if isinstance(answer, Failure)]
    assert [failure.fault for failure in failures] == [ResolverFault.UNSUPPORTED_PROFILE] * 2
    for count in (2, 4):
        with pytest.raises(ProofError, match="another number"):
            read_multicall(encode(["bytes[]"], [[good, error, b""]]), count)
