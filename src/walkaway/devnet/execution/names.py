"""The names of the genesis state: ENS as the public networks have it, with a few names in it.

The registry and the Universal Resolver's proxy are at their public addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ethereum_types.bytes import Bytes20, Bytes32
from ethereum_types.numeric import U256

from walkaway.devnet.execution.accounts import NAMES_OWNER, PROXY_ADMIN, dev_account
from walkaway.devnet.execution.compiled import contract
from walkaway.devnet.execution.solidity import mapped, stored_bytes, word
from walkaway.devnet.execution.world import Account
from walkaway.names.ens.normalize import EnsName
from walkaway.proofs.execution.keccak import keccak256

__all__ = [
    "DEFAULT_REVERSE",
    "GENESIS_NAMES",
    "IMPLEMENTATION",
    "IMPLEMENTATION_SLOT",
    "REGISTRY",
    "RESOLVER",
    "REVERSE",
    "UNIVERSAL_RESOLVER",
    "namehash",
    "names_accounts",
    "names_storage",
]

REGISTRY = bytes.fromhex("00000000000c2e074ec69a0dfb2997ba6c7d2e1e")
"""Who owns a name, and which contract answers for it."""
UNIVERSAL_RESOLVER = bytes.fromhex("eeeeeeee14d718c2b47d9923deab1335e144eeee")
"""The proxy of the Universal Resolver, which `PROXY_ADMIN` can upgrade."""
IMPLEMENTATION = bytes.fromhex("e5") + bytes(18) + bytes.fromhex("01")
"""What the proxy runs at genesis."""
RESOLVER = bytes.fromhex("e5") + bytes(18) + bytes.fromhex("02")
"""The records of all names of the genesis state."""
REVERSE = bytes.fromhex("e5") + bytes(18) + bytes.fromhex("03")
"""What addresses call themselves on this chain: the resolver of ``addr.reverse``."""
DEFAULT_REVERSE = bytes.fromhex("e5") + bytes(18) + bytes.fromhex("04")
"""What addresses call themselves on any chain: the resolver of ``default.reverse``."""

IMPLEMENTATION_SLOT = word(int.from_bytes(keccak256(b"eip1967.proxy.implementation"), "big") - 1)
"""Where a proxy keeps the address of what it runs (EIP-1967)."""
_ADMIN_SLOT = word(int.from_bytes(keccak256(b"eip1967.proxy.admin"), "big") - 1)

GENESIS_NAMES = ("app.eth", "evil.eth", "alice.eth")
"""Names that `NAMES_OWNER` owns, with an address each and no content yet.

``alice.eth`` is the first development account, which calls itself so.
"""

_OWNED = ("", "eth", "reverse", *GENESIS_NAMES)
_ETH_COIN = 60


def namehash(name: str) -> bytes:
    """The 32-byte node of a normalized name (ENSIP-1)."""
    return EnsName(name, tuple(name.split(".")) if name else ()).node


def names_accounts() -> Mapping[Bytes20, Account]:
    """The contracts that names are made of."""
    over_registry = {"registry": REGISTRY}
    codes = {
        REGISTRY: contract("Registry").code,
        UNIVERSAL_RESOLVER: contract("UpgradableProxy").code,
        IMPLEMENTATION: contract("UniversalResolver").made_with(over_registry).code,
        RESOLVER: contract("Resolver").made_with(over_registry).code,
        REVERSE: contract("ReverseResolver").code,
        DEFAULT_REVERSE: contract("ReverseResolver").code,
    }
    return {Bytes20(address): Account(nonce=1, code=code) for address, code in codes.items()}


def names_storage() -> Mapping[Bytes20, Mapping[Bytes32, U256]]:
    """What they hold."""
    slots = contract("ReverseResolver").slots
    alice = dev_account(0).address
    return {
        Bytes20(REGISTRY): dict(_registered()),
        Bytes20(UNIVERSAL_RESOLVER): {
            IMPLEMENTATION_SLOT: U256.from_be_bytes(IMPLEMENTATION),
            _ADMIN_SLOT: U256.from_be_bytes(PROXY_ADMIN.address),
        },
        Bytes20(RESOLVER): {
            **_address("app.eth", NAMES_OWNER.address),
            **_address("evil.eth", NAMES_OWNER.address),
            **_address("alice.eth", alice),
        },
        Bytes20(REVERSE): {
            word(slots["fallbackNames"]): U256.from_be_bytes(DEFAULT_REVERSE),
            **stored_bytes(mapped(slots["names"], alice), b"alice.eth"),
        },
    }


def _registered() -> Iterator[tuple[Bytes32, U256]]:
    records = contract("Registry").slots["records"]
    resolvers = dict.fromkeys(GENESIS_NAMES, RESOLVER) | {
        "addr.reverse": REVERSE,
        "default.reverse": DEFAULT_REVERSE,
    }
    for name in {*_OWNED, *resolvers}:
        at = int.from_bytes(mapped(records, namehash(name)), "big")
        yield word(at), U256.from_be_bytes(NAMES_OWNER.address)
        if name in resolvers:
            yield word(at + 1), U256.from_be_bytes(resolvers[name])


def _address(name: str, address: bytes) -> dict[Bytes32, U256]:
    of_name = mapped(contract("Resolver").slots["addresses"], namehash(name))
    return stored_bytes(mapped(of_name, word(_ETH_COIN)), address)
