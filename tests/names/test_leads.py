"""Which names lead to contracts, where each kind can lead, and how long each waits."""

from __future__ import annotations

import pytest

from tests.names.changing import OLD, THIRD
from walkaway.errors import Unsupported
from walkaway.names.hold import HoldPolicy
from walkaway.names.leads import check_lead, contract_name
from walkaway.names.pointer import Pointer
from walkaway.names.spelling import canonical

CONTRACT = "0x4e1f41613c9084fdb9e34e11fae9412427480e56"
PIECE = "bafkzcibcd4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"


@pytest.mark.parametrize(
    "name",
    ["app.eth", "app.eth:", "app.eth:0", "app.eth:1:2", "app.example:1", "eth:1", THIRD.root],
)
def test_what_is_no_name_of_a_contract(name: str) -> None:
    assert contract_name(canonical(name)) is None


def test_a_name_of_a_contract_is_a_name_and_a_chain() -> None:
    assert contract_name("app.eth:1337") == ("app.eth", 1337)
    assert contract_name(f"app.eth:{'9' * 78}") == ("app.eth", int("9" * 78))
    assert contract_name(f"app.eth:{'9' * 79}") is None


@pytest.mark.parametrize("name", ["app.eth", "example.org", "localhost:8080", THIRD.root])
def test_only_names_of_contracts_lead_to_contracts(name: str) -> None:
    contract = Pointer("web3", f"{CONTRACT}:1")
    check_lead("app.eth:1", contract)
    for pointer in (OLD, THIRD, Pointer("ar", "A" * 43), Pointer("piece", PIECE)):
        check_lead(name, pointer)
        with pytest.raises(Unsupported, match="leads to a contract, and cannot"):
            check_lead("app.eth:1", pointer)
    with pytest.raises(Unsupported, match="cannot lead to a contract") as refused:
        check_lead(name, contract)
    assert refused.value.advice == f"open it as web3://{CONTRACT}:1/"


def test_a_contract_waits_as_the_name_before_it_does() -> None:
    policy = HoldPolicy(60, {"app.eth": 600, "own.eth": 600, "own.eth:1": 5})
    names = ("app.eth", "app.eth:1", "own.eth:1", "own.eth:2", "b.eth:1", "app.eth.example")
    assert [policy.of(name) for name in names] == [600, 600, 5, 600, 60, 60]
