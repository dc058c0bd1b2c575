"""Every limit on what comes from outside, in one place.

Sizes are bytes, times are seconds. Pure code in `proofs/` reads the same
numbers, so that a hostile proof is refused before it costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; grouped by the floor that enforces them."""

    # proofs/execution
    rlp_depth: int = 8
    rlp_item_bytes: int = 16 * 1024 * 1024
    header_bytes: int = 4096
    trie_nodes: int = 65
    trie_node_bytes: int = 1024 * 1024
    code_bytes: int = 64 * 1024
    block_transactions: int = 20_000
    block_withdrawals: int = 1024
    transaction_bytes: int = 2 * 1024 * 1024
    receipt_logs: int = 100_000
    log_topics: int = 4

    # proofs/consensus
    updates_per_request: int = 128
    update_bytes: int = 256 * 1024

    # sources
    request_seconds: float = 10.0
    connect_seconds: float = 4.0
    rpc_response_bytes: int = 64 * 1024 * 1024
    beacon_response_bytes: int = 32 * 1024 * 1024
    json_depth: int = 32
    requests_per_source: int = 16
    batch_calls: int = 50
    redirects: int = 3
    quarantine_first_seconds: float = 60.0
    quarantine_longest_seconds: float = 24 * 3600.0
    evidence_files: int = 200
    evidence_bytes: int = 256 * 1024

    # chain
    head_age_seconds: float = 180.0
    parent_walk_blocks: int = 256
    history_window_blocks: int = 8191
    proof_slots: int = 1024
    cached_headers: int = 4096
    watched_transactions: int = 1024

    # rpc
    rpc_request_bytes: int = 2 * 1024 * 1024
    rpc_batch_calls: int = 100
    rpc_call_seconds: float = 30.0
    rpc_connections: int = 256
    rpc_calls_per_connection: int = 64
    rpc_calls: int = 512


LIMITS = Limits()
