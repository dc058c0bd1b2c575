"""walkaway: the way to a blockchain app, proven on the user's own machine.

Read `errors.py` and `limits.py` first, then the floors from the bottom:
`anchors/` (what must be believed), `proofs/` (what proves), `evm/` (what runs
calls over it), `sources/` (what supplies), `chain/` (what follows the head),
`rpc/` (what serves it), `cli/` (the command). ``docs/architecture.md`` of the
repository has a page on how they work together.
"""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """``__version__``: looked up where it is asked for, since finding it takes a while."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version(__name__)
