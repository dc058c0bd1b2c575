"""Runs calls over proven state, where a missing piece of state is never a zero.

May import `proofs` and below. Two engines behind one interface: the executable
specification (always there, slow) and revm in the native kernel (where it is
installed, fast). Begin with `engine.py` (the interface), then `reference.py`.
"""
