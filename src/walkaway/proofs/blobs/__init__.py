"""Blobs: from a versioned hash, or a part of one, to the blob and what is encoded in it.

Pure: what computes commitments is handed in, under a setup that is believed
(`walkaway.anchors.kzg_setup`).
Begin with `blob.py`; `encoding.py` reads what EthStorage keeps in blobs, and `storage_read.py`
is the precompile by which its contracts read them.
"""
