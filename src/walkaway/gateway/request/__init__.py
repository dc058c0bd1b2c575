"""What is asked for: hosts, paths, formats, ranges and conditions, read and not yet answered.

Pure. May import `names`, `proofs`. Begin with `asked.py`.
"""
