"""What an RPC says of who proves to hold a piece (PDP): its word, since nobody proves it.

Filecoin has no light client whose proofs could be checked here. So each answer is a `Word`,
and says nothing of the piece's bytes, which `content.py` proves.

Specification: FilOzone/pdp ``PDPVerifier.sol``; an epoch is 30 seconds, and Filecoin's first
began at unix time 1598306400.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar, final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from walkaway.errors import InvalidRequest, NotKnown, ProofError, SourceFault
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.filecoin.piece_cid import PieceCid
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, RpcRequest
from walkaway.sources.word import Word

__all__ = ["FILECOIN_CHAIN_ID", "PDP_VERIFIER", "PdpStatus", "PdpVerifier"]

FILECOIN_CHAIN_ID: Final = 314
PDP_VERIFIER: Final = bytes.fromhex("badd0b92c1c71d02e7d520f64c0876538fa2557f")
"""The contract on Filecoin's main network."""

T = TypeVar("T")

_FIRST_EPOCH: Final = 1_598_306_400
_EPOCH_SECONDS: Final = 30
_NEVER: Final = 0
_CID: Final = "getPieceCid(uint256,uint256)"
_LIVE: Final = "pieceLive(uint256,uint256)"
_LAST: Final = "getDataSetLastProvenEpoch(uint256)"
_FIND: Final = "findPieceIdsByCid(uint256,(bytes),uint256,uint256)"


@dataclass(frozen=True, slots=True)
class PdpStatus:
    """What sources say of one piece in one data set.

    ``is_live`` is whether the set still holds it; ``last_proven_epoch`` when the set's
    provider last proved to have what it was challenged for, 0 where never.
    """

    cid: Word[PieceCid]
    is_live: Word[bool]
    last_proven_epoch: Word[int]

    def is_of(self, cid: PieceCid) -> bool:
        """Whether they speak of this piece: a CID of version 1 has no length to compare."""
        said = self.cid.value
        lengths = {said.payload_bytes, cid.payload_bytes} - {None}
        return said.root == cid.root and len(lengths) < 2

    @property
    def last_proven_at(self) -> int | None:
        """Unix seconds of that epoch; None where there was none."""
        epoch = self.last_proven_epoch.value
        return None if epoch == _NEVER else _FIRST_EPOCH + epoch * _EPOCH_SECONDS


@final
class PdpVerifier:
    """Asks the contract through ``pool``, of whose sources those of kind ``pdp`` are RPCs of
    Filecoin (chain 314).

    ``operators`` is how many of them must say the same.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        operators: int = 1,
        address: bytes = PDP_VERIFIER,
        limits: Limits = LIMITS,
    ) -> None:
        self._pool = pool
        self._operators = operators
        self._address = address
        self._limits = limits

    async def number(self, data_set: int, cid: PieceCid) -> Word[int]:
        """What is said to be the number of a piece in a data set: the first that is live.

        Raises:
            InvalidRequest: the data set has no such number, or the CID is of version 1, by
                which the contract knows no piece.
            Unproven: not enough operators say the same, or the set holds no such piece.
        """
        _hold_number(data_set)
        if cid.version == 1:
            raise InvalidRequest(
                "a data set knows its pieces by CIDs of version 2",
                advice="name the piece by its number in the data set",
            )
        given = encode(
            ["uint256", "(bytes)", "uint256", "uint256"], (data_set, (cid.cid.encode(),), 0, 1)
        )
        return await self._say(_FIND, given, _read_first)

    async def status(self, data_set: int, piece: int) -> PdpStatus:
        """What is said of a piece, by the numbers of its data set and of itself in it.

        Raises:
            InvalidRequest: a number is none that a contract takes.
            Unproven: not enough operators say the same; says what each said.
        """
        _hold_number(data_set)
        _hold_number(piece)
        both = encode(["uint256", "uint256"], (data_set, piece))
        return PdpStatus(
            await self._say(_CID, both, _read_cid),
            await self._say(_LIVE, both, _read_live),
            await self._say(_LAST, encode(["uint256"], (data_set,)), _read_number),
        )

    async def _say(self, function: str, given: bytes, read: Callable[[bytes], T]) -> Word[T]:
        call = keccak256(function.encode())[:4] + given
        to = {"to": "0x" + self._address.hex(), "data": "0x" + call.hex()}
        most = self._limits.pdp_answer_bytes
        request = RpcRequest("eth_call", (to, "latest"), max_bytes=most, kind="pdp")
        return await self._pool.agreed(
            request, lambda answer: read(_returned(answer)), k=self._operators
        )


def _hold_number(number: int) -> None:
    if not 0 <= number < 1 << 256:
        raise InvalidRequest("a data set or a piece has a number from 0 to 2^256 - 1")


def _returned(answer: Answer) -> bytes:
    body = answer.body
    if isinstance(body, str) and body.startswith("0x"):
        try:
            return bytes.fromhex(body[2:])
        except ValueError:
            pass
    raise SourceFault("its answer is no hex")


def _read_cid(returned: bytes) -> PieceCid:
    try:
        ((data,),) = decode(["(bytes)"], returned)
    except (DecodingError, OverflowError):
        raise _malformed() from None
    if not data:
        raise NotKnown("says that the data set has no such piece")
    try:
        return PieceCid.of(Cid.decode(data))
    except ProofError as error:
        # Nothing was to be proven, so that it is no lie.
        raise SourceFault(f"names no piece: {error}") from None


def _read_first(returned: bytes) -> int:
    try:
        (numbers,) = decode(["uint256[]"], returned)
    except (DecodingError, OverflowError):
        raise _malformed() from None
    if not numbers:
        raise NotKnown("says that the data set holds no such piece")
    first: int = numbers[0]
    return first


def _read_live(returned: bytes) -> bool:
    number = _read_number(returned)
    if number > 1:
        raise _malformed()
    return number == 1


def _read_number(returned: bytes) -> int:
    if len(returned) != 32:
        raise _malformed()
    return int.from_bytes(returned, "big")


def _malformed() -> SourceFault:
    return SourceFault("its answer is of another shape than the contract's")
