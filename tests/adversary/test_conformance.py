"""The conformance suite, asked of liars: no answer is ever another than the recorded one."""

from __future__ import annotations

import pytest

from tests.conformance.exchanges import compare
from tests.conformance.node import conformance_network
from tests.vectors import vectors
from walkaway.devnet.sources.behaviours import Behaviour
from walkaway.rpc.methods import METHODS

pytestmark = pytest.mark.adversary

LONG = frozenset({"eth_simulateV1"})
"""Most of the suite's time; what it reads is asked for as a call's state is."""
LIES = [
    Behaviour.LYING_BALANCE,
    Behaviour.FORGED_STATE,
    Behaviour.OMITTED_RECEIPT,
    Behaviour.FORGED_RECEIPT,
    Behaviour.DROPPED_LOG,
    Behaviour.FOREIGN_RECEIPTS,
]


@pytest.mark.parametrize("lie", [*LIES, Behaviour.CLEARED_BLOOM], ids=lambda lie: lie.name)
async def test_a_liar_beside_honest_sources_changes_no_answer(lie: Behaviour) -> None:
    folder = vectors("rpc-conformance")
    behaviours = (lie, Behaviour.HONEST, Behaviour.HONEST)
    async with conformance_network(folder).following(behaviours=behaviours) as chain:
        compared = await compare(chain, folder, without=LONG)
        _, *honest = chain.status().sources
    served = [item for item in compared if item.exchange.method in METHODS]
    assert {item.exchange.name: item.difference for item in served if item.difference} == {}
    assert not any(source.lies for source in honest)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
async def test_a_liar_alone_gets_nothing_believed(lie: Behaviour) -> None:
    folder = vectors("rpc-conformance")
    async with conformance_network(folder).following(behaviours=(lie,)) as chain:
        compared = await compare(chain, folder, without=LONG)
        (liar,) = chain.status().sources
    assert liar.lies > 0
    different = [item for item in compared if item.difference]
    assert [item for item in different if '"error"' not in item.difference] == []
    assert len(different) < len(compared)
