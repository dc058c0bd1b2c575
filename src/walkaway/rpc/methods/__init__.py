"""The table of methods, by name. Each is one small function in a module of its subject."""

from __future__ import annotations

from collections.abc import Mapping

from walkaway.rpc.methods import (
    blocks,
    calls,
    chain_facts,
    fees,
    logs,
    names,
    ommers,
    raw,
    sending,
    simulate,
    state,
    status,
    transactions,
)
from walkaway.rpc.methods.explain import explain_method
from walkaway.rpc.methods.method import Method

__all__ = ["METHODS", "Method"]


def _table() -> Mapping[str, Method]:
    listed = (
        *chain_facts.METHODS,
        *state.METHODS,
        *blocks.METHODS,
        *ommers.METHODS,
        *fees.METHODS,
        *calls.METHODS,
        *simulate.METHODS,
        *transactions.METHODS,
        *sending.METHODS,
        *raw.METHODS,
        *logs.METHODS,
        *names.METHODS,
        *status.METHODS,
    )
    methods = {method.name: method for method in listed}
    explain = explain_method(methods)
    return methods | {explain.name: explain}


METHODS = _table()
