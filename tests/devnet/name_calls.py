"""Calls of the Universal Resolver on a devnet, over its own execution and unproven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import decode, encode

from walkaway.devnet.execution.engine import MessageCall
from walkaway.devnet.execution.names import UNIVERSAL_RESOLVER, namehash
from walkaway.devnet.network import Devnet
from walkaway.evm.offchain_lookup import OffchainLookup, offchain_lookup
from walkaway.names.ens.normalize import EnsName
from walkaway.proofs.execution.keccak import keccak256

__all__ = [
    "Reverted",
    "addr",
    "batch_answer",
    "batched",
    "call",
    "contenthash",
    "error",
    "error_of",
    "multicall",
    "resolve",
    "reverse",
    "selector",
    "text",
    "wire",
]

GAS = 20_000_000


class Reverted(Exception):
    """A call reverted with ``data``."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.hex())
        self.data = data

    @property
    def lookup(self) -> OffchainLookup:
        """What it asks to be looked up off chain."""
        found = offchain_lookup(self.data)
        assert found is not None
        return found


def selector(signature: str) -> bytes:
    """The first four bytes of a signature's hash."""
    return keccak256(signature.encode())[:4]


def wire(name: str) -> bytes:
    """The name as the DNS writes it."""
    return EnsName(name, tuple(name.split("."))).wire


def error(signature: str, *values: object) -> bytes:
    """The data of a revert."""
    types = signature.removesuffix(")").split("(")[1].split(",")
    return selector(signature) + encode(types, values)


def addr(name: str) -> bytes:
    return selector("addr(bytes32)") + namehash(name)


def text(name: str, key: str) -> bytes:
    return selector("text(bytes32,string)") + encode(["bytes32", "string"], [namehash(name), key])


def contenthash(name: str) -> bytes:
    return selector("contenthash(bytes32)") + namehash(name)


def multicall(*calls: bytes) -> bytes:
    return selector("multicall(bytes[])") + encode(["bytes[]"], [calls])


def call(devnet: Devnet, to: bytes, data: bytes) -> bytes:
    """What a call on the head gives. Raises `Reverted`."""
    asked = MessageCall(bytes(20), to, data, 0, GAS)
    outcome = devnet.execution.call(devnet.execution.head, asked)
    if outcome.error:
        raise Reverted(outcome.output)
    return outcome.output


def resolve(devnet: Devnet, name: str, data: bytes) -> bytes:
    """What the name's resolver gives for a call."""
    asked = encode(["bytes", "bytes"], [wire(name), data])
    output = call(devnet, UNIVERSAL_RESOLVER, selector("resolve(bytes,bytes)") + asked)
    result: bytes = decode(["bytes", "address"], output)[0]
    return result


def reverse(devnet: Devnet, address: bytes, coin_type: int = 60) -> str:
    """The primary name of an address."""
    asked = encode(["bytes", "uint256"], [address, coin_type])
    output = call(devnet, UNIVERSAL_RESOLVER, selector("reverse(bytes,uint256)") + asked)
    name: str = decode(["string", "address", "address"], output)[0]
    return name


def error_of(devnet: Devnet, name: str, data: bytes) -> bytes:
    """The data that resolving reverts with."""
    try:
        resolve(devnet, name, data)
    except Reverted as reverted:
        return reverted.data
    raise AssertionError("it does not revert")


def batched(lookup: OffchainLookup) -> list[Any]:
    """Who asks whom for what, in a question to a batch gateway (ENSIP-21)."""
    assert lookup.call_data[:4] == selector("query((address,string[],bytes)[])")
    requests: list[Any] = list(decode(["(address,string[],bytes)[]"], lookup.call_data[4:])[0])
    return requests


def batch_answer(failures: Sequence[bool], answers: Sequence[bytes]) -> bytes:
    """What a batch gateway says."""
    return encode(["bool[]", "bytes[]"], [failures, answers])
