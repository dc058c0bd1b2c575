"""Names of the devnet, made and changed as anybody does it: by transactions.

Each function puts one transaction into the pool, or a few, and gives the hash of the last.
They hold from the next block on (`Devnet.advance`, or the next slot). The genesis state's
contracts and names are in `execution/names.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from eth_abi.abi import encode as abi_encode

from walkaway.devnet.execution.accounts import NAMES_OWNER, PROXY_ADMIN, THIEF, DevAccount
from walkaway.devnet.execution.compiled import contract
from walkaway.devnet.execution.names import (
    DEFAULT_REVERSE,
    REGISTRY,
    RESOLVER,
    REVERSE,
    UNIVERSAL_RESOLVER,
    namehash,
)
from walkaway.names.ens.contenthash import Codec, encode
from walkaway.names.pointer import Network, Pointer
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.signatures import created_address
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.proofs.execution.transactions import Transaction

__all__ = [
    "HasExecution",
    "TakesTransactions",
    "contenthash_of",
    "deploy",
    "deploy_dns_resolver",
    "deploy_offchain_resolver",
    "hijack",
    "register",
    "send",
    "set_address",
    "set_contenthash",
    "set_name_of",
    "set_owner",
    "set_resolver",
    "set_text",
    "transact",
    "upgrade_universal_resolver",
]

ETH_COIN = 60
"""The coin type of ether (ENSIP-9)."""

_CODECS: dict[Network, Codec] = {
    "ipfs": Codec.IPFS,
    "ipns": Codec.IPNS,
    "ar": Codec.ARWEAVE,
}
_MAX_FEE = 20 * 10**9
_GAS = 1_000_000
_GAS_TO_DEPLOY = 10_000_000


class TakesTransactions(Protocol):
    """An execution chain to send transactions to."""

    @property
    def chain_id(self) -> int:
        """EIP-155's chain id."""

    def next_nonce(self, address: bytes) -> int:
        """The nonce of an account's next transaction, counting those that wait."""

    def submit(self, transaction: Transaction) -> None:
        """Take a transaction into the pool. Raises `InvalidRequest`."""


class HasExecution(Protocol):
    """A devnet, or whatever else has an execution chain."""

    @property
    def execution(self) -> TakesTransactions:
        """The chain."""


def register(
    devnet: HasExecution,
    name: str,
    *,
    owner: bytes = NAMES_OWNER.address,
    resolver: bytes = RESOLVER,
    by: DevAccount = NAMES_OWNER,
) -> bytes:
    """Give a name to ``owner``, a 20-byte address. What it was before, it is no more.

    ``by`` owns the name above, which has to exist.
    """
    label, _, above = name.partition(".")
    arguments = [namehash(above), keccak256(label.encode()), owner, resolver, 0]
    signature = "setSubnodeRecord(bytes32,bytes32,address,address,uint64)"
    return send(devnet, by, REGISTRY, signature, arguments)


def set_owner(
    devnet: HasExecution, name: str, owner: bytes, *, by: DevAccount = NAMES_OWNER
) -> bytes:
    """Hand a name to another 20-byte address."""
    return send(devnet, by, REGISTRY, "setOwner(bytes32,address)", [namehash(name), owner])


def set_resolver(
    devnet: HasExecution, name: str, resolver: bytes, *, by: DevAccount = NAMES_OWNER
) -> bytes:
    """Let the contract at a 20-byte address answer for a name, and for all below that have none."""
    return send(devnet, by, REGISTRY, "setResolver(bytes32,address)", [namehash(name), resolver])


def set_contenthash(
    devnet: HasExecution, name: str, content: Pointer | bytes, *, by: DevAccount = NAMES_OWNER
) -> bytes:
    """Let a name lead to content: a pointer without a path, or the bytes of ENSIP-7."""
    held = content if isinstance(content, bytes) else contenthash_of(content)
    return _record(devnet, by, name, "setContenthash(bytes32,bytes)", held)


def set_text(
    devnet: HasExecution, name: str, key: str, value: str, *, by: DevAccount = NAMES_OWNER
) -> bytes:
    """Set a text record (ENSIP-5)."""
    return _record(devnet, by, name, "setText(bytes32,string,string)", key, value)


def set_address(
    devnet: HasExecution,
    name: str,
    address: bytes,
    *,
    coin_type: int = ETH_COIN,
    by: DevAccount = NAMES_OWNER,
) -> bytes:
    """Set the address on a chain, as ENSIP-9 and ENSIP-11 encode it."""
    return _record(devnet, by, name, "setAddr(bytes32,uint256,bytes)", coin_type, address)


def set_name_of(
    devnet: HasExecution, account: DevAccount, name: str, *, on_any_chain: bool = False
) -> bytes:
    """Let an account say what it is called (ENSIP-19), whether or not that is so."""
    to = DEFAULT_REVERSE if on_any_chain else REVERSE
    return send(devnet, account, to, "setName(string)", [name])


def hijack(devnet: HasExecution, name: str, content: Pointer | bytes) -> bytes:
    """What whoever steals the owner's key does: another content, and another owner, `THIEF`.

    `register` and `set_contenthash` undo it.
    """
    set_contenthash(devnet, name, content)
    return set_owner(devnet, name, THIEF.address)


def upgrade_universal_resolver(devnet: HasExecution, implementation: bytes) -> bytes:
    """Let the Universal Resolver's proxy run the contract at another 20-byte address."""
    return send(devnet, PROXY_ADMIN, UNIVERSAL_RESOLVER, "upgradeTo(address)", [implementation])


def deploy(devnet: HasExecution, creation: bytes, *, by: DevAccount = NAMES_OWNER) -> bytes:
    """Create a contract from its creation code with the arguments; its 20-byte address."""
    nonce = devnet.execution.next_nonce(by.address)
    transact(devnet, by, {"data": creation, "gas": _GAS_TO_DEPLOY})
    return created_address(by.address, nonce)


def deploy_offchain_resolver(devnet: HasExecution, signer: bytes, urls: Sequence[str]) -> bytes:
    """An `OffchainResolver` that believes what a 20-byte address signed; its own address."""
    arguments = abi_encode(["address", "string[]"], [signer, urls])
    return deploy(devnet, contract("OffchainResolver").creation + arguments)


def deploy_dns_resolver(
    devnet: HasExecution, anchors: bytes, urls: Sequence[str], *, registry: bytes = REGISTRY
) -> bytes:
    """An `OffchainDnsResolver` (ENSIP-17) with its own oracle; its address.

    ``anchors`` are the DS records of the root's keys, in wire form. It resolves the names of a
    top-level domain that is registered with it (`register`).
    """
    oracle = deploy(devnet, contract("DnssecOracle").creation + abi_encode(["bytes"], [anchors]))
    arguments = abi_encode(["address", "address", "string[]"], [registry, oracle, urls])
    return deploy(devnet, contract("OffchainDnsResolver").creation + arguments)


def send(
    devnet: HasExecution, by: DevAccount, to: bytes, signature: str, arguments: Sequence[object]
) -> bytes:
    """Call a contract by the signature of its function, such as ``setName(string)``."""
    _, _, types = signature.removesuffix(")").partition("(")
    data = keccak256(signature.encode())[:4] + abi_encode(types.split(","), arguments)
    return transact(devnet, by, {"to": to, "data": data, "gas": _GAS})


def transact(devnet: HasExecution, by: DevAccount, fields: dict[str, int | bytes]) -> bytes:
    """Sign a transaction with these fields, and what else it takes, and put it into the pool."""
    chain = devnet.execution
    signed = by.sign(
        fields
        | {
            "chainId": chain.chain_id,
            "nonce": chain.next_nonce(by.address),
            "maxFeePerGas": _MAX_FEE,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    transaction = decode_transaction(signed)
    chain.submit(transaction)
    return transaction.hash


def contenthash_of(pointer: Pointer) -> bytes:
    """The bytes that stand for a pointer (ENSIP-7). Its path has no place in them."""
    return encode(_CODECS[pointer.network], pointer.root).data


def _record(
    devnet: HasExecution, by: DevAccount, name: str, signature: str, *values: object
) -> bytes:
    return send(devnet, by, RESOLVER, signature, [namehash(name), *values])
