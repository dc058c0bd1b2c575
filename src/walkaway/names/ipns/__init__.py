"""IPNS: records found in the network and published to it, and the keys that sign them.

May import what `names` may. Begin with `find.py` (whoever asks for a name) or
`publish.py` (whoever moves one).
"""
