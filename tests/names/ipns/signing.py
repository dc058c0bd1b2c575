"""A key with its name, and sources that give and take its records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.sources.stand import Scripted
from walkaway.chain.clock import FixedClock
from walkaway.errors import NotKnown, SourceFault
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.ipfs import dag_cbor, protobuf
from walkaway.proofs.ipfs.data_model import Value
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.ipns_record import create_record
from walkaway.proofs.ipfs.libp2p_keys import SigningKey
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, IpnsPublication, Kind, Request
from walkaway.sources.source import Source

ROOT = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
NOON = 1_790_856_000.0  # 2026-10-01T12:00:00Z


class Signer:
    """A key, and records under it that end an hour after noon or when told."""

    def __init__(self, seed: int = 1) -> None:
        self.key = SigningKey(bytes([seed]) * 32)
        self.name = name_of_key(self.key.public_key)
        self.text = name_text(self.name)

    def record(
        self, sequence: int = 1, *, ttl: float = 60, lasts: float = 3600, value: str = ""
    ) -> bytes:
        until = datetime.fromtimestamp(NOON + lasts, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return create_record(
            self.key,
            value=value or f"/ipfs/{ROOT}",
            sequence=sequence,
            validity=until,
            ttl=int(ttl * 1_000_000_000),
        )

    def record_of(self, says: Mapping[str, Value]) -> bytes:
        """A record that says anything at all, signed; None leaves a field out."""
        kept: dict[str, Value] = {
            field: value for field, value in says.items() if value is not None
        }
        return self.record_over(dag_cbor.encode(kept))

    def record_over(self, data: bytes) -> bytes:
        """A record over any data, signed."""
        signature = self.key.sign(b"ipns-signature:" + data)
        return protobuf.field(8, signature) + protobuf.field(9, data)


def document() -> dict[str, Value]:
    """What a record says that is valid for a day after noon."""
    return {
        "Value": f"/ipfs/{ROOT}".encode(),
        "Sequence": 1,
        "Validity": b"2026-10-02T12:00:00Z",
        "ValidityType": 0,
        "TTL": 60_000_000_000,
    }


@dataclass
class Router:
    """A source that gives what it has: a record, None, a fault, or nothing ever (``...``)."""

    name: str
    has: object = None
    takes: bool | str = True
    kinds: frozenset[Kind] = frozenset({"routing"})
    asked: list[Request] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    @property
    def source(self) -> Source:
        """It, in a pool."""
        return Source(self.name, self.name, self.kinds, Scripted(self.say))

    def say(self, request: Request) -> object:
        """What it answers."""
        self.asked.append(request)
        if isinstance(request, IpnsPublication):
            if self.takes is not True:
                return SourceFault("HTTP status 500")
            self.taken.append(request.record)
            self.has = request.record
            return Answer(self.name, None)
        if self.has is ...:
            return asyncio.Event().wait()
        if self.has is None:
            return NotKnown("does not have it")
        return self.has if isinstance(self.has, Exception) else Answer(self.name, self.has)


def pool_of(routers: Iterable[Router], clock: FixedClock, limits: Limits = LIMITS) -> Pool:
    """A pool whose timer is the clock too."""
    sources = [router.source for router in routers]
    return Pool(sources, clock=clock, seed=1, timer=clock.now, limits=limits)
