"""Content as it is found in the wild: sources of blocks that serve, fail and lie, on loopback.

Begin with `source.py`, one of them; `manners.py` says how they behave, and `website.py`
is something for them to hold.
"""
