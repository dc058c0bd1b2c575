"""The consensus specifications' own light-client sync tests, every step and every check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.vectors import ROOT, vectors
from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import ChainSpec, ForkName, ScheduledFork
from walkaway.proofs import Proven
from walkaway.proofs.consensus.containers import LightClientHeader
from walkaway.proofs.consensus.decode import BOOTSTRAP, UPDATE, from_ssz
from walkaway.proofs.consensus.light_client import BeaconHead, LightClientStore
from walkaway.proofs.consensus.wire import payload_root

FAR_FUTURE_EPOCH = 2**64 - 1
CASES = sorted((ROOT / "consensus" / "spec-minimal").glob("*/*"))


def test_the_vectors_are_here() -> None:
    assert len(list(vectors("consensus/spec-minimal").glob("*/*"))) == 6


def spec_of(case: Path) -> ChainSpec:
    # Plain text: as YAML, a fork version would be read as a number.
    config: dict[str, str] = yaml.load((case / "config.yaml").read_text(), yaml.BaseLoader)
    versions = {fork: f"{fork.name}_FORK_VERSION" for fork in ForkName}
    versions[ForkName.PHASE0] = "GENESIS_FORK_VERSION"
    epochs = {
        fork: int(config.get(f"{fork.name}_FORK_EPOCH", FAR_FUTURE_EPOCH)) for fork in ForkName
    }
    epochs[ForkName.PHASE0] = 0
    forks = tuple(
        ScheduledFork(fork, octets(config[versions[fork]]), epoch)
        for fork, epoch in epochs.items()
        if epoch != FAR_FUTURE_EPOCH
    )
    meta = read_yaml(case / "meta.yaml")
    root = octets(meta["genesis_validators_root"])
    return replace(chain_spec("minimal"), forks=forks, genesis_validators_root=root)


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def steps(case: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for step in read_yaml(case / "steps.yaml"):
        yield from step.items()


def read_ssz(case: Path, name: str) -> bytes:
    # Without types of its own, and needed here alone.
    snappy = import_module("snappy")
    data = snappy.decompress((case / f"{name}.ssz_snappy").read_bytes())
    assert isinstance(data, bytes)
    return data


def check(
    spec: ChainSpec,
    proven: Proven[BeaconHead],
    seen: dict[bytes, LightClientHeader],
    expected: dict[str, Any],
) -> None:
    head, root = proven.value, octets(expected["beacon_root"])
    assert head.header.slot == expected["slot"]
    assert head.header.root() == root
    assert head.execution_block_hash == seen[root].execution_block_hash
    payload = seen[root].payload
    assert payload is not None
    assert payload_root(spec, head.header.slot, payload) == octets(expected["execution_root"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_sync(case: Path) -> None:
    spec, meta = spec_of(case), read_yaml(case / "meta.yaml")
    digest = octets(meta["bootstrap_fork_digest"])
    bootstrap = from_ssz(BOOTSTRAP, spec, digest, read_ssz(case, "bootstrap"))
    store = LightClientStore.bootstrap(spec, octets(meta["trusted_block_root"]), bootstrap)
    seen = {bootstrap.header.beacon.root(): bootstrap.header}
    for what, step in steps(case):
        if what == "process_update":
            digest = octets(step["update_fork_digest"])
            update = from_ssz(UPDATE, spec, digest, read_ssz(case, step["update"]))
            for header in (update.attested_header, update.finalized_header):
                seen[header.beacon.root()] = header
            store.process_update(update, current_slot=step["current_slot"])
        elif what == "force_update":
            store.force_update(step["current_slot"])
        else:
            assert what == "upgrade_store"
            # Nothing to do: a store holds data of every fork in one form.
        check(spec, store.finalized, seen, step["checks"]["finalized_header"])
        check(spec, store.optimistic, seen, step["checks"]["optimistic_header"])
        kept = LightClientStore.from_bytes(spec, store.to_bytes(), anchor=store.finalized.because)
        assert kept.finalized.value == store.finalized.value
