"""What this machine keeps of content: blocks, pins on DAGs, and files put together.

Begin with `block_store.py`. Its state is one SQLite file (`schema.py`, `rows.py`,
`database.py`); `leases.py` and `room.py` say what may leave it, `pins.py` and
`pinning.py` what may not. `archives.py` carries DAGs in and out as CARs;
`assembled.py` keeps whole files, ready to be sent.
"""
