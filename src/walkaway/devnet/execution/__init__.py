"""The devnet's execution chain, built by the executable specification (EELS).

State tries of our own keep every recent state provable; JSON-RPC as a plain
node answers it. Knows nothing of the beacon side. Begin with `chain.py`, then
`engine.py` (one block) and `world.py` (one state).
"""
