"""A small real network in one process: execution chain, beacon chain, sources.

For the demo and for tests. It builds blocks with the executable specification,
signs heads with its own sync committee and serves them over real sockets, from
sources honest and lying. `content/` has sources of content, which need no chain.
Begin with `network.py`.
"""
