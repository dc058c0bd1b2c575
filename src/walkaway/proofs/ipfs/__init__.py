"""IPFS proofs: content from its address, block by block.

May import `proofs.proven`, `proofs._seal`, `proofs.execution.keccak`, `errors`,
`limits`. Begin with `cid.py` (what an address is) and `block.py` (bytes from an
address); above them stand the codecs (`dag_pb.py`, `dag_cbor.py`,
`dag_json.py`), what is built of them (`unixfs.py`, `hamt.py`), and the forms
in which they travel (`car.py`, `ipns_record.py`).
"""
