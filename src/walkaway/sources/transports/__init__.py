"""How questions travel: each module is one `Transport`, and knows nothing of the pool.

May import `sources` (requests, guard, redaction) and below. Begin with
`http.py`, which real sources use; `recorded.py` answers from data, and
`simulated.py` breaks or corrupts what another transport says.
"""
