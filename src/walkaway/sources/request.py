"""Questions to sources, and what came back, before anything is believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from walkaway.limits import LIMITS
from walkaway.proofs.ipfs.cid import Cid
from walkaway.sources.answer_sizes import beacon_answer_bytes, rpc_answer_bytes
from walkaway.sources.flow import Flow

__all__ = [
    "Answer",
    "ArnsRequest",
    "ArweaveRequest",
    "BeaconRequest",
    "BlockRequest",
    "DnsRequest",
    "IpnsPublication",
    "IpnsRequest",
    "ItemFields",
    "ItemPlace",
    "Kind",
    "PieceRequest",
    "ProvidersRequest",
    "Receives",
    "Request",
    "Requests",
    "RpcRequest",
    "WholeTransaction",
    "forms",
]

Kind = Literal[
    "execution",
    "beacon",
    "checkpoint",
    "submit",
    "blobs",
    "content",
    "kubo",
    "routing",
    "dns",
    "arweave",
    "piece",
    "pdp",
]
"""What a source is asked for. ``submit`` sources take transactions and nothing else;
``blobs`` is a node of EthStorage;
``content`` is a trustless gateway or an archive, ``kubo`` the RPC of a Kubo node,
``routing`` says who has content, ``dns`` is a resolver, ``arweave`` a gateway of Arweave,
``piece`` a provider of Filecoin that gives out pieces, ``pdp`` an RPC of Filecoin's chain.
"""


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """One execution JSON-RPC call.

    ``by_hash`` says that the question names its commitment by hash (EIP-1898),
    so that an answer for another one is a lie and not a lag. ``depth`` is how
    many blocks behind the head the question reaches, where that is known: from
    it the pool learns how far back a source can prove. ``max_bytes`` bounds the
    answer; 0 stands for what a true answer to this method needs at most.
    """

    method: str
    params: tuple[Any, ...] = ()
    by_hash: bool = False
    max_bytes: int = 0
    kind: Literal["execution", "submit", "blobs", "pdp"] = "execution"
    depth: int | None = None

    @property
    def answer_bytes(self) -> int:
        """The most bytes that its answer may have."""
        return self.max_bytes or rpc_answer_bytes(self.method, self.params)


@dataclass(frozen=True, slots=True)
class BeaconRequest:
    """One GET on the beacon REST API. ``path`` begins with a slash, without the query.

    ``max_bytes`` bounds the answer; 0 stands for what a true answer on this
    route needs at most.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    accept: Literal["json", "ssz"] = "json"
    by_hash: bool = False
    max_bytes: int = 0
    kind: Literal["beacon", "checkpoint"] = "beacon"

    @property
    def answer_bytes(self) -> int:
        """The most bytes that its answer may have."""
        return self.max_bytes or beacon_answer_bytes(self.path, self.query)


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """The block at an address, from a trustless gateway or by the RPC of a Kubo node.

    ``flow`` counts what comes of the answer: forms of one question share it. ``through``
    are the nodes that ask in turn, this one last (`sources.loops`).
    """

    cid: Cid
    kind: Literal["content", "kubo"] = "content"
    flow: Flow = field(default_factory=Flow, compare=False, repr=False)
    through: str = field(default="", compare=False, repr=False)

    @property
    def by_hash(self) -> bool:
        """The address is the commitment."""
        return True

    @property
    def answer_bytes(self) -> int:
        """The most bytes that a block may have."""
        return LIMITS.block_bytes


@dataclass(frozen=True, slots=True)
class ProvidersRequest:
    """Who has the block at an address (Routing V1): somebody's word, to be tried."""

    cid: Cid
    kind: Literal["routing"] = "routing"

    @property
    def by_hash(self) -> bool:
        """Nothing is proven of it."""
        return False

    @property
    def answer_bytes(self) -> int:
        """The most bytes that its answer may have."""
        return LIMITS.routing_response_bytes


@dataclass(frozen=True, slots=True)
class IpnsRequest:
    """The record of an IPNS name, from a router or a trustless gateway.

    ``through`` are the nodes that ask in turn, this one last (`sources.loops`).
    """

    name: Cid
    kind: Literal["routing", "content"] = "routing"
    through: str = field(default="", compare=False, repr=False)

    @property
    def by_hash(self) -> bool:
        """A record that is over is no lie."""
        return False

    @property
    def answer_bytes(self) -> int:
        """The most bytes that a record may have."""
        return LIMITS.ipns_record_bytes


@dataclass(frozen=True, slots=True)
class IpnsPublication:
    """The record of an IPNS name, given to a router to be found there (Routing V1)."""

    name: Cid
    record: bytes = field(repr=False)
    kind: Literal["routing"] = "routing"

    @property
    def by_hash(self) -> bool:
        """Nothing is proven of it."""
        return False

    @property
    def answer_bytes(self) -> int:
        """The most bytes that its answer may have, of which none is of use."""
        return LIMITS.refusal_bytes


@dataclass(frozen=True, slots=True)
class ArnsRequest:
    """Where a name of ArNS leads, from a gateway of Arweave: its word. ``name`` is as it is
    written in a host, an undername before the name that it stands below: ``docs_example``.
    """

    name: str
    kind: Literal["arweave"] = "arweave"

    @property
    def by_hash(self) -> bool:
        """Nothing is proven of it."""
        return False

    @property
    def answer_bytes(self) -> int:
        """The most bytes that its answer may have."""
        return LIMITS.arns_answer_bytes


@dataclass(frozen=True, slots=True)
class ArweaveRequest:
    """What a gateway of Arweave has under an id (43 characters of base64url).

    ``wants`` says what of it, and so what the body of an answer is: ``header``, of a
    transaction, its JSON as bytes; ``chunk``, the JSON of ``/chunk`` for the chunk that
    holds the byte at ``offset`` of the transaction's data; ``item``, a data item's bytes,
    `ItemFields`, or an `ItemPlace` where they are more than one answer holds; ``whole``, a
    `WholeTransaction`.
    Each answer is of one source alone, so that none is blamed for what another one said.
    """

    id: str
    wants: Literal["header", "chunk", "item", "whole"]
    offset: int = 0
    kind: Literal["arweave"] = "arweave"
    flow: Flow = field(default_factory=Flow, compare=False, repr=False)

    @property
    def by_hash(self) -> bool:
        """The id is the commitment."""
        return True

    @property
    def answer_bytes(self) -> int:
        """The most bytes that each of its answers may have."""
        if self.wants == "chunk":
            return LIMITS.arweave_chunk_answer_bytes
        return LIMITS.arweave_answer_bytes if self.wants == "item" else LIMITS.arweave_header_bytes


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where a data item stands, as a source says: from byte ``start`` of the data of the
    transaction ``root`` to ``end``, behind its last.
    """

    root: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ItemFields:
    """What a source says of a data item's header, as texts, and the item's payload.

    ``owner`` and ``signature`` are base64url, as are ``target`` and ``anchor`` mostly;
    ``tags`` are names and values in the order written.
    """

    owner: str
    signature: str
    target: str
    anchor: str
    tags: tuple[tuple[str, str], ...]
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WholeTransaction:
    """The header of a transaction, JSON, and its data, as one source gives both."""

    header: bytes = field(repr=False)
    data: bytes = field(repr=False)


class Receives(Protocol):
    """Where an answer goes that is too large for memory, as it comes from one source."""

    @property
    def beginning(self) -> bytes:
        """The first of its bytes, to be kept as evidence."""

    async def take(self, piece: bytes) -> None:
        """Take the next bytes. Raises `SourceLacks` where this machine has no room for them."""


@dataclass(frozen=True, slots=True)
class PieceRequest:
    """The payload of a piece of Filecoin, whole: no part of it is proven without the rest.

    ``cid`` is the piece's, ``max_bytes`` the most that its payload may have. The body of an
    answer is what ``receive`` made for it, a new one for each answer, with all bytes in it.
    """

    cid: Cid
    max_bytes: int
    receive: Callable[[], Receives] = field(compare=False, repr=False)
    kind: Literal["piece"] = "piece"
    flow: Flow = field(default_factory=Flow, compare=False, repr=False)

    @property
    def by_hash(self) -> bool:
        """The address is the commitment."""
        return True

    @property
    def answer_bytes(self) -> int:
        """The most bytes that its answer may have."""
        return self.max_bytes


@dataclass(frozen=True, slots=True)
class DnsRequest:
    """The records of one type at a DNS name, with their signatures.

    ``name`` is absolute and in presentation form, such as ``_dnslink.example.org.``;
    ``rdtype`` is the type's mnemonic, such as ``TXT``. What comes is the whole message.
    """

    name: str
    rdtype: str
    kind: Literal["dns"] = "dns"

    @property
    def by_hash(self) -> bool:
        """What a zone signs changes with time, and no question names it."""
        return False

    @property
    def answer_bytes(self) -> int:
        """The most bytes that a message may have."""
        return LIMITS.dns_message_bytes


Request = (
    RpcRequest
    | BeaconRequest
    | BlockRequest
    | ProvidersRequest
    | IpnsRequest
    | IpnsPublication
    | ArnsRequest
    | ArweaveRequest
    | PieceRequest
    | DnsRequest
)

Requests = Request | Sequence[Request]
"""One question, or the same question in several forms, the preferred one first."""


def forms(requests: Requests) -> tuple[Request, ...]:
    """The forms of a question, the preferred one first."""
    return tuple(requests) if isinstance(requests, Sequence) else (requests,)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source said: nothing here is proven.

    ``body`` is the JSON-RPC ``result``, the parsed JSON document of a beacon or
    routing route, or raw bytes where SSZ, a block, a record or a DNS message came; of
    Arweave and of pieces, what `ArweaveRequest` and `PieceRequest` say.
    ``fork`` is the ``Eth-Consensus-Version`` header, if any. ``content`` is the
    answer's bytes, kept as evidence.
    """

    source: str
    body: Any
    fork: str | None = None
    content: bytes = field(default=b"", repr=False)
