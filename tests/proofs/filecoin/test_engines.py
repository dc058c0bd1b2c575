"""Both engines against the bits of the specification, against each other, and in any parts."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from walkaway.errors import Unsupported, WalkawayError
from walkaway.proofs.filecoin import native
from walkaway.proofs.filecoin.native import NativePieceHasher
from walkaway.proofs.filecoin.piece import PieceHasher, piece_hasher
from walkaway.proofs.filecoin.reference import ReferencePieceHasher

built = pytest.mark.skipif(not native.available(), reason="the native kernel is not built")

Engine = Callable[[], PieceHasher]
ENGINES: list[Engine] = [
    ReferencePieceHasher,
    *(lambda name=name: NativePieceHasher(name) for name in native.lanes()),
]
NAMES = ["reference", *native.lanes()]
each_engine = pytest.mark.parametrize("engine", ENGINES, ids=NAMES)

# Parts of a quad, quads left over, and runs of every length in lanes of each width.
SIZES = [0, 1, 64, 65, 126, 127, 128, 254, 255, 381, 1016, 1017, 2032, 4064, 4065, 8128, 12_193]
# Whole blocks of either engine, and what is beside them.
LARGE = [130_047, 130_048, 130_049, 260_095, 260_096, 260_097, 390_144, 700_001]


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def by_the_words(payload: bytes) -> tuple[int, bytes]:
    """fr32 bit by bit and SHA-256 pair by pair, over the whole padded payload."""
    quads = 1
    while quads * 127 < len(payload):
        quads *= 2
    bits = int.from_bytes(payload, "little")
    level = [
        (bits >> 254 * leaf & ((1 << 254) - 1)).to_bytes(32, "little") for leaf in range(4 * quads)
    ]
    height = 0
    while len(level) > 1:
        digests = [
            hashlib.sha256(left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=True)
        ]
        level = [digest[:31] + bytes((digest[31] & 0x3F,)) for digest in digests]
        height += 1
    return height, level[0]


def reduced(hasher: PieceHasher, payload: bytes, part: int) -> tuple[int, bytes]:
    for at in range(0, len(payload), part):
        hasher.update(payload[at : at + part])
    return hasher.root()


@each_engine
@pytest.mark.parametrize("size", SIZES)
def test_each_yields_what_the_words_say(engine: Engine, size: int) -> None:
    payload = noise(size)
    assert reduced(engine(), payload, max(size, 1)) == by_the_words(payload)


@pytest.mark.parametrize("size", LARGE)
def test_all_yield_the_same_of_whole_blocks(size: int) -> None:
    payload = noise(size)
    found = {reduced(engine(), payload, size) for engine in ENGINES}
    found.add(reduced(ReferencePieceHasher(), payload, 8191))
    assert len(found) == 1


@built
def test_every_width_agrees_with_the_twin_on_any_size() -> None:
    dice = random.Random(6)
    for _ in range(40):
        payload = dice.randbytes(dice.choice((300, 5_000, 40_000)) + dice.randrange(4_000))
        expected = reduced(ReferencePieceHasher(), payload, len(payload))
        for name in native.lanes():
            part = dice.randrange(1, len(payload))
            assert reduced(NativePieceHasher(name), payload, part) == expected, name


@each_engine
@pytest.mark.parametrize("part", [1, 126, 127, 128, 4064])
def test_parts_of_any_size_yield_the_same(engine: Engine, part: int) -> None:
    payload = noise(9_000)
    assert reduced(engine(), payload, part) == reduced(engine(), payload, len(payload))


@each_engine
def test_parts_that_end_in_blocks_and_beside_them_yield_the_same(engine: Engine) -> None:
    payload = noise(600_000)
    whole = reduced(engine(), payload, len(payload))
    for part in (130_048, 260_096, 260_095, 300_000):
        assert reduced(engine(), payload, part) == whole


@each_engine
def test_a_root_is_no_end(engine: Engine) -> None:
    payload, hasher = noise(3_000), engine()
    hasher.update(payload[:1_300])
    assert hasher.root() == hasher.root() == by_the_words(payload[:1_300])
    hasher.update(payload[1_300:])
    assert hasher.root() == by_the_words(payload)


@pytest.fixture
def without_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where the distribution is not installed."""
    native._kernel.cache_clear()
    monkeypatch.setitem(sys.modules, "walkaway_native", None)
    yield
    native._kernel.cache_clear()


@pytest.mark.usefixtures("without_kernel")
def test_the_twin_answers_where_there_is_no_kernel() -> None:
    assert not native.available()
    assert native.lanes() == []
    assert isinstance(piece_hasher(), ReferencePieceHasher)
    with pytest.raises(Unsupported, match="not installed"):
        NativePieceHasher()


@pytest.mark.usefixtures("without_kernel")
@pytest.mark.parametrize("interface", [None, 0, 2])
def test_a_kernel_of_another_interface_is_not_used(
    monkeypatch: pytest.MonkeyPatch, interface: int | None
) -> None:
    kernel = ModuleType("walkaway_native")
    if interface is not None:
        kernel.__dict__["PIECE_INTERFACE"] = interface
    monkeypatch.setitem(sys.modules, "walkaway_native", kernel)
    assert not native.available()


class _Fault(Exception):
    """A kernel's."""


class _Failing:
    def __init__(self, lanes: str) -> None:
        assert lanes == "some"

    def update(self, payload: bytes) -> None:
        raise _Fault("the kernel panicked")

    def root(self) -> tuple[int, bytes]:
        raise _Fault("the kernel panicked")


@pytest.fixture
def failing_kernel(monkeypatch: pytest.MonkeyPatch, without_kernel: None) -> None:
    kernel = ModuleType("walkaway_native")
    kernel.__dict__.update(
        PIECE_INTERFACE=native.PIECE_INTERFACE,
        KernelFault=_Fault,
        PieceHasher=_Failing,
        piece_lanes=lambda: ["some"],
    )
    monkeypatch.setitem(sys.modules, "walkaway_native", kernel)


@pytest.mark.usefixtures("failing_kernel")
def test_a_kernel_that_fails_says_so_and_yields_nothing() -> None:
    hasher = piece_hasher()
    assert isinstance(hasher, NativePieceHasher)
    with pytest.raises(WalkawayError, match="panicked"):
        hasher.update(b"")
    with pytest.raises(WalkawayError, match="panicked"):
        hasher.root()


@pytest.mark.usefixtures("failing_kernel")
def test_lanes_that_the_processor_lacks_are_refused() -> None:
    with pytest.raises(Unsupported, match="no lanes other, but some"):
        NativePieceHasher("other")


class _Sound:
    def __init__(self, lanes: str) -> None:
        assert lanes == "some"
        self._twin = ReferencePieceHasher()

    def update(self, payload: bytes) -> None:
        self._twin.update(payload)

    def root(self) -> tuple[int, bytes]:
        return self._twin.root()


def test_the_lanes_that_are_named_give_height_and_root(
    monkeypatch: pytest.MonkeyPatch, failing_kernel: None
) -> None:
    kernel = sys.modules["walkaway_native"]
    monkeypatch.setattr(kernel, "PieceHasher", _Sound)
    monkeypatch.setattr(kernel, "piece_lanes", lambda: ["faster", "some"])
    assert reduced(NativePieceHasher("some"), noise(500), 500) == by_the_words(noise(500))
