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
    trie_node_bytes: int = 64 * 1024
    code_bytes: int = 64 * 1024
    block_transactions: int = 20_000
    block_withdrawals: int = 1024
    block_ommers: int = 2
    transaction_bytes: int = 2 * 1024 * 1024
    receipt_logs: int = 100_000
    log_topics: int = 4

    # proofs/consensus
    updates_per_request: int = 128
    update_bytes: int = 256 * 1024

    # proofs/ipfs
    block_bytes: int = 2 * 1024 * 1024
    digest_bytes: int = 128
    cid_bytes: int = 160
    multibase_characters: int = 2048
    dag_depth: int = 128
    car_header_bytes: int = 32 * 1024
    ipns_record_bytes: int = 10 * 1024
    ipns_key_bytes: int = 2048
    node_links: int = 65_536
    shard_fanout: int = 1024

    # proofs/arweave
    arweave_tags: int = 128
    arweave_tag_bytes: int = 4096
    arweave_tag_name_bytes: int = 1024
    arweave_tag_value_bytes: int = 3072
    arweave_header_bytes: int = 24 * 1024 * 1024
    arweave_header_tag_bytes: int = 2048
    arweave_data_bytes: int = 1 << 60
    arweave_path_branches: int = 128
    arweave_bundle_items: int = 1 << 18
    arweave_bundle_depth: int = 8
    arweave_manifest_bytes: int = 32 * 1024 * 1024
    arweave_manifest_paths: int = 1 << 18

    # proofs/filecoin
    piece_height: int = 35

    # proofs/dnssec
    dnssec_records: int = 1024
    dnssec_keys: int = 64
    dnssec_trials: int = 16
    dnssec_message_trials: int = 64
    dnssec_denials: int = 16
    dnssec_nsec3_iterations: int = 150
    dnssec_chain_rrsets: int = 64

    # evm
    simulated_blocks: int = 256
    simulated_calls: int = 10_000
    neighbour_nibbles: int = 4
    neighbour_tries: int = 1 << 19
    simulated_neighbours: int = 64
    simulations: int = 8
    simulated_given: int = 500_000
    simulated_answer_bytes: int = 16 * 1024 * 1024
    simulated_small_bytes: int = 1024 * 1024
    native_states: int = 4
    evm_threads: int = 8
    evm_workers: int = 3
    evm_seconds: float = 60.0
    evm_short_seconds: float = 2.0
    evm_explore_seconds: float = 4.0
    evm_long_seconds: float = 0.5
    evm_supplies: int = 32
    evm_stop_seconds: float = 1.0
    evm_wait_seconds: float = 15.0
    evm_long_waiting: int = 16
    evm_long_remembered: int = 256
    gateway_urls: int = 16
    gateway_url_bytes: int = 2048
    lookup_call_data_bytes: int = 256 * 1024
    lookup_extra_data_bytes: int = 1024 * 1024

    # sources
    ask_seconds: float = 20.0
    newest_seconds: float = 4.0
    word_others_seconds: float = 0.5
    request_seconds: float = 10.0
    connect_seconds: float = 4.0
    dns_seconds: float = 5.0
    dns_failed_seconds: float = 1.0
    dns_threads: int = 8
    dns_message_bytes: int = 65_535
    dns_resend_seconds: float = 1.0
    dns_address_seconds: float = 0.25
    dns_strays: int = 32
    dns_idle_connections: int = 4
    dns_idle_seconds: float = 8.0
    http2_streams: int = 1024
    http2_frames: int = 512
    http2_header_bytes: int = 16 * 1024
    rpc_response_bytes: int = 64 * 1024 * 1024
    beacon_response_bytes: int = 32 * 1024 * 1024
    batch_response_bytes: int = 8 * 1024 * 1024
    refusal_bytes: int = 64 * 1024
    json_depth: int = 32
    json_values: int = 1_000_000
    json_values_anyway: int = 20_000
    json_value_bytes: int = 16
    requests_per_source: int = 16
    batch_calls: int = 50
    redirects: int = 3
    reason_characters: int = 240
    hedge_first_seconds: float = 0.5
    hedge_least_seconds: float = 0.05
    hedge_longest_seconds: float = 4.0
    retry_budget: float = 50.0
    retry_budget_share: float = 0.2
    retry_pause_seconds: float = 0.2
    explore_share: float = 0.05
    explore_after_seconds: float = 60.0
    faults_in_a_row: int = 4
    rest_first_seconds: float = 2.0
    rest_longest_seconds: float = 300.0
    retry_after_longest_seconds: float = 3600.0
    capability_seconds: float = 3600.0
    quarantine_first_seconds: float = 60.0
    quarantine_longest_seconds: float = 24 * 3600.0
    evidence_files: int = 200
    evidence_bytes: int = 256 * 1024
    gateway_seconds: float = 10.0
    gateway_response_bytes: int = 1024 * 1024
    gateway_query_characters: int = 32 * 1024
    block_seconds: float = 60.0
    block_flow_bytes: int = 16 * 1024
    block_flow_seconds: float = 8.0
    routing_response_bytes: int = 1024 * 1024
    found_providers: int = 16
    loop_marks: int = 8
    loop_characters: int = 1024
    found_provider_seconds: float = 600.0
    arns_answer_bytes: int = 16 * 1024
    arweave_answer_bytes: int = 4 * 1024 * 1024
    arweave_chunk_answer_bytes: int = 768 * 1024
    arweave_offsets: int = 4096
    piece_seconds: float = 3600.0
    piece_flow_seconds: float = 60.0
    provider_records: int = 128
    provider_addresses: int = 16
    provider_tries: int = 64
    multiaddr_characters: int = 512
    archive_blocks: int = 1 << 20
    recorded_exchanges: int = 512

    # chain
    head_age_seconds: float = 180.0
    parent_walk_blocks: int = 256
    proof_slots: int = 1024
    cached_headers: int = 4096
    lineages: int = 8
    cached_accounts: int = 8192
    cached_code_bytes: int = 32 * 1024 * 1024
    cached_blocks: int = 32
    watched_transactions: int = 1024
    kept_state_bytes: int = 8 * 1024 * 1024
    kept_finalized_roots: int = 512
    call_gas: int = 50_000_000
    call_rounds: int = 64
    call_pieces: int = 20_000
    call_hints: int = 2_000
    call_hint_seconds: float = 2.0
    hints_at_once: int = 4
    hinted_accounts: int = 64
    hinted_slots: int = 512
    hinted_pieces: int = 4_000
    recalled_calls: int = 256
    recalled_pieces: int = 256
    call_states: int = 8
    host_calls: int = 256
    host_calls_at_once: int = 8
    host_answer_bytes: int = 32 * 1024 * 1024
    gateway_lookups: int = 4
    gateway_tries: int = 12
    checkpoint_age_seconds: float = 14 * 24 * 3600.0
    fee_history_blocks: int = 1024
    fee_reward_blocks: int = 128
    fee_percentiles: int = 100
    fee_blocks_at_once: int = 8
    cached_fee_blocks: int = 160
    gathered_headers: int = 400
    log_blocks: int = 4096
    log_blocks_at_once: int = 8
    logs_per_answer: int = 20_000
    log_answer_bytes: int = 32 * 1024 * 1024
    cached_log_bytes: int = 64 * 1024 * 1024
    journal_blocks: int = 128
    journal_events: int = 2048
    disk_cache_bytes: int = 1000 * 1000 * 1000
    history_jumps: int = 64
    history_headers: int = 1024
    kept_headers: int = 65_536

    # names
    ens_name_bytes: int = 1024
    contenthash_bytes: int = 512
    ens_records: int = 64
    ens_value_bytes: int = 64 * 1024
    ens_gas: int = 50_000_000
    ens_lookups: int = 8
    ens_batch_requests: int = 64
    ens_batch_depth: int = 3
    ens_batch_bytes: int = 512 * 1024
    ens_batch_answer_bytes: int = 2 * 1024 * 1024
    ens_seconds: float = 60.0
    ens_answer_seconds: float = 90.0
    history_names: int = 4096
    history_held_names: int = 16_384
    history_held_of_family: int = 1024
    history_accepted_of_name: int = 512
    history_pointers: int = 262_144
    history_sightings: int = 65_536
    history_sightings_of_name: int = 64
    history_rejected_of_name: int = 256
    history_served: int = 16_384
    history_note_seconds: float = 60.0
    history_evidence_characters: int = 2048
    held_seconds: float = 60.0
    held_name_wait_seconds: float = 4.0
    held_name_again_seconds: float = 15.0
    held_records: int = 4096
    dns_labels: int = 40
    dns_queries: int = 96
    dns_queries_ahead: int = 16
    dns_aliases: int = 8
    dns_lookup_seconds: float = 20.0
    dns_failure_seconds: float = 5.0
    dns_word_seconds: float = 3600.0
    dns_longest_seconds: float = 24 * 3600.0
    dns_fresh_seconds: float = 10.0
    dns_lookups: int = 32
    dns_wait_seconds: float = 20.0
    dns_zones: int = 4096
    dns_zones_bytes: int = 64 * 1024 * 1024
    dns_answers: int = 4096
    dns_answers_bytes: int = 64 * 1024 * 1024
    dns_operators: int = 2
    dnslink_characters: int = 2048
    ipns_seconds: float = 10.0
    ipns_others_seconds: float = 2.0
    ipns_least_seconds: float = 5.0
    ipns_most_seconds: float = 24 * 3600.0
    ipns_again_seconds: float = 30.0
    ipns_remembered: int = 4096
    ipns_publish_seconds: float = 60.0
    ipns_read_back_seconds: float = 2.0
    ipns_validity_seconds: float = 366 * 24 * 3600.0
    ipns_keys: int = 1000
    arns_seconds: float = 24 * 3600.0
    arns_least_seconds: float = 30.0
    arns_remembered: int = 4096

    # content
    store_bytes: int = 16 * 1000 * 1000 * 1000
    store_spare_bytes: int = 64 * 1024 * 1024
    store_reserve_bytes: int = 2 * 1024 * 1024
    store_threads: int = 4
    store_wait_seconds: float = 30.0
    pinned_at_once: int = 16
    assembled_bytes: int = 4 * 1024 * 1024 * 1024
    assembled_small_bytes: int = 1024 * 1024
    assembled_memory_bytes: int = 128 * 1024 * 1024
    assembled_open: int = 256
    request_blocks: int = 1 << 20
    request_block_bytes: int = 1 << 40
    request_structure_bytes: int = 16 * 1024 * 1024
    ahead_blocks: int = 32
    ahead_bytes: int = 16 * 1024 * 1024
    ahead_bytes_together: int = 128 * 1024 * 1024
    pending_links: int = 1 << 17
    read_at_once_bytes: int = 64 * 1024
    remembered_blocks: int = 1 << 18
    content_path_bytes: int = 8 * 1024
    name_steps: int = 32
    content_seconds: float = 90.0
    routing_patience_seconds: float = 2.0
    routing_lookups: int = 4
    routing_remembered: int = 4096
    routing_again_seconds: float = 60.0
    remembered_supplies: int = 1 << 14
    kept_blobs: int = 128
    blobs_at_once: int = 4
    blob_seconds: float = 30.0
    kzg_seconds: float = 60.0
    arweave_chunks_ahead: int = 8
    arweave_files_ahead: int = 8
    arweave_item_bytes: int = 1024 * 1024 * 1024
    arweave_item_places: int = 4
    arweave_small_bytes: int = 512 * 1024
    arweave_spooled_bytes: int = 2 * 1024 * 1024 * 1024
    arweave_kept_bytes: int = 512 * 1024 * 1024
    arweave_manifests: int = 8
    piece_payload_bytes: int = 2 * 1024 * 1024 * 1024
    piece_kept_bytes: int = 4 * 1024 * 1024 * 1024
    pieces_open: int = 16
    pdp_answer_bytes: int = 4096
    mirrored_releases: int = 256
    mirrors: int = 8
    """Of one release."""
    mirror_patience_seconds: float = 5.0
    mirror_cars_open: int = 8
    mirror_car_bytes: int = 2 * 1024 * 1024 * 1024
    mirror_idle_seconds: float = 10.0
    mirror_again_seconds: float = 60.0
    mirrored_seconds: float = 60.0
    """How long an answer may be held that stands on a mirror by word alone."""
    import_depth: int = 100
    import_folder_entries: int = 1 << 20
    import_name_bytes: int = 1024
    import_ahead_bytes: int = 16 * 1024 * 1024
    import_ahead_blocks: int = 4096
    import_batch_bytes: int = 8 * 1024 * 1024
    import_batch_blocks: int = 4096
    unwritten_block_bytes: int = 16 * 1024 * 1024
    web3_url_bytes: int = 8 * 1024
    web3_arguments: int = 64
    web3_names: int = 8
    web3_types: int = 256
    web3_type_depth: int = 8
    web3_values: int = 100_000
    web3_answer_bytes: int = 16 * 1024 * 1024
    web3_headers: int = 64
    web3_header_bytes: int = 8 * 1024
    web3_chunks: int = 4096
    web3_page_bytes: int = 1024 * 1024 * 1024
    web3_decoded_bytes: int = 64 * 1024 * 1024
    web3_measured_bytes: int = 4 * 1024 * 1024
    web3_seconds: float = 60.0
    web3_fresh_seconds: float = 12.0
    web3_fresh_most_seconds: float = 24 * 3600.0

    # rpc
    rpc_head_bytes: int = 32 * 1024
    rpc_head_seconds: float = 10.0
    rpc_request_bytes: int = 2 * 1024 * 1024
    rpc_request_values: int = 32 * 1024
    rpc_request_depth: int = 32
    rpc_batch_calls: int = 100
    rpc_batch_response_bytes: int = 32 * 1024 * 1024
    rpc_long_reply_bytes: int = 1024 * 1024
    rpc_long_replies_bytes: int = 256 * 1024 * 1024
    rpc_call_seconds: float = 30.0
    rpc_receipt_seconds: float = 20.0
    rpc_connections: int = 256
    rpc_calls_per_connection: int = 64
    rpc_calls: int = 512
    rpc_upload_seconds: float = 10.0
    rpc_send_seconds: float = 20.0
    rpc_slow_seconds: float = 10.0
    rpc_ping_seconds: float = 20.0
    rpc_evidence_depth: int = 32
    rpc_evidence_steps: int = 2048
    filter_choices: int = 1000
    filters: int = 512
    filter_seconds: float = 300.0
    reported_log_bytes: int = 1024 * 1024
    subscriptions_per_connection: int = 32
    subscription_retry_seconds: float = 2.0

    # gateway
    web_requests: int = 512
    web_answer_seconds: float = 120.0
    web_stall_seconds: float = 100.0
    web_unread_seconds: float = 600.0
    web_request_seconds: float = 3600.0
    web_pieces_bytes: int = 256 * 1024 * 1024
    web_form_bytes: int = 16 * 1024
    web_ranges: int = 16
    web_hot_bytes: int = 64 * 1024 * 1024
    web_hot_answers: int = 4096
    web_hot_seconds: float = 10.0
    web_small_file_bytes: int = 64 * 1024
    redirects_bytes: int = 64 * 1024
    listed_entries: int = 10_000
    entries_looked_at: int = 1000
    explained_blocks: int = 256
    explained_bytes: int = 1024 * 1024
    """Of a file on another network than IPFS, how much of its beginning."""
    denylist_bytes: int = 256 * 1024 * 1024
    denylist_line_bytes: int = 2 * 1024 * 1024
    denylist_header_bytes: int = 1024 * 1024

    # cli
    config_bytes: int = 256 * 1024
    reach_seconds: float = 3.0
    endpoint_seconds: float = 60.0
    endpoint_response_bytes: int = 16 * 1024 * 1024


LIMITS = Limits()
