"""The beacon API's routes that light clients and checkpoint sync use; pure, no sockets.

Specification: beacon-APIs ``apis/beacon/light_client``, ``apis/beacon/headers``,
``apis/beacon/blocks``, ``apis/config``; Checkpointz's own listing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from walkaway.anchors.spec import ForkName
from walkaway.devnet.beacon.chain import BeaconBlock, BeaconChain
from walkaway.devnet.beacon.light_client_server import LightClientData
from walkaway.proofs.consensus.decode import (
    BOOTSTRAP,
    FINALITY_UPDATE,
    OPTIMISTIC_UPDATE,
    UPDATE,
    Kind,
    to_json,
    to_ssz,
    updates_to_ssz,
)

__all__ = ["AnswersGets", "BeaconApi", "Reply"]

T = TypeVar("T")

JSON, SSZ = "application/json", "application/octet-stream"
_NUMBER = re.compile(r"[0-9]{1,19}")
_ROOT = re.compile(r"0x[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class AnswersGets(Protocol):
    """Anything that answers the beacon API: the honest node, or a liar in its place."""

    def answer(self, path: str, query: Mapping[str, str], accept: str) -> Reply:
        """The reply to a GET. Never raises."""


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BeaconApi:
    """Answers GETs over a chain, with light-client data from ``light_client``."""

    def __init__(self, chain: BeaconChain, light_client: LightClientData) -> None:
        self._chain = chain
        self._light_client = light_client
        self._routes: list[tuple[re.Pattern[str], Callable[..., Reply]]] = [
            (re.compile(pattern), run)
            for pattern, run in (
                ("/eth/v1/beacon/light_client/bootstrap/([^/]+)", self._bootstrap),
                ("/eth/v1/beacon/light_client/updates", self._updates),
                ("/eth/v1/beacon/light_client/finality_update", self._finality_update),
                ("/eth/v1/beacon/light_client/optimistic_update", self._optimistic_update),
                ("/eth/v1/beacon/genesis", self._genesis),
                ("/eth/v1/beacon/headers/([^/]+)", self._header),
                ("/eth/v1/beacon/blocks/([^/]+)/root", self._block_root),
                ("/eth/v2/beacon/blocks/([^/]+)", self._block),
                ("/eth/v1/beacon/states/([^/]+)/finality_checkpoints", self._checkpoints),
                ("/eth/v1/config/spec", self._spec),
                ("/eth/v1/node/syncing", self._syncing),
                ("/checkpointz/v1/status", self._checkpointz_status),
                ("/checkpointz/v1/beacon/slots", self._checkpointz_slots),
            )
        ]

    def answer(self, path: str, query: Mapping[str, str], accept: str) -> Reply:
        """The reply to a GET; an unknown path is 404, a malformed parameter 400."""
        request = _Request(query, accept)
        for pattern, run in self._routes:
            match = pattern.fullmatch(path)
            if match:
                try:
                    return run(request, *match.groups())
                except _Refused as refused:
                    return _error(refused.status, str(refused))
        return _error(404, "no such route")

    def _bootstrap(self, request: _Request, root: str) -> Reply:
        if not _ROOT.fullmatch(root):
            raise _Refused(400, "a block root is needed")
        found = self._light_client.bootstrap(bytes.fromhex(root[2:]))
        slot = 0 if found is None else found.header.beacon.slot
        return self._message(request, BOOTSTRAP, found, slot)

    def _updates(self, request: _Request) -> Reply:
        start, count = request.number("start_period"), request.number("count")
        found = self._light_client.updates(start, count)
        spec = self._chain.spec
        if request.wants_ssz:
            return Reply(updates_to_ssz(spec, found), content_type=SSZ)
        return _json(
            [
                to_json(UPDATE, spec, self._fork(item.attested_header.beacon.slot), item)
                for item in found
            ]
        )

    def _finality_update(self, request: _Request) -> Reply:
        found = self._light_client.finality_update()
        slot = 0 if found is None else found.attested_header.beacon.slot
        return self._message(request, FINALITY_UPDATE, found, slot)

    def _optimistic_update(self, request: _Request) -> Reply:
        found = self._light_client.optimistic_update()
        slot = 0 if found is None else found.attested_header.beacon.slot
        return self._message(request, OPTIMISTIC_UPDATE, found, slot)

    def _message(self, request: _Request, kind: Kind[T], message: T | None, slot: int) -> Reply:
        """One light-client message in the form of the fork at its attested slot."""
        if message is None:
            raise _Refused(404, f"no {kind.name} is available")
        fork = self._fork(slot)
        headers = {"Eth-Consensus-Version": fork.label}
        if request.wants_ssz:
            return Reply(to_ssz(kind, self._chain.spec, fork, message), 200, SSZ, headers)
        return _json(to_json(kind, self._chain.spec, fork, message), headers)

    def _genesis(self, _request: _Request) -> Reply:
        spec = self._chain.spec
        return _json(
            {
                "data": {
                    "genesis_time": str(spec.genesis_time),
                    "genesis_validators_root": _hex(spec.genesis_validators_root),
                    "genesis_fork_version": _hex(spec.fork_at_epoch(0).version),
                }
            }
        )

    def _header(self, _request: _Request, block_id: str) -> Reply:
        block = self._found(block_id)
        return _json(
            {
                "execution_optimistic": False,
                "finalized": self._is_final(block),
                "data": {
                    "root": _hex(block.root),
                    "canonical": self._chain.is_canonical(block),
                    "header": {
                        "message": {
                            "slot": str(block.slot),
                            "proposer_index": str(block.message.proposer_index),
                            "parent_root": _hex(bytes(block.message.parent_root)),
                            "state_root": _hex(bytes(block.message.state_root)),
                            "body_root": _hex(bytes(block.message.body.hash_tree_root())),
                        },
                        "signature": _hex(block.signature),
                    },
                },
            }
        )

    def _block_root(self, _request: _Request, block_id: str) -> Reply:
        block = self._found(block_id)
        return _json(
            {
                "execution_optimistic": False,
                "finalized": self._is_final(block),
                "data": {"root": _hex(block.root)},
            }
        )

    def _block(self, request: _Request, block_id: str) -> Reply:
        block = self._found(block_id)
        headers = {"Eth-Consensus-Version": block.fork.label}
        if request.wants_ssz:
            return Reply(block.signed_ssz(), 200, SSZ, headers)
        document = {
            "version": block.fork.label,
            "execution_optimistic": False,
            "finalized": self._is_final(block),
            "data": {"message": block.message.to_obj(), "signature": _hex(block.signature)},
        }
        return _json(document, headers)

    def _checkpoints(self, _request: _Request, state_id: str) -> Reply:
        state = self._found(state_id).state
        data = {}
        for name in ("previous_justified", "current_justified", "finalized"):
            point = getattr(state, f"{name}_checkpoint")
            data[name] = {"epoch": str(point.epoch), "root": _hex(bytes(point.root))}
        return _json({"execution_optimistic": False, "finalized": False, "data": data})

    def _spec(self, _request: _Request) -> Reply:
        spec = self._chain.spec
        values = {
            "CONFIG_NAME": spec.network,
            "PRESET_BASE": spec.preset.name,
            "SECONDS_PER_SLOT": str(spec.seconds_per_slot),
            "SLOTS_PER_EPOCH": str(spec.preset.slots_per_epoch),
            "EPOCHS_PER_SYNC_COMMITTEE_PERIOD": str(spec.preset.epochs_per_sync_committee_period),
            "SYNC_COMMITTEE_SIZE": str(spec.preset.sync_committee_size),
            "DEPOSIT_CHAIN_ID": str(spec.chain_id),
            "DEPOSIT_NETWORK_ID": str(spec.chain_id),
            "GENESIS_FORK_VERSION": _hex(spec.forks[0].version),
        }
        for fork in spec.forks[1:]:
            values[f"{fork.name.name}_FORK_VERSION"] = _hex(fork.version)
            values[f"{fork.name.name}_FORK_EPOCH"] = str(fork.epoch)
        return _json({"data": values})

    def _syncing(self, _request: _Request) -> Reply:
        status = {"head_slot": str(self._chain.head.slot), "sync_distance": "0"}
        flags = {"is_syncing": False, "is_optimistic": False, "el_offline": False}
        return _json({"data": status | flags})

    def _checkpointz_status(self, _request: _Request) -> Reply:
        finalized = self._chain.finalized
        epoch = str(self._chain.spec.epoch_at_slot(finalized.slot))
        point = {"epoch": epoch, "root": _hex(finalized.root)}
        return _json({"data": {"finality": {"finalized": point}, "operating_mode": "light"}})

    def _checkpointz_slots(self, _request: _Request) -> Reply:
        final = self._chain.finalized
        per_epoch = self._chain.spec.preset.slots_per_epoch
        boundaries = [
            block for block in self._chain.ancestors(final) if block.slot % per_epoch == 0
        ]
        return _json(
            {
                "data": {
                    "slots": [
                        {
                            "slot": str(block.slot),
                            "block_root": _hex(block.root),
                            "state_root": _hex(bytes(block.message.state_root)),
                            "epoch": str(block.slot // per_epoch),
                        }
                        for block in boundaries[:64]
                        if block.slot
                    ]
                }
            }
        )

    def _found(self, block_id: str) -> BeaconBlock:
        """A block by ``head``, ``finalized``, ``justified``, ``genesis``, slot or root."""
        if block_id == "head":
            return self._chain.head
        if block_id == "genesis":
            return self._chain.genesis
        if block_id == "finalized":
            return self._chain.finalized
        block: BeaconBlock | None
        if block_id == "justified":
            block = self._chain.block(
                bytes(self._chain.head.state.current_justified_checkpoint.root)
            )
        elif _ROOT.fullmatch(block_id):
            block = self._chain.block(bytes.fromhex(block_id[2:]))
        elif _NUMBER.fullmatch(block_id):
            block = self._chain.block_at(int(block_id))
        else:
            raise _Refused(400, "a slot, a root, head, finalized, justified or genesis is needed")
        if block is None:
            raise _Refused(404, "block not found")
        return block

    def _is_final(self, block: BeaconBlock) -> bool:
        return self._chain.is_canonical(block) and block.slot <= self._chain.finalized.slot

    def _fork(self, slot: int) -> ForkName:
        return self._chain.spec.fork_at_slot(slot).name


@dataclass(frozen=True, slots=True)
class _Request:
    query: Mapping[str, str]
    accept: str

    @property
    def wants_ssz(self) -> bool:
        """Whether SSZ is what the client names first."""
        return self.accept.split(",")[0].split(";")[0].strip() == SSZ

    def number(self, name: str) -> int:
        value = self.query.get(name, "")
        if not _NUMBER.fullmatch(value):
            raise _Refused(400, f"{name}: a number is needed")
        return int(value)


def _json(document: object, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(json.dumps(document).encode(), 200, JSON, headers or {})


def _error(status: int, message: str) -> Reply:
    return Reply(json.dumps({"code": status, "message": message}).encode(), status)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
