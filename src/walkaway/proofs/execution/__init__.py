"""Execution-layer proofs: headers, state, transactions and receipts from a block hash.

May import `proofs.proven`, `proofs._seal`, `anchors`, `errors`, `limits`. Begin
with `ancestry.py` (a header from a hash), then `accounts.py` (state from a
header) and `blocks.py` (content from a header); beneath them stand `trie.py`
(a value from a root) and `fields.py` (a structure from RLP or JSON).
"""
