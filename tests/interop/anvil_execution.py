"""anvil's chain behind the devnet's beacon side."""

from __future__ import annotations

from tests.interop.anvil_process import Anvil
from walkaway.anchors.spec import ChainSpec
from walkaway.devnet.execution.block import ExecutionBlock, PayloadAttributes
from walkaway.devnet.execution.genesis import genesis_world
from walkaway.devnet.execution.system_contracts import SYSTEM_CONTRACTS
from walkaway.errors import InvalidRequest
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.base_fee import next_base_fee
from walkaway.proofs.execution.blob_fees import blob_base_fee
from walkaway.proofs.execution.blocks import (
    block_body_from_json,
    prove_block,
    prove_receipts,
    receipts_from_json,
)
from walkaway.proofs.execution.header import header_from_json

__all__ = ["AnvilExecution"]


class AnvilExecution:
    """Blocks that anvil mines when a slot asks for one. An `ExecutionBackend`.

    anvil keeps one branch: to build beside it is to roll it back, after which
    what the replaced blocks held waits in its pool again. Each block is held
    against its own hash and roots before it is handed on; one with blob
    transactions does not stand that, because anvil 1.7.1 counts their blobs in
    under its transactions root.
    """

    def __init__(self, anvil: Anvil, spec: ChainSpec) -> None:
        self.chain_id = spec.chain_id
        self._anvil = anvil
        self._schedule = spec.blob_base_fees
        self._settle()
        # The state root that anvil states for its own genesis is not that of its state.
        self.genesis = self._mine(spec.genesis_time)
        self._branch = [self.genesis]

    def produce(self, parent_hash: bytes, attributes: PayloadAttributes) -> ExecutionBlock:
        """See `ExecutionBackend`. Of the attributes only the timestamp is anvil's to follow."""
        self._roll_back_to(parent_hash)
        parent, block = self._branch[-1].header, self._mine(attributes.timestamp)
        # Raises where the chain's schedule does not explain anvil's excess blob gas.
        blob_base_fee(parent, block.header, self._schedule)
        assert block.header.base_fee_per_gas == next_base_fee(parent)
        self._branch.append(block)
        return block

    def set_head(self, block_hash: bytes, finalized_hash: bytes | None) -> None:
        """See `ExecutionBackend`. Raises `InvalidRequest` for a branch that anvil left."""
        if block_hash != self._branch[-1].hash:
            raise InvalidRequest("anvil's head is another block already")

    def _settle(self) -> None:
        """Give anvil the accounts and contracts that the devnet's own chain begins with."""
        world = genesis_world()
        for address, account in world.accounts.items():
            if address in SYSTEM_CONTRACTS:
                continue
            where = "0x" + address.hex()
            self._anvil.ask("anvil_setBalance", where, hex(account.balance))
            self._anvil.ask("anvil_setNonce", where, hex(account.nonce))
            self._anvil.ask("anvil_setCode", where, "0x" + account.code.hex())
            for slot, value in world.storage.get(address, {}).items():
                word = "0x" + int(value).to_bytes(32).hex()
                self._anvil.ask("anvil_setStorageAt", where, "0x" + slot.hex(), word)

    def _roll_back_to(self, parent_hash: bytes) -> None:
        hashes = [block.hash for block in self._branch]
        if parent_hash not in hashes:
            raise InvalidRequest("anvil has left the branch of this parent")
        kept = hashes.index(parent_hash) + 1
        replaced = self._branch[kept:]
        if not replaced:
            return
        self._anvil.ask("anvil_rollback", len(replaced))
        del self._branch[kept:]
        # Else anvil goes on from the base fee of a block that is gone.
        base_fee = next_base_fee(self._branch[-1].header)
        self._anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(base_fee))
        for block in replaced:
            for transaction in block.transactions:
                self._anvil.ask("eth_sendRawTransaction", "0x" + transaction.encode().hex())

    def _mine(self, timestamp: int) -> ExecutionBlock:
        self._anvil.ask("evm_setNextBlockTimestamp", timestamp)
        self._anvil.ask("evm_mine")
        stated = self._anvil.ask("eth_getBlockByNumber", "latest", True)
        claimed = bytes.fromhex(stated["hash"][2:])
        header = header_from_given_hash(self.chain_id, claimed, header_from_json(stated))
        receipts = self._anvil.ask("eth_getBlockReceipts", stated["hash"])
        block = prove_block(header, block_body_from_json(stated)).value
        return ExecutionBlock(
            block.header,
            block.body.transactions,
            prove_receipts(header, receipts_from_json(receipts)).value,
            block.body.withdrawals or (),
        )
