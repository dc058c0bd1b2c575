"""The light-client protocol of the consensus specifications, pure.

From a trusted block root and what a beacon node serves it yields proven heads:
a beacon header and an execution block hash, nothing else. May import
`proofs.proven`, `proofs._seal`, `anchors`, `errors`, `limits`. Begin with
`light_client.py` (the store); its rules are `transition.py`, its data
`containers.py`, read from the wire by `decode.py`; signatures are in `bls.py`.
"""
