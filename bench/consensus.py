"""What it costs to start from a checkpoint and to follow the chain: CPU time, mainnet's sizes.

The data is a simulated chain in the mainnet preset with real keys, so that
anyone can run this. The peers are blspy, where it is installed (`pip install
walkaway[bench]`), py_ecc where it is not, and remerkleable for SSZ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

from bench.figures import Figure, cpu_ms
from tests.proofs.consensus.remerkleable_forms import electra_update
from tests.proofs.consensus.simulator import Chain, with_forks
from walkaway.anchors.load import MAINNET_PRESET
from walkaway.anchors.spec import ForkName
from walkaway.proofs.consensus.bls import committee_keys
from walkaway.proofs.consensus.containers import LightClientUpdate
from walkaway.proofs.consensus.decode import BOOTSTRAP, UPDATE, from_ssz, to_ssz
from walkaway.proofs.consensus.forks import signing_root
from walkaway.proofs.consensus.light_client import LightClientStore

__all__ = ["figures"]

CHAIN = Chain(replace(with_forks(electra=0), preset=MAINNET_PRESET))
FORK = ForkName.ELECTRA
ABSENT = 8
"""Members who did not sign, as on an ordinary day."""


def figures() -> list[Figure]:
    """Cold bootstrap, one update, the keys of a period, and SSZ alone."""
    spec = CHAIN.spec
    bootstrap = CHAIN.bootstrap(64)
    root, bootstrap_bytes = bootstrap.header.beacon.root(), to_ssz(BOOTSTRAP, spec, FORK, bootstrap)
    update = CHAIN.update(160, 96, signers=CHAIN.seats - ABSENT)
    update_bytes = to_ssz(UPDATE, spec, FORK, update)
    store = LightClientStore.bootstrap(spec, root, bootstrap)
    store.load_keys()

    def cold_bootstrap() -> None:
        committee_keys.cache_clear()
        message = from_ssz(BOOTSTRAP, spec, FORK, bootstrap_bytes)
        LightClientStore.bootstrap(spec, root, message).load_keys()

    def one_update() -> None:
        message = from_ssz(UPDATE, spec, FORK, update_bytes)
        store.copy().process_update(message, current_slot=161, strict=True)

    def ssz() -> None:
        message = from_ssz(UPDATE, spec, FORK, update_bytes)
        message.attested_header.beacon.root()
        assert message.next_sync_committee is not None
        message.next_sync_committee.root()

    form = electra_update(CHAIN.seats)

    def remerkleable() -> None:
        message = form.decode_bytes(update_bytes)
        message.attested_header.beacon.hash_tree_root()
        message.next_sync_committee.hash_tree_root()

    keys_peer, decode_keys, verify_peer, verify = _signature_peer(update)
    # The cold bootstrap empties the cache of decoded keys, so it is measured last.
    warm = cpu_ms(one_update, rounds=30)
    ssz_alone = Figure(
        "update: SSZ and roots",
        cpu_ms(ssz, rounds=30),
        "ms CPU",
        "remerkleable",
        cpu_ms(remerkleable, rounds=10),
    )
    rounds = 1 if verify_peer.startswith("py_ecc") else 10
    return [
        Figure(
            "cold bootstrap",
            cpu_ms(cold_bootstrap, rounds=10),
            "ms CPU",
            keys_peer,
            cpu_ms(decode_keys, rounds=rounds),
        ),
        Figure("update", warm, "ms CPU", verify_peer, cpu_ms(verify, rounds=rounds)),
        ssz_alone,
    ]


def _signature_peer(
    update: LightClientUpdate,
) -> tuple[str, Callable[[], object], str, Callable[[], object]]:
    """A peer's decoding of 512 keys, and its check of the same signature."""
    aggregate = update.sync_aggregate
    root = update.attested_header.beacon.root()
    message = signing_root(CHAIN.spec, root, update.signature_slot)
    members = CHAIN.committee(0).pubkeys
    signature = aggregate.sync_committee_signature
    if find_spec("blspy") is None:
        scheme = import_module("py_ecc.bls").G2ProofOfPossession
        signers = [key for seat, key in enumerate(members) if aggregate.signed(seat)]
        return (
            "py_ecc, the 512 keys checked",
            lambda: [scheme.KeyValidate(key) for key in members],
            "py_ecc, the signature from bytes",
            lambda: scheme.FastAggregateVerify(signers, message, signature),
        )
    blspy = import_module("blspy")
    keys = [blspy.G1Element.from_bytes(key) for key in members]
    point = blspy.G2Element.from_bytes(signature)

    def verify() -> None:
        signers = [key for seat, key in enumerate(keys) if aggregate.signed(seat)]
        assert blspy.PopSchemeMPL.fast_aggregate_verify(signers, message, point)

    return (
        "blspy, the 512 keys decoded alone",
        lambda: [blspy.G1Element.from_bytes(key) for key in members],
        "blspy, the signature alone, keys decoded",
        verify,
    )
