"""Arweave: an id and a path in, a proven file out, from whichever gateway has it.

Begin with `content.py`, which follows manifests. `finding.py` finds out what an id
names, `chunks.py` streams the data of a transaction as they are proven, `items.py` proves
data items whole, and `kept.py` keeps what is small on this machine.
"""
