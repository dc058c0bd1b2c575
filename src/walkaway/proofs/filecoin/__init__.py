"""Filecoin proofs: a payload from its piece commitment.

May import `proofs.proven`, `proofs._seal`, `proofs.ipfs`, `errors`, `limits`.
Begin with `piece.py` (a payload, as it streams, from the CID of its piece) and
`piece_cid.py` (what such a CID says). The commitment is computed by the native
kernel where it is built (`native.py`), else by `reference.py`, which is the
same in plain Python.
"""
