"""A chain whose contracts are functions, and whose names are in a dictionary."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from tests.proofs.execution.samples import header
from walkaway.content.budget import Budget
from walkaway.content.open import find_root
from walkaway.content.proven_file import ProvenFile
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.mode import RESOLVE_MODE
from walkaway.content.web3.url import read_url
from walkaway.errors import NoSuchName
from walkaway.evm.engine import Outcome
from walkaway.limits import LIMITS, Limits
from walkaway.names.contract_names import ContractNames
from walkaway.names.ens.ens import EnsAnswer
from walkaway.names.ens.normalize import normalize
from walkaway.names.ens.records import EnsRecord, EnsValue
from walkaway.names.resolution import Standing
from walkaway.proofs._seal import seal
from walkaway.proofs.execution.header import Header
from walkaway.proofs.proven import Claim, Evidence, Finality, Proven

__all__ = ["ADDRESS", "REVERTED", "Simulated", "body", "opened", "say"]

ADDRESS = bytes.fromhex("4e1f41613c9084fdb9e34e11fae9412427480e56")
REVERTED = Outcome(succeeded=False, output=b"", gas_used=21_000)

Contract = Callable[[bytes], Outcome]
"""What a contract does with its calldata."""


def say(output: bytes) -> Outcome:
    """A run that gives this back."""
    return Outcome(succeeded=True, output=output, gas_used=21_000)


@dataclass
class Simulated:
    """Implements `CallsContracts`. ``mode`` is what every contract's ``resolveMode`` gives;
    ``called`` are the calls, but for those; ``numbers`` the heads that come one by one."""

    contract: Contract = lambda data: REVERTED
    mode: bytes = b""
    names: Mapping[str, Mapping[EnsRecord, EnsValue]] = field(default_factory=dict)
    standing: Standing = Standing.PROVEN
    chain_id: int = 1
    numbers: list[int] = field(default_factory=lambda: [7])
    empty: frozenset[bytes] = frozenset()
    called: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    answers_mode: Outcome | None = None

    def head(self) -> Proven[Header]:
        number = self.numbers.pop(0) if len(self.numbers) > 1 else self.numbers[0]
        value = header(number=number)
        claim = Claim(self.chain_id, value.hash, ("header",), Finality.OPTIMISTIC)
        return seal(value, claim, Evidence("a head"))

    async def call(
        self, head: Proven[Header], sender: bytes, to: bytes, data: bytes
    ) -> Proven[Outcome]:
        if data == RESOLVE_MODE:
            ran = self.answers_mode or say(self.mode.ljust(32, b"\0"))
        else:
            self.called.append((sender, to, data))
            ran = self.contract(data)
        return seal(ran, head.claim, Evidence(f"a call of 0x{to.hex()}"))

    async def has_code(self, head: Proven[Header], address: bytes) -> bool:
        return address not in self.empty

    async def lookup(self, name: str, wanted: Sequence[EnsRecord]) -> EnsAnswer:
        if name not in self.names:
            raise NoSuchName(f"{name} is nobody's", reasons={})
        values = {record: self.names[name].get(record) for record in wanted}
        gateways = () if self.standing is Standing.PROVEN else ("gateway.example",)
        because = Evidence(f"the name {name}")
        return EnsAnswer(normalize(name), values, bytes(20), self.standing, because, gateways)


async def opened(calls: Simulated, url: str, limits: Limits = LIMITS) -> ProvenFile:
    """What stands at a URL, once its name was followed."""
    content = Web3Content("the chain", "not yet", limits=limits)
    root = await find_root(ContractNames(calls), read_url(url).pointer)
    with content.led_by(calls):
        return await content.open(root.pointer, Budget(limits))


async def body(file: ProvenFile, begin: int = 0, end: int | None = None) -> bytes:
    """Its bytes, or a part of them."""
    stream: AsyncGenerator[bytes, None]
    async with aclosing(file.stream(begin, end)) as stream:
        return b"".join([piece async for piece in stream])
