"""Names that lead to contracts: by which record, on which chain, and how firmly."""

from __future__ import annotations

import pytest

from tests.content.web3.simulated import ADDRESS, Simulated
from walkaway.errors import NoSuchName, ProofError, Unproven, Unsupported, WalkawayError
from walkaway.limits import LIMITS
from walkaway.names.contract_names import ContractNames, read_content_contract
from walkaway.names.ens.records import AddressRecord, EnsRecord, EnsValue, TextRecord, Unreadable
from walkaway.names.late import LateEns
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.names.short_names import SHORT_NAMES

CONTRACT = TextRecord("contentcontract")
ADDR = AddressRecord()
THERE = b"\x22" * 20
RECORDS: dict[str, dict[EnsRecord, EnsValue]] = {
    "addr.eth": {ADDR: ADDRESS},
    "text.eth": {CONTRACT: f"0x{THERE.hex()}", ADDR: ADDRESS},
    "short.eth": {CONTRACT: f"eth:0x{THERE.hex().upper()}"},
    "far.eth": {CONTRACT: f"sep:0x{THERE.hex()}", ADDR: ADDRESS},
    "odd.eth": {CONTRACT: "somewhere", ADDR: ADDRESS},
    "strange.eth": {CONTRACT: f"moon:0x{THERE.hex()}"},
    "old.eth": {CONTRACT: Unreadable("no texts", is_refused=True), ADDR: ADDRESS},
    "withheld.eth": {CONTRACT: Unreadable("no gateway"), ADDR: ADDRESS},
    "silent.eth": {ADDR: Unreadable("no gateway")},
    "none.eth": {CONTRACT: None, ADDR: None},
    "bad.eth": {ADDR: Unreadable("it reverted", is_refused=True)},
}


async def resolved(name: str, chain: Simulated | None = None) -> Resolution:
    return await ContractNames(chain or Simulated(names=RECORDS)).resolve(name)


@pytest.mark.parametrize(
    ("name", "record", "address", "chain_id"),
    [
        ("addr.eth:1", "addr", ADDRESS, 1),
        ("text.eth:1", "contentcontract", THERE, 1),
        ("short.eth:1", "contentcontract", THERE, 1),
        ("old.eth:1", "addr", ADDRESS, 1),
        ("far.eth:1", "contentcontract", THERE, 11155111),
    ],
)
async def test_a_name_leads_to_a_contract(
    name: str, record: str, address: bytes, chain_id: int
) -> None:
    found = await resolved(name)
    assert found.pointer == Pointer("web3", f"0x{address.hex()}:{chain_id}")
    assert (found.seconds, found.standing) == (LIMITS.ens_seconds, Standing.PROVEN)
    assert found.because is not None
    assert found.because.facts == (("record", record), ("pointer", str(found.pointer)))
    assert [step.rule for step in found.because.because] == [f"the name {name[:-2]}"]


async def test_it_stands_as_what_ens_says() -> None:
    accepted = Simulated(names=RECORDS, standing=Standing.ACCEPTED)
    assert (await resolved("text.eth:1", accepted)).standing is Standing.ACCEPTED


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("odd.eth:1", ProofError, "contentcontract"),
        ("strange.eth:1", Unsupported, "moon"),
        ("none.eth:1", NoSuchName, "it has no address"),
        ("bad.eth:1", NoSuchName, "it reverted"),
        ("withheld.eth:1", Unproven, "no gateway"),
        ("silent.eth:1", Unproven, "no gateway"),
        ("nobody.eth:1", NoSuchName, "nobody"),
        ("addr.eth:5", Unsupported, "followed here is 1"),
        ("addr.eth", Unsupported, "no name of a contract"),
        ("app.example:1", Unsupported, "no name of a contract"),
    ],
)
async def test_a_name_that_leads_to_none_is_refused(
    name: str, error: type[WalkawayError], said: str
) -> None:
    with pytest.raises(error) as refused:
        await resolved(name)
    assert said in f"{refused.value} {getattr(refused.value, 'reasons', '')}"
    # What was not to be had is another thing than nothing.
    assert isinstance(refused.value, NoSuchName) == (error is NoSuchName)


async def test_a_name_on_another_chain_is_not_looked_up() -> None:
    nowhere = Simulated(names={}, chain_id=1337)
    with pytest.raises(Unsupported, match="followed here is 1337"):
        await resolved("addr.eth:1", nowhere)
    assert (await resolved("addr.eth:1337", Simulated(names=RECORDS, chain_id=1337))).proven


async def test_while_no_chain_is_followed_nothing_is_resolved() -> None:
    late = LateEns("the chain", "it is not followed yet", advice="wait for it")
    names = ContractNames(late)
    with pytest.raises(Unproven) as refused:
        await names.resolve("addr.eth:1")
    assert refused.value.reasons == {"the chain": "it is not followed yet"}
    assert refused.value.advice == "wait for it"
    with pytest.raises(Unproven, match=r"'addr\.eth' is not resolved"):
        await late.lookup("addr.eth", [ADDR])
    with late.led_by(Followed(names=RECORDS)):
        assert (await names.resolve("addr.eth:1")).proven
    with pytest.raises(Unproven):
        await names.resolve("addr.eth:1")


class Followed(Simulated):
    """Also a resolver of names; nobody asks it here."""

    async def resolve(self, name: str) -> Resolution:
        raise AssertionError


@pytest.mark.parametrize("text", ["", "0x", "0x" + "00" * 20, "eth:", "0x" + "22" * 21, "ETH:0x"])
def test_what_is_no_contract_of_a_name(text: str) -> None:
    with pytest.raises(ProofError):
        read_content_contract(text)


def test_short_names_are_of_one_chain_each() -> None:
    assert len(set(SHORT_NAMES.values())) == len(SHORT_NAMES)
    for name, chain_id in SHORT_NAMES.items():
        assert read_content_contract(f"{name}:0x{'22' * 20}") == (b"\x22" * 20, chain_id)


async def test_what_it_gives_is_kept_as_it_is() -> None:
    for name in ("addr.eth:1", "far.eth:1"):
        pointer = (await resolved(name)).pointer
        assert parse_pointer(str(pointer)) == pointer
