"""Requests to the consensus layer: deposits read from logs, and the hash over all kinds."""

from __future__ import annotations

import pytest
from ethereum.exceptions import InvalidBlock
from ethereum.forks.prague.requests import compute_requests_hash, extract_deposit_data
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import ProofError
from walkaway.proofs.execution.receipts import Log
from walkaway.proofs.execution.requests import DEPOSIT_TOPIC, deposit_request, requests_hash

CONTRACT = b"\xde" * 20
PARTS = (48, 32, 8, 96, 8)


def padded(part: bytes) -> bytes:
    return len(part).to_bytes(32, "big") + part + bytes(-len(part) % 32)


def encoded(parts: list[bytes]) -> bytes:
    """The parts as the ABI has them: where each begins, then each with its length."""
    tails = [padded(part) for part in parts]
    starts = [32 * len(parts) + sum(map(len, tails[:at])) for at in range(len(parts))]
    return b"".join(start.to_bytes(32, "big") for start in starts) + b"".join(tails)


DEPOSITS = st.tuples(*[st.binary(min_size=size, max_size=size) for size in PARTS]).map(list)


def deposit_log(data: bytes) -> Log:
    return Log(CONTRACT, (DEPOSIT_TOPIC,), data)


@given(st.lists(DEPOSITS, min_size=1, max_size=3))
def test_deposits_are_read_as_the_specification_reads_them(deposits: list[list[bytes]]) -> None:
    logs = [deposit_log(encoded(parts)) for parts in deposits]
    as_specified = b"".join(extract_deposit_data(log.data) for log in logs)
    assert deposit_request(logs, CONTRACT) == b"\0" + as_specified


@given(DEPOSITS, st.integers(0, 575), st.integers(1, 255))
def test_a_changed_byte_is_refused_wherever_the_specification_refuses_it(
    parts: list[bytes], at: int, by: int
) -> None:
    changed = bytearray(encoded(parts))
    changed[at] ^= by
    try:
        expected = b"\0" + extract_deposit_data(bytes(changed))
    except InvalidBlock:
        with pytest.raises(ProofError, match="not a deposit"):
            deposit_request([deposit_log(bytes(changed))], CONTRACT)
    else:
        assert deposit_request([deposit_log(bytes(changed))], CONTRACT) == expected


@pytest.mark.parametrize("length", [0, 31, 32, 575, 577])
def test_a_log_of_another_length_is_no_deposit(length: int) -> None:
    data = encoded([bytes(size) for size in PARTS])
    with pytest.raises(ProofError, match="not a deposit"):
        deposit_request([deposit_log((data + bytes(1))[:length])], CONTRACT)


def test_other_logs_are_no_deposits() -> None:
    data = encoded([bytes(size) for size in PARTS])
    others = [
        Log(b"\1" * 20, (DEPOSIT_TOPIC,), data),
        Log(CONTRACT, (), data),
        Log(CONTRACT, (bytes(32), DEPOSIT_TOPIC), b"anything"),
    ]
    assert deposit_request(others, CONTRACT) == b""


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
def test_the_hash_is_the_one_of_the_specification(requests: list[bytes]) -> None:
    assert requests_hash(requests) == compute_requests_hash(requests)
