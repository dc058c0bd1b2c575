"""The addresses of precompiles are the specification's."""

from __future__ import annotations

import pytest

from walkaway.evm.eels import FORKS, eels_module
from walkaway.evm.precompiles import displaced_precompiles, precompiles


@pytest.mark.parametrize("fork", FORKS)
def test_each_fork_has_those_of_its_specification(fork: str) -> None:
    mapping = eels_module(fork, "vm.precompiled_contracts.mapping").PRE_COMPILED_CONTRACTS
    assert precompiles(fork) == {bytes(address) for address in mapping}


def test_only_a_precompile_is_put_out_of_place() -> None:
    ecrecover, p256, other = (number.to_bytes(20, "big") for number in (1, 0x100, 0x101))
    overridden = (ecrecover, p256, other)
    assert displaced_precompiles("prague", overridden) == {ecrecover: None}
    assert displaced_precompiles("osaka", overridden) == {ecrecover: None, p256: None}
    assert displaced_precompiles("osaka", ()) == {}
