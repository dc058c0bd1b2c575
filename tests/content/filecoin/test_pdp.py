"""What RPCs say of who holds a piece: a word, marked as such, and never more."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from eth_abi.abi import decode, encode

from tests.sources.stand import HandClock, source
from walkaway.content.filecoin.pdp import PDP_VERIFIER, PdpStatus, PdpVerifier
from walkaway.errors import InvalidRequest, SourceFault, Unproven
from walkaway.proofs.filecoin.piece import make_piece
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.sources.pool import Pool
from walkaway.sources.request import Request, RpcRequest
from walkaway.sources.word import Word

PIECE = make_piece([b"held" * 100])
# The selectors, as they stand in the contract's own bindings.
CID, LAST = "25bbbedf", "04595c1a"
SET, NUMBER, EPOCH = 7, 3, 5_000_000

Says = Callable[[Request], object]


def contract(
    cid: bytes = PIECE.cid.encode(), *, live: int = 1, epoch: int = EPOCH
) -> Callable[[Request], str]:
    """An RPC in front of the contract, which knows one piece."""

    def say(request: Request) -> str:
        assert isinstance(request, RpcRequest)
        call, block = request.params
        assert (request.method, block, call["to"]) == (
            "eth_call",
            "latest",
            "0x" + PDP_VERIFIER.hex(),
        )
        selector, given = call["data"][2:10], bytes.fromhex(call["data"][10:])
        if selector == LAST:
            assert decode(["uint256"], given) == (SET,)
            return "0x" + encode(["uint256"], [epoch]).hex()
        assert decode(["uint256", "uint256"], given) == (SET, NUMBER)
        if selector == CID:
            return "0x" + encode(["(bytes)"], [(cid,)]).hex()
        return "0x" + encode(["uint256"], [live]).hex()

    return say


def saying(body: object) -> Says:
    return lambda _: body


def asking(*says: Says, operators: int = 1) -> PdpVerifier:
    sources = [source(f"rpc-{place}", say) for place, say in enumerate(says)]
    return PdpVerifier(Pool(sources, clock=HandClock(), seed=1), operators=operators)


async def test_what_is_said_is_somebodys_word() -> None:
    status = await asking(contract()).status(SET, NUMBER)
    assert status.cid == Word(PIECE, said_by=("rpc-0",), asked=("rpc-0",))
    assert (status.is_live.value, status.last_proven_epoch.value) == (True, EPOCH)
    assert status.last_proven_at == 1_598_306_400 + 30 * EPOCH
    assert str(status.is_live) == "1 of 1 sources say so"


async def test_a_set_that_was_never_proven_and_a_piece_that_is_gone() -> None:
    status = await asking(contract(live=0, epoch=0)).status(SET, NUMBER)
    assert (status.is_live.value, status.last_proven_at) == (False, None)


async def test_two_operators_must_agree_where_two_are_wanted() -> None:
    status = await asking(contract(), contract(), operators=2).status(SET, NUMBER)
    assert set(status.cid.said_by) == {"rpc-0", "rpc-1"}
    with pytest.raises(Unproven, match="fewer than 2"):
        await asking(contract(), contract(live=0), operators=2).status(SET, NUMBER)


@pytest.mark.parametrize(
    ("cid", "why"), [(b"", "no such piece"), (b"\x01", "names no piece"), (b"\0" * 40, "names no")]
)
async def test_a_cid_that_names_no_piece(cid: bytes, why: str) -> None:
    verifier = asking(contract(cid))
    with pytest.raises(Unproven, match=why):
        await verifier.status(SET, NUMBER)


@pytest.mark.parametrize("said", ["0x", "0xzz", "", None, 7, "0x" + "ff" * 33, "0x" + "ff" * 64])
async def test_an_answer_of_another_shape_is_a_fault_and_no_lie(said: object) -> None:
    verifier = asking(saying(said))
    with pytest.raises(Unproven) as refusal:
        await verifier.status(SET, NUMBER)
    assert "lied" not in str(refusal.value)
    assert "could not be checked" not in str(refusal.value)


async def test_no_answer_of_any_bytes_goes_astray() -> None:
    rng = random.Random(3)
    whole = bytes.fromhex(contract()(RpcRequest("eth_call", (
        {"to": "0x" + PDP_VERIFIER.hex(), "data": f"0x{CID}{SET:064x}{NUMBER:064x}"}, "latest",
    )))[2:])  # fmt: skip
    for _ in range(300):
        said = bytearray(whole)
        said[rng.randrange(len(said))] = rng.randrange(256)
        verifier = asking(saying("0x" + said.hex()))
        with pytest.raises(Unproven) as refusal:
            await verifier.status(SET, NUMBER)
        assert "could not be checked" not in str(refusal.value)


@pytest.mark.parametrize("live", [2, 1 << 255])
async def test_what_is_neither_true_nor_false(live: int) -> None:
    with pytest.raises(Unproven, match="another shape"):
        await asking(contract(live=live)).status(SET, NUMBER)


async def test_an_rpc_that_fails() -> None:
    with pytest.raises(Unproven, match="reverted"):
        await asking(saying(SourceFault("execution reverted"))).status(SET, NUMBER)


@pytest.mark.parametrize("numbers", [(-1, 0), (0, -1), (1 << 256, 0), (0, 1 << 256)])
async def test_numbers_that_no_contract_takes(numbers: tuple[int, int]) -> None:
    with pytest.raises(InvalidRequest):
        await asking(contract()).status(*numbers)


def test_a_word_on_another_piece_is_not_on_this_one() -> None:
    def status(cid: PieceCid) -> PdpStatus:
        return PdpStatus(Word(cid, (), ()), Word(True, (), ()), Word(1, (), ()))

    other = make_piece([b"other"])
    assert status(PIECE).is_of(PIECE)
    assert status(PIECE.as_v1()).is_of(PIECE)
    assert status(PIECE).is_of(PIECE.as_v1())
    assert not status(other).is_of(PIECE)
    assert PIECE.payload_bytes is not None
    assert not status(PIECE).is_of(PieceCid.over(PIECE.root, PIECE.payload_bytes - 1))
