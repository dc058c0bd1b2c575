"""Ground for simulations: a world that is known whole, proven piece by piece as it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ethereum_types.bytes import Bytes20

from walkaway.devnet.execution.world import WorldState
from walkaway.errors import Unsupported
from walkaway.evm.engine import Engine, Missing, Outcome
from walkaway.evm.proven_call import AskedCall, ProvenState
from walkaway.proofs import Proven
from walkaway.proofs.execution.accounts import (
    Account,
    StateProof,
    prove_account,
    prove_code,
    prove_slot,
)
from walkaway.proofs.execution.ancestry import header_from_child, header_from_given_hash
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["WorldGround"]


class WorldGround:
    """The state after a block. ``ancestors`` are the headers before it, newest first.

    ``asked`` holds the addresses of every call for proofs. Where ``shows_all``, each
    proof of an account brings all its slots along.
    """

    shows_all = False

    def __init__(
        self,
        engine: Engine,
        chain_id: int,
        header: Header,
        world: WorldState,
        ancestors: Sequence[Header] = (),
    ) -> None:
        self._engine = engine
        self.world = world
        self._code = {keccak256(account.code): account.code for account in world.accounts.values()}
        self._ancestors = ancestors
        self._accounts: dict[bytes, Proven[Account | None]] = {}
        self.engine = engine.name
        self.state = ProvenState(header_from_given_hash(chain_id, header.hash, header))
        self.asked: list[frozenset[bytes]] = []

    async def run(self, asked: AskedCall) -> Outcome:
        """See `Ground`."""
        given: dict[int, bytes] = {}
        while True:
            known = self.state.known
            known = replace(known, block_hashes={**known.block_hashes, **given})
            result = self._engine.run(asked.call, asked.environment, known, asked.overrides)
            if isinstance(result, Outcome):
                return result
            ours = result.block_hashes & asked.block_hashes.keys() - given.keys()
            given |= {number: asked.block_hashes[number] for number in ours}
            self._learn(replace(result, block_hashes=result.block_hashes - ours))

    async def prove(
        self, wanted: Mapping[bytes, Iterable[bytes]]
    ) -> list[tuple[bytes, StateProof]]:
        """See `Ground`."""
        self.asked.append(frozenset(wanted))
        return [(address, self._prove(address, keys)) for address, keys in wanted.items()]

    def _learn(self, missing: Missing) -> None:
        for address in missing.accounts:
            self._prove(address, ())
        for address, key in missing.slots:
            self._prove(address, (key,))
        for code_hash in missing.code:
            holder = next(
                account
                for account in self._accounts.values()
                if account.value is not None and account.value.code_hash == code_hash
            )
            self.state.add_code(prove_code(holder, self._code[code_hash]))
        if missing.block_hashes:
            number = self.state.header.value.number
            known = range(number - len(self._ancestors), number)
            if not missing.block_hashes <= set(known):
                raise Unsupported("the hash of a block that nobody knows")
            line = [header_from_child(self.state.header, self._ancestors[0])]
            for header in self._ancestors[1:]:
                line.append(header_from_child(line[-1], header))
            self.state.add_ancestors(line)

    def _prove(self, address: bytes, keys: Iterable[bytes]) -> StateProof:
        every = self.world.storage.get(Bytes20(address), {}) if self.shows_all else ()
        proof = self.world.prove(address, [*{*keys, *map(bytes, every)}])
        account = prove_account(self.state.header, address, proof.nodes)
        self._accounts[address] = account
        self.state.add_account(account)
        for key, _, nodes in proof.slots:
            self.state.add_slot(prove_slot(account, key, nodes))
        slots = {key: tuple(nodes) for key, _, nodes in proof.slots}
        return StateProof(tuple(proof.nodes), slots)
