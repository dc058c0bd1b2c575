"""From bytes or beacon-API JSON to light-client data, and back.

Four kinds of message: `BOOTSTRAP`, `UPDATE`, `FINALITY_UPDATE`,
`OPTIMISTIC_UPDATE`. A fork is named (the beacon API's ``version`` and
``Eth-Consensus-Version``) or given by its 4-byte digest (the context of the
networking specification and of the list of updates). Whatever is malformed is
a `ProofError`, a fork that is not known `Unsupported`; nothing here is proven yet.

Specification: beacon-APIs ``apis/beacon/light_client/*.yaml``;
consensus-specs ``specs/altair/light-client/p2p-interface.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.consensus.containers import (
    LightClientBootstrap,
    LightClientFinalityUpdate,
    LightClientOptimisticUpdate,
    LightClientUpdate,
)
from walkaway.proofs.consensus.forks import fork_digest, fork_of_digest
from walkaway.proofs.consensus.ssz import JsonValue, Schema
from walkaway.proofs.consensus.wire import WireForms, wire_forms

__all__ = [
    "BOOTSTRAP",
    "FINALITY_UPDATE",
    "OPTIMISTIC_UPDATE",
    "UPDATE",
    "Kind",
    "from_json",
    "from_ssz",
    "to_json",
    "to_ssz",
    "updates_from_json",
    "updates_from_ssz",
    "updates_to_ssz",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of message: its name, and its form within a fork's forms."""

    name: str
    form: Callable[[WireForms], Schema[T]]


BOOTSTRAP: Kind[LightClientBootstrap] = Kind("light-client bootstrap", lambda f: f.bootstrap)
UPDATE: Kind[LightClientUpdate] = Kind("light-client update", lambda f: f.update)
FINALITY_UPDATE: Kind[LightClientFinalityUpdate] = Kind(
    "light-client finality update", lambda f: f.finality_update
)
OPTIMISTIC_UPDATE: Kind[LightClientOptimisticUpdate] = Kind(
    "light-client optimistic update", lambda f: f.optimistic_update
)


def from_ssz(kind: Kind[T], spec: ChainSpec, fork: ForkName | str | bytes, data: bytes) -> T:
    """Decode one message. ``fork`` is a fork, its name, or a 4-byte fork digest."""
    if len(data) > LIMITS.update_bytes:
        raise ProofError(f"a {kind.name} is longer than {LIMITS.update_bytes} bytes", got=len(data))
    return kind.form(wire_forms(spec, _fork(spec, fork))).decode(data)


def to_ssz(kind: Kind[T], spec: ChainSpec, fork: ForkName, message: T) -> bytes:
    """Encode one message in a fork's form; an older message is upgraded to it."""
    return kind.form(wire_forms(spec, fork)).encode(message)


def from_json(kind: Kind[T], spec: ChainSpec, document: object) -> T:
    """Read the beacon API's ``{"version": ..., "data": ...}``."""
    if not isinstance(document, Mapping):
        raise ProofError(f"a {kind.name} in JSON is an object")
    version, data = document.get("version"), document.get("data")
    if not isinstance(version, str):
        raise ProofError(f"a {kind.name} in JSON names its fork in version")
    return kind.form(wire_forms(spec, _fork(spec, version))).from_json(data)


def to_json(kind: Kind[T], spec: ChainSpec, fork: ForkName, message: T) -> dict[str, JsonValue]:
    """Write the beacon API's ``{"version": ..., "data": ...}``."""
    data = kind.form(wire_forms(spec, fork)).to_json(message)
    return {"version": fork.label, "data": data}


def updates_from_ssz(spec: ChainSpec, data: bytes) -> list[LightClientUpdate]:
    """Decode the list of updates that the beacon API serves as SSZ.

    Each entry is a little-endian u64 length, then as many bytes: a 4-byte fork
    digest and one update in that fork's form.
    """
    updates: list[LightClientUpdate] = []
    at = 0
    while at < len(data):
        if len(updates) == LIMITS.updates_per_request:
            raise ProofError(f"more than {LIMITS.updates_per_request} updates in one answer")
        length = int.from_bytes(data[at : at + 8], "little")
        start, at = at + 8, at + 8 + length
        if length < 4 or at > len(data):
            raise ProofError("an update's length does not fit the answer", got=length)
        updates.append(from_ssz(UPDATE, spec, data[start : start + 4], data[start + 4 : at]))
    return updates


def updates_to_ssz(spec: ChainSpec, updates: Iterable[LightClientUpdate]) -> bytes:
    """Encode updates as `updates_from_ssz` reads them, each in its attested header's fork."""
    answer = b""
    for update in updates:
        slot = update.attested_header.beacon.slot
        body = fork_digest(spec, spec.epoch_at_slot(slot))
        body += to_ssz(UPDATE, spec, spec.fork_at_slot(slot).name, update)
        answer += len(body).to_bytes(8, "little") + body
    return answer


def updates_from_json(spec: ChainSpec, document: object) -> list[LightClientUpdate]:
    """Read the list of updates that the beacon API serves as JSON."""
    if not isinstance(document, list):
        raise ProofError("the updates in JSON are a list")
    if len(document) > LIMITS.updates_per_request:
        raise ProofError(f"more than {LIMITS.updates_per_request} updates in one answer")
    return [from_json(UPDATE, spec, entry) for entry in document]


def _fork(spec: ChainSpec, fork: ForkName | str | bytes) -> ForkName:
    if isinstance(fork, ForkName):
        return fork
    if isinstance(fork, bytes):
        return fork_of_digest(spec, fork)
    for name in ForkName:
        if name.label == fork.lower():
            return name
    raise Unsupported(f"chain spec out of date: no fork is known by the name {fork[:32]!r}")
