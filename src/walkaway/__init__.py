"""walkaway: the way to a blockchain app, proven on the user's own machine.

Read `errors.py` and `limits.py` first, then the floors from the bottom:
`anchors/` (what must be believed), `proofs/` (what proves), `evm/` (what runs
calls over it), `sources/` (what supplies), `chain/` (what follows the head),
`rpc/` (what serves it), `cli/` (the command). ``docs/architecture.md`` of the
repository has a page on how they work together.
"""

from importlib.metadata import version

__version__ = version("walkaway")

__all__ = ["__version__"]
