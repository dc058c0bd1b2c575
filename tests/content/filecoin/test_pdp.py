"""What RPCs say of who holds a piece: a word, marked as such, and never more."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from eth_abi.abi import decode, encode

from tests.sources.stand import HandClock, source
from walkaway.content.filecoin.pdp import PDP_VERIFIER, PdpStatus, PdpVerifier
from walkaway.content.filecoin.pdp_words import pdp_words
from walkaway.errors import InvalidRequest, SourceFault, Unproven, Unsupported
from walkaway.proofs.filecoin.piece import make_piece
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.sources.pool import Pool
from walkaway.sources.request import Kind, Request, RpcRequest
from walkaway.sources.word import Word

PIECE = make_piece([b"held" * 100])
# The selectors, as they stand in the contract's own bindings.
CID, LAST, FIND = "25bbbedf", "04595c1a", "6a4991a1"
SET, NUMBER, EPOCH = 7, 3, 5_000_000

PDP: frozenset[Kind] = frozenset({"pdp"})

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
    sources = [source(f"rpc-{place}", say, kinds=PDP) for place, say in enumerate(says)]
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


def numbered(*numbers: int) -> Callable[[Request], str]:
    """An RPC in front of the contract that finds these numbers of a piece by its CID."""

    def say(request: Request) -> str:
        assert isinstance(request, RpcRequest)
        data = bytes.fromhex(request.params[0]["data"][2:])
        if data[:4].hex() != FIND:
            return contract()(request)
        given = decode(["uint256", "(bytes)", "uint256", "uint256"], data[4:])
        assert given == (SET, (PIECE.cid.encode(),), 0, 1)
        return "0x" + encode(["uint256[]"], [numbers]).hex()

    return say


async def test_the_number_of_a_piece_is_found_by_its_cid() -> None:
    assert (await asking(numbered(NUMBER)).number(SET, PIECE)).value == NUMBER
    with pytest.raises(Unproven, match="holds no such piece"):
        await asking(numbered()).number(SET, PIECE)
    with pytest.raises(Unproven, match="another shape"):
        await asking(saying("0x" + "ff" * 64)).number(SET, PIECE)
    with pytest.raises(InvalidRequest, match="version 2"):
        await asking(numbered(NUMBER)).number(SET, PIECE.as_v1())
    with pytest.raises(InvalidRequest, match="has a number from 0"):
        await asking(numbered(NUMBER)).number(1 << 256, PIECE)


async def test_a_source_of_another_kind_is_not_asked() -> None:
    sources = [source("execution", contract())]
    with pytest.raises(Unproven):
        await PdpVerifier(Pool(sources, clock=HandClock(), seed=1)).status(SET, NUMBER)


async def words(*says: Says, asked: str = "7", cid: PieceCid = PIECE) -> list[tuple[str, object]]:
    return [(word.what, word.said_by) for word in await pdp_words(asking(*says), cid, asked)]


async def test_what_is_said_of_a_piece_is_told_in_words() -> None:
    holds = ("data set 7 holds it: piece 3 of data set 7", ("rpc-0",))
    when = "its provider proved last on 2025-05-27 00:40 UTC to have"
    proved = (f"{when} what it was challenged for of data set 7", ("rpc-0",))
    assert await words(numbered(NUMBER)) == [holds, proved]
    assert await words(contract(), asked="7/3") == [holds, proved]
    assert await words(contract(), asked="7/3", cid=PIECE.as_v1()) == [holds, proved]
    gone, never = await words(contract(live=0, epoch=0), asked="7/3")
    assert gone[0] == "data set 7 holds it no more: piece 3 of data set 7"
    assert never[0].startswith("its provider never yet proved to have")
    (other,) = await words(contract(), asked="7/3", cid=make_piece([b"other"]))
    assert other == (f"piece 3 of data set 7 is another one: {PIECE}", ("rpc-0",))
    later = await words(contract(epoch=1 << 255), asked="7/3")
    assert "unix second " in later[1][0]


async def test_that_nobody_says_it_is_told_as_well() -> None:
    ((what, said_by),) = await words(numbered())
    assert what.startswith("whether data set 7 holds it is not to be told: ")
    assert "holds no such piece" in what
    assert said_by == ()
    ((what, _),) = await words(contract(), contract(live=0), asked="7/3")
    assert "fewer than 1" in what
    assert "rpc-1" in what


@pytest.mark.parametrize("asked", ["", "a", "7/", "/3", "-1", "7/3/1", "\u0667", "9" * 79])
async def test_what_is_no_data_set_is_refused(asked: str) -> None:
    with pytest.raises(InvalidRequest, match="no data set") as refused:
        await words(contract(), asked=asked)
    assert "7/3" in refused.value.advice


async def test_where_no_rpc_is_listed_it_says_how() -> None:
    with pytest.raises(Unsupported) as refused:
        await pdp_words(None, PIECE, "7")
    assert 'kinds = ["pdp"]' in refused.value.advice
