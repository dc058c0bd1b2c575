"""The importer: files and folders on this machine, made into UnixFS DAGs.

May import `proofs`, and of `content` its `symlinks` and `pin_names`. Begin with
`run.py`, which imports; what is built depends on nothing but the files and one of
`profiles.py`. `tree.py` and `reading.py` look at the disk, `file_dag.py` and
`directory.py` build the blocks and know no disk, and `walk.py` has the ones feed
the others.
"""
