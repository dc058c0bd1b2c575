"""Blocks that never were, run on top of one that was: `eth_simulateV1`.

Begin with `simulate.py`. What is asked is in `asked.py`, what comes out in
`simulated.py`; `plan.py` lays out the blocks, `transactions.py` makes what the
caller wrote a transaction, `block.py` runs one block, `state_tries.py` computes
the state root after it, `allowance.py` counts what all of it uses. Nothing here
does I/O: `ground.py` says what is needed of whoever proves state.
"""
