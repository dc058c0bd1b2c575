"""The untrusted: whoever supplies bytes, how they are asked, and what they did.

May import `proofs` and below. Sources may lie, fail, stall or censor; the
pool ranks, hedges, retries and quarantines, and hands on only what the
caller's verifier accepted. Begin with `pool.py` (the three ways to ask), then
`request.py` (questions) and `transports/` (how a question travels).
"""
