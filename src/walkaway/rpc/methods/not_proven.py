"""Methods that Ethereum clients know and walkaway refuses: why, for each.

They are refused with their own code, so that a caller can tell a method that
cannot be proven from one that does not exist. None is ever forwarded.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["NOT_PROVEN", "REASONS"]

_SIMULATION = "clients do not agree on what it takes: eth_simulateV1 runs calls in a row"
_FILLING = (
    "wallets fill in transactions themselves: eth_getTransactionCount, eth_estimateGas and "
    "eth_feeHistory give what that takes, proven"
)
_KEYS = "walkaway holds no keys: sign in the wallet and use eth_sendRawTransaction"
_MEMPOOL = "nobody can prove what waits in another node's pool"
_NODE = "walkaway is no full node"
_TRACE = "it runs blocks again, which walkaway does not do"
_MINING = "nobody mines since the Merge"

REASONS: Mapping[str, tuple[str, ...]] = {
    _SIMULATION: ("eth_callMany",),
    _FILLING: ("eth_fillTransaction",),
    _KEYS: (
        "eth_sendTransaction",
        "eth_sign",
        "eth_signTransaction",
        "eth_signTypedData",
        "eth_signTypedData_v3",
        "eth_signTypedData_v4",
        "personal_sign",
    ),
    _MEMPOOL: (
        "eth_pendingTransactions",
        "txpool_content",
        "txpool_contentFrom",
        "txpool_inspect",
        "txpool_status",
    ),
    _NODE: (
        "admin_nodeInfo",
        "admin_peers",
        "eth_capabilities",
        "eth_config",
        "eth_getBlockAccessListByBlockHash",
        "eth_getBlockAccessListByBlockNumber",
        "eth_protocolVersion",
        "net_peerCount",
        "rpc_modules",
        "testing_buildBlockV1",
    ),
    _TRACE: (
        "debug_getBadBlocks",
        "debug_storageRangeAt",
        "debug_traceBlockByHash",
        "debug_traceBlockByNumber",
        "debug_traceCall",
        "debug_traceTransaction",
        "trace_block",
        "trace_call",
        "trace_filter",
        "trace_replayBlockTransactions",
        "trace_replayTransaction",
        "trace_transaction",
    ),
    _MINING: (
        "eth_coinbase",
        "eth_getWork",
        "eth_submitHashrate",
        "eth_submitWork",
    ),
}

NOT_PROVEN: Mapping[str, str] = {
    name: f"{name} is refused: {reason}" for reason, names in REASONS.items() for name in names
}
"""The method's name, and the message it is refused with."""
