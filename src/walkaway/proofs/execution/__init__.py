"""Execution-layer proofs: headers, state, transactions and receipts from a block hash.

May import `proofs.proven`, `proofs._seal`, `anchors`, `errors`, `limits`.
Begin with `header.py` (a header from its hash), then `trie.py` (a value from
a root), `accounts.py` (state from a header), `blocks.py` (content from a header).
"""
