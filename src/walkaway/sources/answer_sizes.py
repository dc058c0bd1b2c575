"""How large a true answer can be, by question: what is larger is not read to its end.

Parsing holds the event loop, so that an answer's size is what a source can make
others wait with. The bounds follow from what Ethereum's own rules allow in an
answer (a trie's branch has 532 bytes, a block `Limits.block_transactions`),
with room for how a client may write it.
"""

from __future__ import annotations

from collections.abc import Sequence

from walkaway.limits import LIMITS

__all__ = ["beacon_answer_bytes", "rpc_answer_bytes"]

_KIB = 1024
_MIB = 1024 * _KIB
_PROOF_BYTES = _MIB
_SLOT_PROOF_BYTES = 16 * _KIB  # fifteen branches in hex, deeper than any storage trie is
_HEADER_BYTES = 2 * _MIB  # with the hash of each transaction

_BY_METHOD = {
    "eth_blockNumber": 64 * _KIB,
    "eth_chainId": 64 * _KIB,
    "eth_getCode": 4 * LIMITS.code_bytes,
    "eth_getTransactionByHash": 3 * LIMITS.transaction_bytes,
    "eth_sendRawTransaction": 64 * _KIB,
}
_BLOCKS = ("eth_getBlockByHash", "eth_getBlockByNumber")

_UPDATES = "/light_client/updates"
_SLOTS = "/checkpointz/v1/beacon/slots"
_SLOTS_BYTES = 4 * _MIB


def rpc_answer_bytes(method: str, params: Sequence[object]) -> int:
    """The most bytes that the answer to a JSON-RPC call may have."""
    if method == "eth_getProof":
        keys = params[1] if len(params) > 1 else ()
        slots = len(keys) if isinstance(keys, list | tuple) else 0
        return min(_PROOF_BYTES + slots * _SLOT_PROOF_BYTES, LIMITS.rpc_response_bytes)
    if method in _BLOCKS and len(params) > 1 and params[1] is False:
        return _HEADER_BYTES
    return _BY_METHOD.get(method, LIMITS.rpc_response_bytes)


def beacon_answer_bytes(path: str, query: Sequence[tuple[str, str]]) -> int:
    """The most bytes that the answer of a beacon route may have."""
    if path.endswith(_SLOTS):
        return _SLOTS_BYTES
    count = dict(query).get("count", "1") if path.endswith(_UPDATES) else "1"
    updates = int(count) if count.isascii() and count.isdigit() and len(count) < 9 else 1
    return min(max(updates, 1) * LIMITS.update_bytes, LIMITS.beacon_response_bytes)
