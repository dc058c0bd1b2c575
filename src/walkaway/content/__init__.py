"""Content: a pointer in, proven bytes out, whatever network holds them.

May import `names`, `chain`, `sources`, `proofs`. Begin with `blocks.py`, the
one question that everything here asks; `store/` keeps blocks on this machine,
`network.py` fetches them from whoever has them, `importer/` builds DAGs from
files and `exporter/` makes files of DAGs, within a `budget.py`.
"""
