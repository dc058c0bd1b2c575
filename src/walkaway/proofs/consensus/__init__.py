"""The light-client protocol of the consensus specifications, pure.

From a trusted block root and what a beacon node serves it yields proven heads:
a beacon header and an execution block hash, nothing else. May import
`proofs.proven`, `proofs._seal`, `anchors`, `errors`, `limits`. Begin with
`light_client.py`; containers by fork are in `containers.py`, keys in `bls.py`.
"""
