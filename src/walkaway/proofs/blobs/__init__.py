"""Blobs: from a versioned hash, or a part of one, to the blob and what is encoded in it.

Pure: the setup that commitments stand on is handed in (`walkaway.anchors.kzg_setup`).
Begin with `blob.py`; `encoding.py` reads what EthStorage keeps in blobs, and `storage_read.py`
is the precompile by which its contracts read them.
"""
