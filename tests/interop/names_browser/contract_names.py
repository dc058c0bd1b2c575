"""Names that lead to contracts, and the gateway that opens them, over a simulated chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.content.exporter.dags import Dag
from tests.content.web3.simulated import ADDRESS
from tests.gateway.origins.test_contract_origins import EVIL, Followed
from tests.interop.names_browser.releases import contract_pages
from walkaway.chain.clock import SystemClock
from walkaway.content.service import ContentStatus
from walkaway.content.store.rows import Stat
from walkaway.content.web3.contracts import Web3Content
from walkaway.gateway.app import Gateway
from walkaway.gateway.origins.name_origins import NameOrigins
from walkaway.gateway.pages.own_pages import OwnPages
from walkaway.names.contract_names import ContractNames
from walkaway.names.ens.records import AddressRecord, EnsRecord, EnsValue
from walkaway.names.every_kind import NamesOfEveryKind
from walkaway.names.held import HeldNames
from walkaway.names.history import PointerHistory
from walkaway.names.hold import HoldPolicy
from walkaway.names.late import LateEns, LateNames
from walkaway.names.steady import SteadyNames

__all__ = ["ContractNamesWorld"]

_NAMES: Final = ("app.eth", "held.eth", "evil.eth")
_ADDR: Final = AddressRecord()


class ContractNamesWorld:
    """Three names that can be hijacked and given back, each with a contract for its pages."""

    def __init__(self, history: PointerHistory, folder: Path, policy: HoldPolicy) -> None:
        good, evil = contract_pages()
        self._contracts = {"good": ADDRESS, "evil": EVIL}
        self._records: dict[str, dict[EnsRecord, EnsValue]] = {
            name: {_ADDR: ADDRESS} for name in _NAMES
        }
        pages = {ADDRESS: good, EVIL: evil}
        self._chain = Followed(names=self._records, mode=b"manual", pages=pages)
        self._ens, nobody = LateEns("the chain", "it went away"), LateNames("nobody", "is asked")
        self._content = Web3Content("the chain", "it went away")
        clock = SystemClock()
        kinds = NamesOfEveryKind(
            HeldNames(folder / "ipns", clock),
            nobody,
            self._ens,
            ContractNames(self._ens),
            nobody,
            nobody,
        )
        names, dag = SteadyNames(kinds, history, policy, clock), Dag()
        origins = NameOrigins(history, policy, clock)
        self.gateway = Gateway(dag, dag, names, others={"web3": self._content}, origins=origins)
        self.gateway.own_pages = OwnPages(_status, names=origins.section)

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Inside, the chain is there."""
        with self._ens.led_by(self._chain), self._content.led_by(self._chain):
            yield

    async def change(self, name: str, version: str) -> None:
        """Have the name lead to another contract."""
        self._records[name][_ADDR] = self._contracts[version]


async def _status() -> ContentStatus:
    return ContentStatus(SystemClock().now(), Stat(0, 0, 0, 0, 0, 0, 0, 0), (), (), ())
