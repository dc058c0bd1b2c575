"""Exporting: from the address of a DAG to what it holds, with only the blocks it needs.

May import what `content` may. Begin with `in_order.py`, which every walk runs
on; `node.py` says what stands at an address, `file.py` and `directory.py` read
files and directories, `dag.py` and `tar.py` make archives of them.
"""
