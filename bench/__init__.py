"""Side-by-side measurements: `python -m bench [NAME]`, or `make bench ONLY=NAME`.

Each module with a `figures` function is one benchmark. A figure stands beside a
peer's, measured in the same run on the same machine, or it is not quoted.
Begin with `figures.py`; the runner is `__main__.py`.
"""
