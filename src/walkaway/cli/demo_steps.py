"""The steps of the demo: everything at work on one machine, each held to the truth.

The network is real but small (see `walkaway.devnet`), and reached over sockets
as strangers would be. Nothing is shown that was not compared with what the
network itself knows.
"""

from __future__ import annotations

import asyncio
import json
import stat
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from walkaway.chain.chain import ChainSettings
from walkaway.chain.follower import SyncProgress
from walkaway.cli.demo_name import open_by_name
from walkaway.cli.demo_network import DemoNetwork, open_demo_network
from walkaway.cli.demo_offer import account_facts, offer, offer_website
from walkaway.cli.demo_website import OpenWebsite, open_website
from walkaway.cli.evidence_tree import explanation_tree
from walkaway.cli.node import Listen, Node, Plan, open_node
from walkaway.cli.reporters import reporter_for
from walkaway.cli.running import ask_running
from walkaway.cli.stage import Stage, Step
from walkaway.cli.terminal import Terminal, counted, plain, short_hex
from walkaway.cli.up import ended_by_sigterm, stay_up
from walkaway.devnet.execution.accounts import dev_account
from walkaway.devnet.traffic import TRAFFIC_ACCOUNTS
from walkaway.errors import ConfigError, WalkawayError
from walkaway.rpc.http_server import check_port
from walkaway.sources.request import Kind
from walkaway.sources.standing import SourceState

__all__ = ["run_demo"]

_PORT = 8545
_ETHER = 10**18
_BLOCKS_AT_ONCE = 3
_QUESTIONS = 300
"""How often balances are asked at most, until each liar about them was asked as well."""


async def run_demo(
    terminal: Terminal, *, once: bool, port: int | None, gateway_port: int | None
) -> None:
    """The steps in order; then, unless ``once``, the endpoint and the gateway until they are ended.

    ``port`` None takes 8545 and ``gateway_port`` None 8080, or any other where that is taken.

    Raises:
        ConfigError: a port that was asked for is taken.
        WalkawayError: a step did not hold.
    """
    _check_ports(port, gateway_port)
    with ended_by_sigterm(), tempfile.TemporaryDirectory(prefix="walkaway-demo-") as home:
        async with AsyncExitStack() as opened:
            stage = Stage(terminal)
            with stage.step("A small network, with liars in it") as step:
                network = await opened.enter_async_context(open_demo_network())
                _introduce(step, network)
            scene = _Scene(network, Path(home), opened)
            with stage.step("The head, proven from a checkpoint") as step:
                await scene.sync(step, port)
            with stage.step("A balance, proven") as step:
                await scene.prove_balance(step)
            with stage.step("A liar, caught") as step:
                await scene.catch_liar(step)
            with stage.step("Why the balance is to be believed") as step:
                await scene.explain(step)
            with stage.step("A website, from whoever holds it") as step:
                website = await open_website(step, opened, Path(home), gateway_port)
            with stage.step("The same website, by its name") as step:
                named = await open_by_name(step, opened, scene.node, network, website)
            if not once:
                await _stay(terminal, scene, website, named)


def _check_ports(port: int | None, gateway_port: int | None) -> None:
    """Raise `ConfigError` where a port that was asked for cannot be had."""
    if port is not None:
        check_port(port)
    if gateway_port is None:
        return
    if gateway_port and gateway_port == (_PORT if port is None else port):
        raise ConfigError(
            f"the endpoint and the gateway cannot both listen on port {gateway_port}",
            advice="choose another port with --port or --gateway-port",
        )
    check_port(gateway_port, flag="--gateway-port")


async def _stay(terminal: Terminal, scene: _Scene, website: OpenWebsite, named: str) -> None:
    server, chain_id = scene.node.server, scene.network.devnet.spec.chain_id
    engine, width = scene.node.chain.calls.engine, terminal.person.width
    offer_website(terminal, named)
    terminal.show(offer(server.url, chain_id, engine, scene.evidence, width=width))
    reporter = reporter_for(terminal, known_liars=scene.quarantined())
    try:
        reporter.gateway(website.gateway)
        reporter.listening(server.url)
        await stay_up(scene.node, reporter)
    finally:
        reporter.close()


def _introduce(step: Step, network: DemoNetwork) -> None:
    devnet = network.devnet
    size = devnet.spec.preset.sync_committee_size
    step.found = {
        "chain_id": devnet.spec.chain_id,
        "seconds_per_slot": devnet.spec.seconds_per_slot,
        "blocks": devnet.execution.head.number,
        "committee_size": size,
        "account": account_facts(),
        "sources": [
            {
                "name": source.name,
                "kinds": sorted(source.kinds),
                "behaviour": source.behaviour.name.lower(),
                "url": source.url,
            }
            for source in devnet.sources
        ],
    }
    step.note(
        "chain", f"{devnet.spec.chain_id}, a block each {devnet.spec.seconds_per_slot} seconds"
    )
    step.note("blocks", f"{devnet.execution.head.number:,}, made by the executable specification")
    step.note("heads", f"signed by a sync committee of {size}")
    step.note("sources", "each on a port of its own:")
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for source in devnet.sources:
        way = source.behaviour.value
        style = "bad" if way.startswith("lying") else "good" if way == "honest" else "warn"
        table.add_row(plain(source.name, "name"), plain(_serves(source.kinds)), plain(way, style))
    step.draw(table)


def _serves(kinds: frozenset[Kind]) -> str:
    return " and ".join(kind for kind in ("beacon", "execution") if kind in kinds)


@dataclass
class _Scene:
    """What the steps share: the network that knows the truth, and the node that must find it."""

    network: DemoNetwork
    home: Path
    opened: AsyncExitStack
    opened_node: Node | None = None
    asked: tuple[str, list[Any]] = ("", [])

    @property
    def evidence(self) -> Path:
        """The folder in which the node keeps what liars said."""
        return self.home / "evidence"

    @property
    def node(self) -> Node:
        """The node, once `sync` has opened it."""
        if self.opened_node is None:
            raise WalkawayError("the node is not open")
        return self.opened_node

    async def ask(self, method: str, params: list[Any]) -> Any:
        """Ask the endpoint, over HTTP as a wallet would."""
        return await ask_running(self.node.server.url, method, params)

    async def sync(self, step: Step, port: int | None) -> None:
        """Open the node; its head must be one of the network's own blocks."""
        followed: list[SyncProgress] = []
        made = Plan(
            chain=ChainSettings(checkpoint=self.network.checkpoint),
            listen=Listen(port=_PORT if port is None else port, or_any_port=port is None),
            evidence=self.evidence,
        )
        self.opened_node = await self.opened.enter_async_context(
            open_node(self.network.devnet.spec, self.network.listed, made, progress=followed.append)
        )
        status = self.node.chain.status()
        head = status.latest
        if head is None:
            raise WalkawayError("no head was proven")
        block = self.network.devnet.execution.block(head.block_hash)
        step.check(
            block is not None and self.network.devnet.execution.is_canonical(block),
            f"the proven head 0x{head.block_hash.hex()} is none of the network's blocks",
        )
        step.check(
            3 * status.signers >= 2 * status.committee_size,
            f"a head with {status.signers} of {status.committee_size} signers became the latest",
        )
        step.note("checkpoint", short_hex(f"0x{self.network.checkpoint.hex()}"))
        periods = followed[-1].target - followed[0].first if followed else 0
        step.note("followed", f"the sync committees over {counted(periods, 'period')}")
        signed = f"signed by {status.signers} of {status.committee_size}"
        step.note("head", f"block {head.number:,}, {signed}, {max(0.0, head.age):.0f} s old")
        lying = [s for s in status.sources if s.state is SourceState.QUARANTINED]
        for source in lying:
            told = plain(f"{source.name}: {short_hex(source.last_reason)}")
            step.note("not believed", told)
        step.note("endpoint", Text(self.node.server.url, "good"))
        step.found = {
            "checkpoint": self.network.checkpoint,
            "periods": periods,
            "head": {"number": head.number, "hash": head.block_hash, "age_seconds": head.age},
            "signers": status.signers,
            "committee_size": status.committee_size,
            "quarantined": [{"source": s.name, "reason": s.last_reason} for s in lying],
            "endpoint": self.node.server.url,
            "engine": self.node.chain.calls.engine,
        }
        if self.node.server.port != _PORT and port is None:
            step.note("", plain(f"port {_PORT} is taken, so it is another one", "warn"))

    async def prove_balance(self, step: Step) -> None:
        """Ask for a balance; it must be what the network's own state says."""
        address = dev_account(1).address
        answer, head = await self._check_balance(step, address)
        self.asked = ("eth_getBalance", ["0x" + address.hex(), {"blockHash": head["hash"]}])
        step.found = {
            "method": self.asked[0],
            "params": self.asked[1],
            "result": hex(answer),
            "block_number": int(head["number"], 16),
        }
        step.note("asked", f"eth_getBalance 0x{address.hex()}")
        step.note("answer", Text.assemble((_ether(answer), "title"), f" in block {_number(head)}"))
        step.note("truth", "the same: the network's own state says so")

    async def _check_balance(
        self, step: Step, address: bytes, block: str = "latest"
    ) -> tuple[int, dict[str, Any]]:
        """A balance in wei as the endpoint gives it, held against the truth; and its block."""
        head: dict[str, Any] = await self.ask("eth_getBlockByNumber", [block, False])
        asked = ["0x" + address.hex(), {"blockHash": head["hash"]}]
        answer = int(await self.ask("eth_getBalance", asked), 16)
        truth = self.network.balance(address, bytes.fromhex(head["hash"][2:]))
        step.check(answer == truth, f"the endpoint says {answer} wei, the network {truth} wei")
        return answer, head

    async def catch_liar(self, step: Step) -> None:
        """Ask until the liar was asked too: no lie may pass, and it must end in quarantine."""
        liars = set(self.network.liars_about_balances)
        step.check(bool(liars), "the network has no source that lies about balances")
        asked = 0
        newest = int(await self.ask("eth_blockNumber", []), 16)
        idle = [dev_account(index).address for index in range(min(TRAFFIC_ACCOUNTS))]
        while not asked or (asked < _QUESTIONS and not liars <= self.quarantined()):
            # At older and older blocks, and many at a time: what is known is not asked again,
            # and a source that is fast enough alone is asked alone.
            block = newest - asked // len(idle)
            blocks = [hex(number) for number in range(block, block - _BLOCKS_AT_ONCE, -1)]
            await asyncio.gather(
                *(self._check_balance(step, each, at) for at in blocks for each in idle)
            )
            asked += len(blocks) * len(idle)
        step.note("asked", f"{counted(asked, 'balance')}, and every answer was right")
        lies: list[dict[str, object]] = []
        for name in sorted(liars):
            step.check(name in self.quarantined(), f"{name} lied and is not in quarantine")
            path, lie = self._evidence_against(step, name, idle)
            said = _balance_in(lie)
            lies.append(
                {
                    "source": name,
                    "said": None if said is None else hex(said),
                    "commitment": lie["commitment"],
                    "reason": lie["why"],
                    "evidence": str(path),
                }
            )
            told = "said something else" if said is None else f"said {_ether(said)}"
            step.note("liar", Text.assemble(plain(name, "bad"), " ", told))
            step.note("refused", short_hex(lie["why"]))
            step.note("then", f"{name} went into quarantine; its words are kept as evidence")
        step.found = {"asked": asked, "lies": lies}

    async def explain(self, step: Step) -> None:
        """The evidence under the balance must end at the checkpoint that was given."""
        explanation = await self.ask("walkaway_explain", list(self.asked))
        step.check(explanation["state"] == "proven", f"the answer is {explanation['state']}")
        step.check(
            self.network.checkpoint.hex() in json.dumps(explanation["proven"]),
            "the evidence does not lead to the checkpoint",
        )
        step.found = explanation
        question = f"{self.asked[0]} {self.asked[1][0]}"
        step.draw(explanation_tree(question, explanation))

    def quarantined(self) -> set[str]:
        """The sources that are in quarantine now."""
        states = self.node.chain.status().sources
        return {source.name for source in states if source.state is SourceState.QUARANTINED}

    def _evidence_against(
        self, step: Step, name: str, about: Sequence[bytes]
    ) -> tuple[Path, dict[str, Any]]:
        """What was kept of a source's lies: one about these addresses, where there is one.

        It may have been asked about others before, for the code that resolves names.
        """
        kept = [(path, json.loads(path.read_text())) for path in self.node.evidence.files()]
        lies = [(path, lie) for path, lie in reversed(kept) if lie["source"] == name]
        if not lies:
            raise WalkawayError(f"nothing was kept of what {name} said")
        asked = [address.hex() for address in about]
        fitting = (one for one in lies if any(each in str(one[1]["asked"]) for each in asked))
        path, lie = next(fitting, lies[0])
        mode = stat.S_IMODE(path.stat().st_mode)
        step.check(mode == 0o600, f"others can read the evidence (mode {mode:o})")
        return path, lie


def _balance_in(lie: dict[str, Any]) -> int | None:
    """The balance in the liar's own words, in wei, as far as they can be read."""
    try:
        said = json.loads(lie["answered"]["content"])
        return int(said["result"]["balance"], 16)
    except (ValueError, KeyError, TypeError):
        return None


def _ether(wei: int) -> str:
    return f"{wei // _ETHER:,}.{wei % _ETHER:018d}".rstrip("0").rstrip(".") + " ETH"


def _number(block: dict[str, Any]) -> str:
    return f"{int(block['number'], 16):,}"
