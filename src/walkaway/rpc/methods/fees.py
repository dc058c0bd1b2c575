"""What a transaction costs, computed from proven blocks."""

from __future__ import annotations

from walkaway.chain.block_id import BlockId, Tag, describe_block
from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.proofs import Proven, derive_fees
from walkaway.proofs.derive_fees import FeeHistory
from walkaway.proofs.execution.header import Header
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import quantity
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def gas_price(ask: Ask, params: Params) -> Answer:
    params.end()
    price = await ask.chain.fees.gas_price(await _header(ask, Tag.LATEST))
    return quantity(await ask.take(price, ("gas price",), Tag.LATEST))


async def max_priority_fee(ask: Ask, params: Params) -> Answer:
    params.end()
    tip = await ask.chain.fees.suggested_tip(await _header(ask, Tag.LATEST))
    return quantity(await ask.take(tip, ("suggested tip",), Tag.LATEST))


async def base_fee(ask: Ask, params: Params) -> Answer:
    params.end()
    fee = derive_fees.next_base_fee(await _header(ask, Tag.LATEST))
    return quantity(await ask.take(fee, ("next base fee",), Tag.LATEST))


async def blob_base_fee(ask: Ask, params: Params) -> Answer:
    params.end()
    fee = await ask.chain.fees.blob_base_fee(await _header(ask, Tag.LATEST))
    return quantity(await ask.take(fee, ("blob base fee",), Tag.LATEST))


async def fee_history(ask: Ask, params: Params) -> Answer:
    count, newest = params.count("block count"), params.block_number("newest block")
    percentiles = params.numbers("reward percentiles", at_most=LIMITS.fee_percentiles)
    params.end()
    history = await ask.chain.fees.history(await _header(ask, newest), count, percentiles)
    blocks = len(history.value.gas_used_ratios)
    subject = derive_fees.fee_history_subject(blocks, percentiles)
    return _members(await ask.take(history, subject, newest))


async def _header(ask: Ask, block: BlockId) -> Proven[Header]:
    header = await ask.chain.header(block)
    if isinstance(header, Word):
        raise InvalidRequest(f"{describe_block(block)} is beyond the proven head")
    return header


def _members(history: FeeHistory) -> dict[str, Json]:
    members: dict[str, Json] = {
        "oldestBlock": quantity(history.oldest),
        "baseFeePerGas": [quantity(fee) for fee in history.base_fees],
        "gasUsedRatio": list(history.gas_used_ratios),
    }
    if history.rewards is not None:
        members["reward"] = [[quantity(tip) for tip in block] for block in history.rewards]
    if history.blobs is not None:
        members["baseFeePerBlobGas"] = [quantity(fee) for fee in history.blobs.base_fees]
        members["blobGasUsedRatio"] = list(history.blobs.used_ratios)
    return members


TIP = (
    "the 60th percentile of the three lowest tips (from 2 wei on) of each of the newest "
    f"{derive_fees.SAMPLED_BLOCKS} proven blocks that hold any; 0.001 gwei where none does"
)

METHODS = (
    Method("eth_gasPrice", "", "the head's base fee, and the tip below", gas_price),
    Method("eth_maxPriorityFeePerGas", "", TIP, max_priority_fee),
    Method("eth_baseFee", "", "the next block's, computed from the head (EIP-1559)", base_fee),
    Method(
        "eth_blobBaseFee",
        "",
        "the head's excess blob gas; refused where it does not follow from its parent under the "
        "chain spec's blob schedule",
        blob_base_fee,
    ),
    Method(
        "eth_feeHistory",
        "block count, newest block, reward percentiles = []",
        f"proven headers, and with percentiles whole blocks and receipts; at most "
        f"{LIMITS.fee_history_blocks} blocks, {LIMITS.fee_reward_blocks} with percentiles; the "
        "blob members are left out where the chain spec's blob schedule does not explain them",
        fee_history,
    ),
)
