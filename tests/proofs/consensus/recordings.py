"""Recorded light-client data of real networks, opened: stores, and the updates that move them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import ChainSpec, ForkName, ScheduledFork
from walkaway.errors import ProofError
from walkaway.proofs.consensus.containers import (
    LightClientBootstrap,
    LightClientUpdate,
    SyncCommittee,
)
from walkaway.proofs.consensus.decode import (
    BOOTSTRAP,
    FINALITY_UPDATE,
    UPDATE,
    from_json,
    from_ssz,
)
from walkaway.proofs.consensus.light_client import LightClientStore

__all__ = [
    "CAPELLA_CLOCK",
    "MAINNET",
    "bootstrap_of",
    "capella_store",
    "devnet_committee",
    "devnet_spec",
    "devnet_update",
    "read_json",
]

MAINNET = chain_spec("mainnet")
CAPELLA_CLOCK = 7109432
"""The slot at which the Capella data was recorded: one after the newest signature."""


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def capella_store(folder: Path) -> LightClientStore:
    """A store at mainnet's slot 7069376."""
    bootstrap = from_json(BOOTSTRAP, MAINNET, read_json(folder / "bootstrap.json"))
    return LightClientStore.bootstrap(MAINNET, bootstrap.header.beacon.root(), bootstrap)


def bootstrap_of(path: Path) -> tuple[ForkName, LightClientBootstrap]:
    """A bootstrap recorded without its fork: the form that its bytes have."""
    for fork in (ForkName.DENEB, ForkName.ELECTRA):
        try:
            return fork, from_ssz(BOOTSTRAP, MAINNET, fork, path.read_bytes())
        except ProofError:
            continue
    raise AssertionError(f"{path.name} is in no known form")


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def devnet_spec(fixture: dict[str, Any]) -> ChainSpec:
    """The chain spec of a recorded devnet, from its client state."""
    state = fixture["client_state"]
    parameters = state["fork_parameters"]
    forks = [ScheduledFork(ForkName.PHASE0, octets(parameters["genesis_fork_version"]), 0)]
    for fork in list(ForkName)[1 : ForkName.FULU + 1]:
        entry = parameters[fork.label]
        forks.append(ScheduledFork(fork, octets(entry["version"]), entry["epoch"]))
    return replace(
        chain_spec("minimal"),
        chain_id=state["chain_id"],
        genesis_time=state["genesis_time"],
        genesis_validators_root=octets(state["genesis_validators_root"]),
        seconds_per_slot=state["seconds_per_slot"],
        forks=tuple(forks),
    )


def devnet_committee(fixture: dict[str, Any]) -> SyncCommittee:
    """The committee of period 2 that the recorded client trusts at slot 72."""
    committee = fixture["headers"][0]["active_sync_committee"]["Next"]
    return SyncCommittee(
        tuple(map(octets, committee["pubkeys"])), octets(committee["aggregate_pubkey"])
    )


def devnet_update(spec: ChainSpec, header: dict[str, Any]) -> LightClientUpdate:
    """A recorded update, or a finality update where it brings no committee.

    Its JSON has numbers and a hex base fee where the beacon API has text.
    """
    data = header["consensus_update"]
    for name in ("attested_header", "finalized_header"):
        execution = data[name]["execution"]
        execution["base_fee_per_gas"] = int(execution["base_fee_per_gas"], 16)
    if data["next_sync_committee"] is None:
        document = {"version": "fulu", "data": _as_text(data)}
        return from_json(FINALITY_UPDATE, spec, document).as_update()
    return from_json(UPDATE, spec, {"version": "fulu", "data": _as_text(data)})


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return str(value)
