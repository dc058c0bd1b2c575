"""CAR: read in pieces of any size, in both versions, and never beyond its bounds."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import vectors
from walkaway.errors import ProofError, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.ipfs import codecs, dag_cbor, varint
from walkaway.proofs.ipfs.block import prove_block
from walkaway.proofs.ipfs.car import CarReader, Section, car_header, car_section, car_v2_prefix
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value

BLOCKS = [(Cid.of(codecs.RAW, data), data) for data in (b"", b"one", b"two" * 100)]
OLD = Cid.parse("QmQg1v4o9xdT3Q14wh4S7dxZkDjyZ9ssFzFzyep1YrVJBY")
ROOTS = (BLOCKS[2][0], OLD)
V1 = car_header(ROOTS) + b"".join(car_section(cid, data) for cid, data in BLOCKS)
V2 = car_v2_prefix(len(V1)) + V1


def v2_header(characteristics: bytes, offset: int, size: int, index: int) -> bytes:
    numbers = b"".join(number.to_bytes(8, "little") for number in (offset, size, index))
    return V2[:11] + characteristics + numbers


def read(archive: bytes, *, piece: int = 1 << 20) -> tuple[CarReader, list[Section]]:
    reader = CarReader(max_blocks=1000)
    sections: list[Section] = []
    for at in range(0, len(archive), piece):
        sections += reader.feed(archive[at : at + piece])
    reader.close()
    return reader, sections


@pytest.mark.parametrize("piece", [1, 2, 7, 50, 1 << 20])
@pytest.mark.parametrize(("archive", "version"), [(V1, 1), (V2, 2)])
def test_blocks_come_in_order_whatever_the_pieces(archive: bytes, version: int, piece: int) -> None:
    reader, sections = read(archive, piece=piece)
    assert sections == BLOCKS
    assert (reader.version, reader.roots) == (version, ROOTS)


def test_the_header_is_known_before_any_block() -> None:
    reader = CarReader(max_blocks=1)
    assert reader.feed(V1[:1]) == []
    assert (reader.version, reader.roots) == (None, None)
    assert reader.feed(car_header(ROOTS)[1:]) == []
    assert (reader.version, reader.roots) == (1, ROOTS)


def test_the_written_form_is_the_specifications() -> None:
    assert V2[:11].hex() == "0aa16776657273696f6e02"
    assert len(V2) - len(V1) == 51
    assert car_header(()).hex() == "11a265726f6f7473806776657273696f6e01"
    empty = Cid.decode(bytes.fromhex("01550000"))
    assert car_section(empty, b"").hex() == "0401550000"


def test_no_roots_and_no_blocks_are_an_archive() -> None:
    reader, sections = read(car_header(()))
    assert (reader.roots, sections) == ((), [])


def test_a_cid_of_version_0_is_read() -> None:
    assert read(car_header(()) + car_section(OLD, b"claimed"))[1] == [(OLD, b"claimed")]


@pytest.mark.parametrize("piece", [1, 60, 1 << 20])
def test_padding_and_index_are_passed_over(piece: int) -> None:
    padding, index = b"\xff" * 70, b"\x80\x08" + b"\xfe" * 90
    header = v2_header(b"\x80" + bytes(15), 51 + 70, len(V1), 51 + 70 + len(V1) + 5)
    assert read(header + padding + V1 + bytes(5) + index, piece=piece)[1] == BLOCKS


@pytest.mark.parametrize("archive", [V1, V2])
def test_wherever_it_is_cut_it_is_cut_short_or_a_shorter_archive(archive: bytes) -> None:
    ends = [len(car_header(ROOTS))]
    for cid, data in BLOCKS:
        ends.append(ends[-1] + len(car_section(cid, data)))
    for end in range(len(archive)):
        if archive is V1 and end in ends:
            assert read(archive[:end])[1] == BLOCKS[: ends.index(end)]
        else:
            with pytest.raises(ProofError, match="cut short"):
                read(archive[:end])


def header_of(value: Value) -> bytes:
    encoded = dag_cbor.encode(value)
    return varint.encode(len(encoded)) + encoded


NO_ARCHIVES = {
    "an empty header": b"\0",
    "a header that is no DAG-CBOR": b"\1\xff",
    "a header that is no map": header_of([1]),
    "a header without a version": header_of({"roots": []}),
    "a header with more": header_of({"more": 1, "roots": [], "version": 1}),
    "version 3": header_of({"roots": [], "version": 3}),
    "a version that is true": header_of({"roots": [], "version": True}),
    "a version that is a float": header_of({"roots": [], "version": 1.0}),
    "roots that are one link": header_of({"roots": OLD, "version": 1}),
    "a root that is text": header_of({"roots": [OLD, str(OLD)], "version": 1}),
    "a header over the limit": varint.encode(LIMITS.car_header_bytes + 1),
    "a length in more bytes than it needs": b"\x80\0",
    "an endless length": b"\xff" * 20,
    "a section of nothing": car_header(()) + b"\0",
    "a section with half a CID": car_header(()) + b"\x03\x01\x55\x12",
    "a digest beyond its section": car_header(()) + b"\x04\x01\x55\x12\x20",
    "a section over the limit": car_header(())
    + varint.encode(LIMITS.block_bytes + LIMITS.cid_bytes + 1),
    "a block over the limit": car_header(()) + car_section(OLD, bytes(LIMITS.block_bytes + 1)),
    "characteristics of the future": v2_header(b"\x40" + bytes(15), 51, len(V1), 0) + V1,
    "data over the header": v2_header(bytes(16), 50, len(V1), 0) + V1,
    "no data": v2_header(bytes(16), 51, 0, 0) + V1,
    "an index over the data": v2_header(bytes(16), 51, len(V1), 50 + len(V1)) + V1,
    "data that ends within a section": v2_header(bytes(16), 51, len(V1) - 1, 0) + V1,
    "data that ends within a header": v2_header(bytes(16), 51, 5, 0) + V1,
    "version 2 within version 2": car_v2_prefix(len(V2)) + V2,
}


@pytest.mark.parametrize("fault", NO_ARCHIVES)
def test_what_is_no_archive_is_refused_and_stays_so(fault: str) -> None:
    reader = CarReader(max_blocks=10)
    with pytest.raises(ProofError) as refused:
        reader.feed(NO_ARCHIVES[fault])
    with pytest.raises(ProofError) as later:
        reader.feed(V1)
    with pytest.raises(ProofError) as at_the_end:
        reader.close()
    assert refused.value is later.value is at_the_end.value


def test_what_is_at_the_limits_is_taken() -> None:
    largest = bytes(LIMITS.block_bytes)
    assert read(car_header(()) + car_section(OLD, largest))[1] == [(OLD, largest)]
    assert CarReader(max_blocks=1).feed(varint.encode(LIMITS.car_header_bytes)) == []


def test_what_follows_the_data_of_version_2_is_not_held() -> None:
    reader = CarReader(max_blocks=3)
    reader.feed(V2)
    index = bytes(1 << 20)
    tracemalloc.start()
    try:
        for _ in range(16):
            assert reader.feed(index) == []
        assert tracemalloc.get_traced_memory()[1] < 4 * len(index)
    finally:
        tracemalloc.stop()
    reader.close()


def test_whichever_byte_is_flipped_what_proves_is_what_was_there() -> None:
    known = {data for _, data in BLOCKS}
    for at in range(len(V2)):
        sections: list[Section] = []
        with suppress(ProofError):
            sections = read(V2[:at] + bytes((V2[at] ^ 1,)) + V2[at + 1 :])[1]
        for cid, data in sections:
            with suppress(WalkawayError):
                assert prove_block(cid, data).value in known


def test_the_caller_says_how_many_blocks() -> None:
    assert CarReader(max_blocks=3).feed(V1) == BLOCKS
    with pytest.raises(ProofError, match="more than 2"):
        CarReader(max_blocks=2).feed(V1)


@settings(max_examples=60)
@given(st.binary(max_size=60), st.integers(0, len(V2)), st.integers(1, 80))
def test_garbage_anywhere_is_a_proof_error_or_other_claims(
    garbage: bytes, at: int, piece: int
) -> None:
    for archive in (garbage, V2[:at] + garbage + V2[at:], V1[:at] + garbage + V1[at:]):
        try:
            _, sections = read(archive, piece=piece)
        except ProofError:
            continue
        assert all(isinstance(cid, Cid) for cid, _ in sections)


def test_the_recorded_archives_hold_the_blocks_that_they_name() -> None:
    paths = sorted(vectors("ipfs").rglob("*.car"))
    assert len(paths) > 20
    for path in paths:
        archive = path.read_bytes()
        reader, sections = read(archive, piece=4096)
        assert reader.roots, path
        for cid, data in sections:
            assert prove_block(cid, data).value == data
        rewritten = car_header(reader.roots) + b"".join(car_section(*each) for each in sections)
        assert rewritten == (archive if reader.version == 1 else archive[51 : 51 + len(rewritten)])


@pytest.mark.parametrize("data", [b"", b"<html", b"\3abc, and so on"])
def test_what_is_something_else_is_said_to_be_no_archive(data: bytes) -> None:
    with pytest.raises(ProofError, match="is no CAR"):
        read(data)
