"""What the chain spec and the followed head tell: chain id, block number, syncing."""

from __future__ import annotations

import platform

from walkaway import __version__
from walkaway.chain.block_id import Tag
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import data, quantity
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params
from walkaway.sources.word import Word

__all__ = ["METHODS"]


async def chain_id(ask: Ask, params: Params) -> Answer:
    params.end()
    return quantity(ask.chain.spec.chain_id)


async def net_version(ask: Ask, params: Params) -> Answer:
    params.end()
    return str(ask.chain.spec.chain_id)


async def net_listening(ask: Ask, params: Params) -> Answer:
    del ask
    params.end()
    return True


async def client_version(ask: Ask, params: Params) -> Answer:
    del ask
    params.end()
    return f"walkaway/{__version__}/{platform.system().lower()}/python{platform.python_version()}"


async def sha3(ask: Ask, params: Params) -> Answer:
    del ask
    value = params.data(at_most=LIMITS.rpc_request_bytes)
    params.end()
    return data(keccak256(value))


async def accounts(ask: Ask, params: Params) -> Answer:
    del ask
    params.end()
    return []


async def mining(ask: Ask, params: Params) -> Answer:
    del ask
    params.end()
    return False


async def hashrate(ask: Ask, params: Params) -> Answer:
    del ask
    params.end()
    return quantity(0)


async def block_number(ask: Ask, params: Params) -> Answer:
    params.end()
    found = await ask.chain.header(Tag.LATEST)
    if isinstance(found, Word):
        return ask.hear(found)
    header = await ask.take(found, ("header",), Tag.LATEST)
    return quantity(header.number)


METHODS = (
    Method("eth_chainId", "", "the chain spec", chain_id),
    Method("net_version", "", "the chain spec", net_version),
    Method("net_listening", "", "this server answers", net_listening),
    Method("web3_clientVersion", "", "this program", client_version),
    Method("web3_sha3", "data", "computed here", sha3),
    Method("eth_accounts", "", "always empty: walkaway holds no keys", accounts),
    Method("eth_mining", "", "always false: nobody mines since the Merge", mining),
    Method("eth_hashrate", "", "always 0: nobody mines since the Merge", hashrate),
    Method(
        "eth_blockNumber", "", "the head signed by two thirds of a sync committee", block_number
    ),
)
