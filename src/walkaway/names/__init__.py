"""Names: from a name to a pointer to content, with what it stands on.

May import `chain` and everything below. Begin with `pointer.py` (what a name
resolves to) and `resolution.py` (what every resolver gives).
"""
