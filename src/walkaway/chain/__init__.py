"""Follows the head, and proves state, blocks, transactions and receipts on it.

May import `sources`, `proofs` and below. Begin with `chain.py` (the one object
that the floors above hold), then `follower.py` (checkpoint to head) and
`keeper.py` with `kept.py` (what is kept across runs, and across a crash).
"""
