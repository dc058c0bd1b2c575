"""Arweave proofs: content from the id of a transaction or of a data item.

An id is the hash of a signature, and the signature covers the content. May
import `proofs.proven`, `proofs._seal`, `proofs.json_depth`, `errors`, `limits`,
`proofs.execution.keccak`, and `NO_CHAIN` of `proofs.ipfs.block`. Begin with
`data_item.py` (what most ids name: proven whole) and `transaction.py` with
`chunk.py` (large files, proven chunk by chunk); `bundle.py` says where an item
stands, `manifest.py` which path is which id.
"""
