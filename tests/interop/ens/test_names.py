"""Names of every sort on anvil and on the devnet: ours, viem's and ethers' answers are one."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode, encode

from tests.chain.offchain_gateways import Served, gateway
from tests.devnet.name_calls import batch_answer, batched, text, wire
from tests.devnet.signed_dns import P256_SHA256, RSA_SHA256, TXT, SignedZone, chain, texts
from tests.interop.anvil_process import Anvil, AnvilError
from tests.interop.ens.chains import Ground, anvil_ground, devnet_ground
from tests.interop.ens.contracts import OWNER, Packaged
from tests.interop.peers import node_package, run_client
from tests.names.ens.devnet_names import ens_on, signed_result
from walkaway.devnet import ens as devnet_ens
from walkaway.devnet.execution.accounts import NAMES_OWNER, THIEF, dev_account
from walkaway.devnet.execution.genesis import ANSWER_SIGNER
from walkaway.devnet.execution.names import UNIVERSAL_RESOLVER
from walkaway.errors import NoSuchName, Unproven
from walkaway.evm import native, running
from walkaway.evm.offchain_lookup import offchain_lookup
from walkaway.evm.worker import ReferenceWorkers
from walkaway.limits import LIMITS
from walkaway.names.dns.oracle import RESOLVE
from walkaway.names.ens import runs
from walkaway.names.ens.contenthash import Codec, ContentHash
from walkaway.names.ens.contenthash import encode as contenthash
from walkaway.names.ens.ens import Ens
from walkaway.names.ens.records import (
    AddressRecord,
    ContentRecord,
    EnsRecord,
    EnsValue,
    TextRecord,
    Unreadable,
)
from walkaway.names.resolution import Standing
from walkaway.proofs.ipfs.cid import Cid

pytestmark = pytest.mark.interop

SCRIPTS = Path(__file__).parent / "scripts"
CHAIN_ID = 1337
HOUR = 3600
LEAST_GAS = 8_000_000

CID = "bafybeibj6lixxzqtsb45ysdjnupvqkufgdvzqbnvmhw2kf7cfkesy7r7d4"
CONTENT = {
    "ipfs.eth": contenthash(Codec.IPFS, CID).data,
    "ipns.eth": contenthash(Codec.IPNS, "docs.example.org").data,
    "swarm.eth": contenthash(Codec.SWARM, "d1" * 32).data,
    "onion.eth": contenthash(Codec.ONION, "zqktlwi4fecvo6ri").data,
    "onion3.eth": contenthash(
        Codec.ONION3, "p53lf57qovyuvwsc6xnrppyply3vtqm7l6pcobkmyqsiofyeznfu5uqd"
    ).data,
    "skynet.eth": contenthash(Codec.SKYNET, "CABAB_1Dt0FJsxqsu_J4TodNCbCGvtFf1Uys_3EgzOlTcg").data,
    "arweave.eth": contenthash(Codec.ARWEAVE, "ys32Pt8uC7TrVxHdOLByOspfPEq2LO63wREHQIM9SJQ").data,
}
ANY_EVM = 0x80000000
OPTIMISM = ANY_EVM | 10
BITCOIN = 0
SCRIPT = bytes.fromhex("76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac")
FLAG = "\N{WAVING BLACK FLAG}\N{ZERO WIDTH JOINER}\N{SKULL AND CROSSBONES}"
EMOJI = "\N{VARIATION SELECTOR-16}"

ETHER, CONTENTS, URL = AddressRecord(), ContentRecord(), TextRecord("url")
ASKED: dict[str, Sequence[EnsRecord]] = {
    "plain.eth": [ETHER, AddressRecord(BITCOIN), AddressRecord(OPTIMISM), URL, TextRecord("none")],
    "PLAIN.eth": [ETHER, URL],
    "sub.plain.eth": [ETHER, URL],
    FLAG + EMOJI + ".eth": [URL],
    "empty.eth": [ETHER, CONTENTS, URL],
    "nobody.eth": [ETHER],
    "x.plain.eth": [URL],
    "person.eth": [URL],
    **{name: [CONTENTS] for name in CONTENT},
    "a.wild.eth": [ETHER, URL, CONTENTS],
    "deep.er.wild.eth": [URL],
    "www.zone.test": [TextRecord("context")],
    "far.zone.test": [URL],
}
"""What is asked of each name, as it is typed."""
BY_ETHERS = {"plain.eth", "PLAIN.eth", FLAG + EMOJI + ".eth", "a.wild.eth", "www.zone.test"}
OFF_CHAIN = {"a.wild.eth", "deep.er.wild.eth", "www.zone.test", "far.zone.test"}
ADDRESSES = (OWNER, THIEF.address, dev_account(1).address)
"""One whose name leads back, one whose name is another's, one without."""


class World(Served):
    """A gateway on loopback for the signed resolver and for the DNS, whose keys it holds."""

    def __init__(self, algorithm: int) -> None:
        super().__init__(self._said)
        self.zones = [SignedZone(name, algorithm) for name in (".", "test.", "zone.test.")]
        self.resolvers: dict[str, str] = {}
        """What the TXT record of a name of the DNS says."""
        self.offchain = b""
        """The resolver that it signs for, whoever passes on what that asks for."""
        self._signed = signed_result(_from_afar)

    def _said(self, contract: bytes, asked: bytes) -> bytes:
        if asked[:4] != RESOLVE:
            return self._signed(self.offchain, asked)
        name, rdtype = decode(["bytes", "uint16"], asked[4:])
        assert rdtype == TXT
        told = next(each for each in self.resolvers if wire(each) == name)
        now = int(time.time())
        records = texts(told + ".", self.resolvers[told], "v=spf1 -all")
        signed = chain(self.zones, told + ".", TXT, records, (now - HOUR, now + HOUR))
        return encode(["(bytes,bytes)[]"], [signed])


def _from_afar(name: bytes, call: bytes) -> bytes:
    """What the signer says of any name: its own name, an address, content."""
    selector = call[:4]
    if selector == CONTENTS.call(b"")[:4]:
        return encode(["bytes"], [CONTENT["ipfs.eth"]])
    if selector == ETHER.call(b"")[:4]:
        return encode(["address"], [b"\x17" * 20])
    if selector == AddressRecord(OPTIMISM).call(b"")[:4]:
        return encode(["bytes"], [b"\x17" * 20])
    return encode(["string"], [f"afar, of {name[1 : 1 + name[0]].decode()}"])


async def settle(ground: Ground, home: Path, world: World, url: str) -> Packaged:
    """Put the contracts and the names on a chain."""
    root, signer = world.zones[0].ds(), ANSWER_SIGNER.address
    made = Packaged.on(ground, home, gateway=url, signer=signer, root=root)
    world.offchain = made.offchain
    flag = FLAG + ".eth"
    for name in ("plain.eth", "sub.plain.eth", flag, "empty.eth", "offchain.eth", *CONTENT):
        made.register(name)
    made.register("person.eth", dev_account(3).address)
    made.register("wild.eth", made.offchain)
    made.register("test", made.dns)
    await ground.advance()
    made.set_address("plain.eth", OWNER)
    made.set_address("plain.eth", SCRIPT, BITCOIN)
    made.set_address("plain.eth", b"\x10" * 20, OPTIMISM)
    made.set_address("sub.plain.eth", b"\x20" * 20)
    made.set_address("offchain.eth", made.offchain)
    made.set_text("plain.eth", "url", "https://plain.example/für-alle")
    made.set_text(flag, "url", "https://arr.example")
    for name, held in CONTENT.items():
        made.set_contenthash(name, held)
    for account in (dev_account(10), THIEF):
        made.set_name_of(account, "plain.eth")
    world.resolvers = {
        "www.zone.test": f"ENS1 0x{made.context.hex()} a context, with spaces",
        "far.zone.test": "ENS1 offchain.eth",
        "none.zone.test": "v=spf1 -all",
    }
    await ground.advance()
    return made


@dataclass(frozen=True)
class Settled:
    """The names on a chain, and who resolves them."""

    ens: Ens
    made: Packaged
    world: World
    home: Path
    url: str


@asynccontextmanager
async def settled(ground: Ground, state: Path, algorithm: int) -> AsyncIterator[Settled]:
    home = await node_package(SCRIPTS / "package.json")
    world = World(algorithm)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(gateway(world))
        made = await settle(ground, home, world, url)
        chain = await ground.follow(stack)
        ens = await stack.enter_async_context(ens_on(chain, state / "resolver", url))
        yield Settled(ens, made, world, home, ground.url)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time enough for the executable specification on a machine that does much else."""
    limits = replace(LIMITS, ens_answer_seconds=600.0, evm_seconds=300.0)
    monkeypatch.setattr(runs, "LIMITS", limits)
    monkeypatch.setattr(running, "ReferenceWorkers", lambda: ReferenceWorkers(limits))


async def test_on_anvil(tmp_path: Path) -> None:
    """anvil, whose answers are proven; a chain of keys that costs what real ones cost."""
    async with (
        anvil_ground(tmp_path) as (ground, anvil),
        settled(ground, tmp_path, P256_SHA256) as it,
    ):
        assert await gas_of_a_dns_name(anvil, it.world) >= LEAST_GAS
        await agreed(it)
        # The executable specification takes a quarter of a minute for a chain of keys.
        signed, of_dns = ((1, 4), (71, 4)) if native.available() else ((23, 8), (1500, 12))
        await nothing_changed_is_believed(it.ens, it.world, "a.wild.eth", CONTENTS, signed)
        context = TextRecord("context")
        await nothing_changed_is_believed(it.ens, it.world, "www.zone.test", context, of_dns)


async def test_on_the_devnet(tmp_path: Path) -> None:
    """The devnet, whose executable specification is slow: with keys that cost less."""
    async with devnet_ground() as ground, settled(ground, tmp_path, RSA_SHA256) as it:
        await agreed(it)


async def test_the_devnets_own_names(tmp_path: Path) -> None:
    """What an address calls itself, on this chain and on all (ENSIP-19)."""
    home = await node_package(SCRIPTS / "package.json")
    alice, many = dev_account(0).address, AddressRecord(OPTIMISM)
    async with devnet_ground() as ground, AsyncExitStack() as stack:
        devnet_ens.register(ground, "many.eth")
        devnet_ens.set_address(ground, "many.eth", OWNER, coin_type=ANY_EVM)
        devnet_ens.set_name_of(ground, NAMES_OWNER, "many.eth", on_any_chain=True)
        devnet_ens.set_name_of(ground, THIEF, "alice.eth")
        await ground.advance()
        ours = await stack.enter_async_context(ens_on(await ground.follow(stack), tmp_path))
        addresses = [(alice, 60), (OWNER, 60), (OWNER, ANY_EVM), (OWNER, OPTIMISM)]
        addresses += [(THIEF.address, 60), (dev_account(1).address, ANY_EVM)]
        names = [await primary(ours, *asked) for asked in addresses]
        assert names == ["alice.eth", "many.eth", "many.eth", None, None, None]
        facts = {
            "url": ground.url,
            "chainId": CHAIN_ID,
            "universalResolver": "0x" + UNIVERSAL_RESOLVER.hex(),
            "names": [
                {"address": "0x" + address.hex(), "coinType": coin} for address, coin in addresses
            ],
        }
        questions: list[tuple[str, EnsRecord]] = [("many.eth", many), ("alice.eth", ETHER)]
        values = [
            shown((await ours.lookup(name, [record])).values[record]) for name, record in questions
        ]
        assert values == ["0x" + OWNER.hex(), "0x" + alice.hex()]
        assert await told(home, "viem_names.mjs", facts, questions) == (values, names)


async def agreed(it: Settled) -> None:
    """Ours, viem's and ethers' answers are the same."""
    questions = [(name, record) for name, records in ASKED.items() for record in records]
    ours = [shown(value) for name in ASKED for value in await looked_up(it.ens, name)]
    names = [await primary(it.ens, address) for address in ADDRESSES]
    assert names == ["plain.eth", None, None]
    with pytest.raises(Unproven, match="not accepted"):
        await it.ens.lookup("none.zone.test", [URL])
    facts = {
        "url": it.url,
        "chainId": CHAIN_ID,
        "universalResolver": "0x" + UNIVERSAL_RESOLVER.hex(),
        "registry": "0x" + it.made.registry.hex(),
        "names": [{"address": "0x" + address.hex(), "coinType": 60} for address in ADDRESSES],
    }
    by_viem = await told(it.home, "viem_names.mjs", facts, questions)
    assert dict(zip(questions, by_viem[0], strict=True)) == dict(zip(questions, ours, strict=True))
    assert by_viem[1] == names
    chosen = [(name, record) for name, record in questions if is_for_ethers(name, record)]
    by_ethers = await told(it.home, "ethers_names.mjs", facts, chosen)
    assert dict(zip(chosen, by_ethers[0], strict=True)) == {
        question: as_ethers(answer)
        for question, answer in zip(questions, ours, strict=True)
        if question in chosen
    }
    assert by_ethers[1] == names


async def looked_up(ens: Ens, name: str) -> list[EnsValue]:
    """All that is asked of a name, in one question."""
    try:
        answer = await ens.lookup(name, ASKED[name])
    except NoSuchName:
        return [None] * len(ASKED[name])
    is_word = name in OFF_CHAIN
    assert answer.standing is (Standing.ACCEPTED if is_word else Standing.PROVEN)
    assert bool(answer.gateways) is is_word
    if name in {"a.wild.eth", "deep.er.wild.eth", "far.zone.test"}:
        assert answer.recovered == (ANSWER_SIGNER.address,)
    return [answer.values[record] for record in ASKED[name]]


async def primary(ens: Ens, address: bytes, coin_type: int = 60) -> str | None:
    try:
        return str((await ens.reverse(address, coin_type)).name)
    except NoSuchName:
        return None


async def told(
    home: Path, script: str, facts: dict[str, Any], questions: Sequence[tuple[str, EnsRecord]]
) -> tuple[list[Any], list[Any]]:
    """What a client gives for the records, and for the addresses."""
    copied = str(shutil.copy(SCRIPTS / script, home))
    records = [{"name": name, **asked(record)} for name, record in questions]
    said = await run_client("node", copied, facts=facts | {"records": records}, cwd=home)
    assert not [answer for kind in said.values() for answer in kind if "error" in answer], said
    shown_records, names = ([each["value"] for each in said[kind]] for kind in ("records", "names"))
    return [lower(value) for value in shown_records], names


def asked(record: EnsRecord) -> dict[str, Any]:
    if isinstance(record, AddressRecord):
        return {"record": "address", "coinType": record.coin_type}
    if isinstance(record, TextRecord):
        return {"record": "text", "key": record.key}
    return {"record": "contenthash"}


def lower(value: str | None) -> str | None:
    """Addresses as we show them. An empty text is none."""
    return value.lower() if value and value.startswith("0x") else value or None


def shown(value: EnsValue) -> str | None:
    """A value as JSON has it. What the name's contract refuses, clients give as nothing."""
    if isinstance(value, ContentHash):
        return "0x" + value.data.hex()
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return None if isinstance(value, Unreadable) else value


def is_for_ethers(name: str, record: EnsRecord) -> bool:
    """Whether it is a name and a record that ethers knows without help."""
    coin = record.coin_type if isinstance(record, AddressRecord) else None
    return name in {*BY_ETHERS, "ipfs.eth", "swarm.eth"} and coin != BITCOIN


def as_ethers(answer: str | None) -> str | None:
    """Content in the form in which ethers gives it."""
    if answer == "0x" + CONTENT["ipfs.eth"].hex():
        return f"ipfs://{Cid.parse(CID).as_v0()}"
    if answer == "0x" + CONTENT["swarm.eth"].hex():
        return "bzz://" + "d1" * 32
    return answer


async def gas_of_a_dns_name(anvil: Anvil, world: World) -> int:
    """The gas that anvil estimates for the call that brings a DNS name's proofs back."""
    name = "www.zone.test"
    arguments = encode(["bytes", "bytes"], [wire(name), text(name, "context")])
    call = {"to": "0x" + UNIVERSAL_RESOLVER.hex(), "data": "0x9061b923" + arguments.hex()}
    with pytest.raises(AnvilError) as reverted:
        anvil.ask("eth_call", call, "latest")
    assert isinstance(reverted.value.data, str)
    lookup = offchain_lookup(bytes.fromhex(reverted.value.data[2:]))
    assert lookup is not None
    ((sender, _, question),) = batched(lookup)
    proofs = world.answer(bytes.fromhex(sender[2:]), question)
    back = lookup.callback_data(batch_answer([False], [proofs]))
    return int(anvil.ask("eth_estimateGas", call | {"data": "0x" + back.hex()}, "latest"), 16)


async def nothing_changed_is_believed(
    ens: Ens, world: World, name: str, record: EnsRecord, every: tuple[int, int]
) -> None:
    """A byte of what the gateway says is changed: the answer stays, or there is none.

    So is one byte of so many, and one of so many of those that are the answer.
    """
    true = (await ens.lookup(name, [record])).values[record]
    honest, refused = world.answer, 0
    said: list[bytes] = []

    def keeping(contract: bytes, question: bytes) -> bytes:
        said.append(honest(contract, question))
        return said[-1]

    world.answer = keeping
    await ens.lookup(name, [record])
    held = true.data if isinstance(true, ContentHash) else str(true).encode()
    start = said[0].index(held)
    places = {*range(0, len(said[0]), every[0]), *range(start, start + len(held), every[1])}
    for at in sorted(places):
        changed = said[0][:at] + bytes([said[0][at] ^ 1]) + said[0][at + 1 :]
        world.answer = lambda *_, changed=changed: changed
        try:
            found = (await ens.lookup(name, [record])).values[record]
        except Unproven:
            refused += 1
        else:
            assert found == true
    world.answer = honest
    assert refused > len(places) // 2
