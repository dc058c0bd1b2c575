"""Messages to bytes and JSON and back, in every fork's form; and garbage, which is refused."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.consensus.simulator import Chain, with_forks
from walkaway.anchors.spec import ForkName
from walkaway.errors import ProofError, Unsupported
from walkaway.limits import LIMITS
from walkaway.proofs.consensus.containers import (
    LightClientFinalityUpdate,
    LightClientOptimisticUpdate,
    LightClientUpdate,
)
from walkaway.proofs.consensus.decode import (
    BOOTSTRAP,
    FINALITY_UPDATE,
    OPTIMISTIC_UPDATE,
    UPDATE,
    Kind,
    from_json,
    from_ssz,
    to_json,
    to_ssz,
    updates_from_json,
    updates_from_ssz,
    updates_to_ssz,
)
from walkaway.proofs.consensus.forks import fork_digest
from walkaway.proofs.consensus.transition import initialize, validate_update

T = TypeVar("T")
FORKS = ["capella", "deneb", "electra", "fulu", "gloas"]
CHAINS = {fork: Chain(with_forks(**{fork: 0})) for fork in FORKS}
ELECTRA = CHAINS["electra"]


def finality_of(update: LightClientUpdate) -> LightClientFinalityUpdate:
    return LightClientFinalityUpdate(
        update.attested_header,
        update.finalized_header,
        update.finality_branch,
        update.sync_aggregate,
        update.signature_slot,
    )


def optimistic_of(update: LightClientUpdate) -> LightClientOptimisticUpdate:
    return LightClientOptimisticUpdate(
        update.attested_header, update.sync_aggregate, update.signature_slot
    )


def goes_around(kind: Kind[T], chain: Chain, fork: ForkName, message: T) -> None:
    """A message is the same after bytes, by name and by digest, and after JSON text."""
    spec = chain.spec
    data = to_ssz(kind, spec, fork, message)
    assert from_ssz(kind, spec, fork, data) == message
    assert from_ssz(kind, spec, fork.label, data) == message
    assert to_ssz(kind, spec, fork, from_ssz(kind, spec, fork, data)) == data
    document = json.loads(json.dumps(to_json(kind, spec, fork, message)))
    assert document["version"] == fork.label
    assert from_json(kind, spec, document) == message


@pytest.mark.parametrize("label", FORKS)
def test_messages_go_around_in_every_forks_form(label: str) -> None:
    chain, fork = CHAINS[label], ForkName[label.upper()]
    update = chain.update(40, 24)
    goes_around(BOOTSTRAP, chain, fork, chain.bootstrap(8))
    goes_around(UPDATE, chain, fork, update)
    goes_around(UPDATE, chain, fork, chain.update(40, with_committee=False))
    goes_around(FINALITY_UPDATE, chain, fork, finality_of(update))
    goes_around(OPTIMISTIC_UPDATE, chain, fork, optimistic_of(update))


@pytest.mark.parametrize("older", FORKS)
def test_an_older_message_is_upgraded_to_every_newer_form_and_still_proves(older: str) -> None:
    chain = CHAINS[older]
    update, bootstrap = chain.update(40, 24), chain.bootstrap(8)
    root = bootstrap.header.beacon.root()
    state = initialize(chain.spec, root, bootstrap)
    for newer in FORKS[FORKS.index(older) :]:
        fork = ForkName[newer.upper()]
        upgraded = from_ssz(UPDATE, chain.spec, fork, to_ssz(UPDATE, chain.spec, fork, update))
        validate_update(chain.spec, state, upgraded, 41)
        again = from_ssz(
            BOOTSTRAP, chain.spec, fork, to_ssz(BOOTSTRAP, chain.spec, fork, bootstrap)
        )
        assert initialize(chain.spec, root, again).current_sync_committee is not None


def test_gloas_data_has_no_older_form() -> None:
    chain = CHAINS["gloas"]
    with pytest.raises(ProofError, match="only Gloas's form"):
        to_ssz(UPDATE, chain.spec, ForkName.ELECTRA, chain.update(40, 24))


def test_electra_data_has_no_older_form() -> None:
    with pytest.raises(ProofError, match="wrong length"):
        to_ssz(UPDATE, ELECTRA.spec, ForkName.DENEB, ELECTRA.update(40, 24))


def test_a_payload_of_before_deneb_has_no_blob_gas() -> None:
    chain = CHAINS["capella"]
    document = json.loads(
        json.dumps(to_json(BOOTSTRAP, chain.spec, ForkName.DENEB, chain.bootstrap(8)))
    )
    document["data"]["header"]["execution"]["blob_gas_used"] = "1"
    with pytest.raises(ProofError, match="blob gas"):
        from_json(BOOTSTRAP, chain.spec, document)


def test_lists_of_updates_go_around_across_forks() -> None:
    chain = Chain(with_forks(deneb=0, electra=2, fulu=4, gloas=6))
    updates = [chain.update(slot, slot - 9) for slot in (14, 18, 30, 34, 46, 50, 60)]
    data = updates_to_ssz(chain.spec, updates)
    # Not the same objects: in a newer form, an older header's branch is padded in front.
    decoded = updates_from_ssz(chain.spec, data)
    assert [u.finalized_header.beacon for u in decoded] == [
        u.finalized_header.beacon for u in updates
    ]
    assert updates_to_ssz(chain.spec, decoded) == data
    assert data[8:12] == fork_digest(chain.spec, 1)
    document = [
        to_json(UPDATE, chain.spec, chain.spec.fork_at_slot(slot).name, update)
        for slot, update in zip((14, 18, 30, 34, 46, 50, 60), updates, strict=True)
    ]
    assert updates_from_json(chain.spec, document) == decoded
    assert updates_from_ssz(chain.spec, b"") == []


def test_a_list_of_updates_is_limited_and_its_lengths_fit() -> None:
    data = updates_to_ssz(ELECTRA.spec, [ELECTRA.update(40, 24)])
    many = LIMITS.updates_per_request + 1
    with pytest.raises(ProofError, match="more than"):
        updates_from_ssz(ELECTRA.spec, data * many)
    with pytest.raises(ProofError, match="more than"):
        updates_from_json(ELECTRA.spec, [{}] * many)
    with pytest.raises(ProofError, match="are a list"):
        updates_from_json(ELECTRA.spec, {"data": []})
    for wrong in (data[:-1], data + b"\0", data[:7], bytes(8), b"\xff" * 8 + data[8:]):
        with pytest.raises(ProofError, match="length does not fit"):
            updates_from_ssz(ELECTRA.spec, wrong)


def test_a_message_over_the_limit_is_not_read() -> None:
    with pytest.raises(ProofError, match="longer than"):
        from_ssz(UPDATE, ELECTRA.spec, "electra", bytes(LIMITS.update_bytes + 1))


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"version": 5}, {"version": "electra"}],
)
def test_json_without_a_fork_or_data_is_refused(document: object) -> None:
    with pytest.raises(ProofError):
        from_json(BOOTSTRAP, ELECTRA.spec, document)


@pytest.mark.parametrize("name", ["nonesuch", "", "x" * 1000])
def test_a_fork_that_is_not_known_may_be_a_new_one(name: str) -> None:
    with pytest.raises(Unsupported, match="chain spec out of date"):
        from_json(BOOTSTRAP, ELECTRA.spec, {"version": name, "data": {}})


@pytest.mark.parametrize("fork", ["phase0", "altair", "bellatrix"])
def test_forks_of_before_capella_have_no_form_here(fork: str) -> None:
    with pytest.raises(ProofError, match=fork):
        from_ssz(UPDATE, ELECTRA.spec, fork, b"")


KINDS_BY_BYTES = [
    lambda fork, data: from_ssz(BOOTSTRAP, ELECTRA.spec, fork, data),
    lambda fork, data: from_ssz(UPDATE, ELECTRA.spec, fork, data),
    lambda fork, data: from_ssz(FINALITY_UPDATE, ELECTRA.spec, fork, data),
    lambda fork, data: from_ssz(OPTIMISTIC_UPDATE, ELECTRA.spec, fork, data),
    lambda fork, data: updates_from_ssz(ELECTRA.spec, data),
]
UPDATE_BYTES = to_ssz(UPDATE, ELECTRA.spec, ForkName.ELECTRA, ELECTRA.update(40, 24))


@given(
    read=st.sampled_from(KINDS_BY_BYTES),
    fork=st.sampled_from(FORKS) | st.binary(max_size=5) | st.text(max_size=8),
    data=st.binary(max_size=3000)
    | st.integers(0, len(UPDATE_BYTES)).map(lambda end: UPDATE_BYTES[:end]),
)
def test_garbage_bytes_are_refused_within_the_error_tree(
    read: Callable[[str | bytes, bytes], object], fork: str | bytes, data: bytes
) -> None:
    with contextlib.suppress(ProofError, Unsupported):
        read(fork, data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(garbage=JSON, data=st.data())
def test_garbage_in_any_place_of_json_is_refused_within_the_error_tree(
    garbage: object, data: st.DataObject
) -> None:
    document = json.loads(
        json.dumps(to_json(UPDATE, ELECTRA.spec, ForkName.ELECTRA, ELECTRA.update(40, 24)))
    )
    place = document
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = garbage
            break
        place = place[key]
    with contextlib.suppress(ProofError, Unsupported):
        from_json(UPDATE, ELECTRA.spec, document)
    with contextlib.suppress(ProofError, Unsupported):
        from_json(UPDATE, ELECTRA.spec, garbage)
    with contextlib.suppress(ProofError, Unsupported):
        updates_from_json(ELECTRA.spec, garbage)


def test_gloas_messages_have_the_published_sizes() -> None:
    chain = CHAINS["gloas"]
    update = chain.update(40, 24)
    header = 112 + 32 + 11 * 32
    aggregate = 32 // 8 + 96
    finality = to_ssz(FINALITY_UPDATE, chain.spec, ForkName.GLOAS, finality_of(update))
    assert len(finality) == 2 * header + 9 * 32 + aggregate + 8
    optimistic = to_ssz(OPTIMISTIC_UPDATE, chain.spec, ForkName.GLOAS, optimistic_of(update))
    assert len(optimistic) == header + aggregate + 8
