"""The devnet's sources: honest nodes and the many ways to be none, over real sockets.

Begin with `behaviours.py`, which names them all. `faults.py` breaks the
transport; `execution_lies.py` and `beacon_lies.py` say well-formed things that
are not so; `server.py` binds each source to a port of its own.
"""
