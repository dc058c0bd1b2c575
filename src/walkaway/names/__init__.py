"""Names: from a name to a pointer to content, with what it stands on.

May import `chain` and everything below. Begin with `pointer.py` (what a name resolves to)
and `resolution.py` (what every resolver gives). `every_kind.py` says whose business a name
is, `steady.py` how a name is held at what it said before; each kind has its own place
beside them.
"""
