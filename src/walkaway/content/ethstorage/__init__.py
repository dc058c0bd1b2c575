"""EthStorage: what its contracts read from blobs, over blobs that any source gives.

May import `chain`, `sources`, `proofs`. Begin with `blob_supply.py`, which stands in for the
precompile that EthStorage's own nodes have, in calls that run here; `kzg_process.py` computes
commitments in a process of its own.
"""
