"""A filter means what the execution API says, and a bloom filter never hides a match."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.proofs.execution.log_filter import LogFilter
from walkaway.proofs.execution.receipts import Log, logs_bloom

ONE, OTHER = b"\x0a" * 20, b"\x0b" * 20
A, B, C = b"\1" * 32, b"\2" * 32, b"\3" * 32
LOG = Log(ONE, (A, B), b"")


def choices(*values: bytes) -> frozenset[bytes]:
    return frozenset(values)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (LogFilter(), True),
        (LogFilter(choices(ONE)), True),
        (LogFilter(choices(OTHER, ONE)), True),
        (LogFilter(choices(OTHER)), False),
        (LogFilter(topics=(choices(A),)), True),
        (LogFilter(topics=(choices(C, A),)), True),
        (LogFilter(topics=(choices(B),)), False),
        (LogFilter(topics=(choices(), choices(B))), True),
        (LogFilter(topics=(choices(), choices(A))), False),
        (LogFilter(topics=(choices(), choices())), True),
        (LogFilter(topics=(choices(), choices(), choices())), False),
        (LogFilter(choices(OTHER), (choices(A),)), False),
    ],
)
def test_what_a_filter_means(wanted: LogFilter, expected: bool) -> None:
    assert wanted.matches(LOG) is expected


addresses = st.sampled_from([bytes([n]) * 20 for n in range(6)])
topics = st.sampled_from([bytes([n]) * 32 for n in range(6)])
logs = st.builds(Log, addresses, st.lists(topics, max_size=4).map(tuple), st.just(b""))
filters = st.builds(
    LogFilter,
    st.frozensets(addresses, max_size=3),
    st.lists(st.frozensets(topics, max_size=3), max_size=4).map(tuple),
)


@given(st.lists(logs, max_size=5), filters)
def test_a_bloom_filter_never_hides_a_match(found: list[Log], wanted: LogFilter) -> None:
    if any(wanted.matches(log) for log in found):
        assert wanted.may_match(logs_bloom(found))


def test_a_bloom_filter_excludes_what_is_not_there() -> None:
    bloom = logs_bloom([LOG])
    assert not LogFilter(choices(OTHER)).may_match(bloom)
    assert not LogFilter(choices(ONE), (choices(C),)).may_match(bloom)
    assert not LogFilter(topics=(choices(), choices(C))).may_match(bloom)
    assert LogFilter(choices(OTHER, ONE), (choices(A, C),)).may_match(bloom)
    assert not LogFilter().may_match(logs_bloom([]))
    assert LogFilter().may_match(bloom)


def test_a_digest_names_one_filter() -> None:
    assert LogFilter(choices(ONE, OTHER)).digest == LogFilter(choices(OTHER, ONE)).digest
    different = [
        LogFilter(),
        LogFilter(choices(ONE)),
        LogFilter(choices(ONE, OTHER)),
        LogFilter(topics=(choices(A),)),
        LogFilter(topics=(choices(), choices(A))),
        LogFilter(topics=(choices(A), choices())),
        LogFilter(topics=(choices(A, B),)),
        LogFilter(topics=(choices(A), choices(B))),
    ]
    assert len({wanted.digest for wanted in different}) == len(different)
