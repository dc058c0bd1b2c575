"""ENS as its npm packages ship it, put on a chain: registry, public resolver, reverse
registrar, off-chain resolver; and our own contracts for what no package ships.

The devnet's Universal Resolver is upgraded to one over that registry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode

from walkaway.devnet.ens import (
    HasExecution,
    deploy,
    deploy_dns_resolver,
    send,
    upgrade_universal_resolver,
)
from walkaway.devnet.execution.accounts import NAMES_OWNER, DevAccount
from walkaway.devnet.execution.compiled import contract
from walkaway.devnet.execution.names import namehash
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["Packaged"]

OWNER = NAMES_OWNER.address

_REGISTRY = "ens/build/contracts/ENSRegistry.json"
_REVERSE = "ens/build/contracts/ReverseRegistrar.json"
_RESOLVER = "resolver/build/contracts/PublicResolver.json"
_OFFCHAIN = (
    "offchain-resolver-contracts/artifacts/contracts/OffchainResolver.sol/OffchainResolver.json"
)


@dataclass(frozen=True)
class Packaged:
    """The contracts on one chain, by their 20-byte addresses."""

    ground: HasExecution
    registry: bytes
    resolver: bytes
    reverse: bytes
    offchain: bytes
    dns: bytes
    context: bytes

    @classmethod
    def on(
        cls, ground: HasExecution, home: Path, *, gateway: str, signer: bytes, root: bytes
    ) -> Packaged:
        """Send what makes them. ``root`` are the DS records of the DNS's root."""

        def packaged(path: str, types: Sequence[str] = (), *values: object) -> bytes:
            entry = json.loads((home / "node_modules/@ensdomains" / path).read_text())
            return deploy(ground, bytes.fromhex(entry["bytecode"][2:]) + encode(types, values))

        registry = packaged(_REGISTRY)
        resolver = packaged(_RESOLVER, ["address"], registry)
        made = cls(
            ground,
            registry,
            resolver,
            reverse=packaged(_REVERSE, ["address", "address"], registry, resolver),
            offchain=packaged(_OFFCHAIN, ["string", "address[]"], gateway, [signer]),
            dns=deploy_dns_resolver(ground, root, [gateway], registry=registry),
            context=deploy(ground, contract("ContextResolver").creation),
        )
        universal = contract("UniversalResolver").creation + encode(["address"], [registry])
        upgrade_universal_resolver(ground, deploy(ground, universal))
        made.register("eth", bytes(20))
        made.register("reverse", bytes(20))
        made.register("addr.reverse", bytes(20), owner=made.reverse)
        return made

    def register(self, name: str, resolver: bytes | None = None, *, owner: bytes = OWNER) -> None:
        """Give a name an owner and a resolver, by default the public one."""
        label, _, above = name.partition(".")
        send(
            self.ground,
            NAMES_OWNER,
            self.registry,
            "setSubnodeRecord(bytes32,bytes32,address,address,uint64)",
            [
                namehash(above),
                keccak256(label.encode()),
                owner,
                self.resolver if resolver is None else resolver,
                0,
            ],
        )

    def set_address(self, name: str, address: bytes, coin_type: int = 60) -> None:
        """Set an address in the public resolver."""
        self._set(name, "setAddr(bytes32,uint256,bytes)", coin_type, address)

    def set_text(self, name: str, key: str, value: str) -> None:
        """Set a text in the public resolver."""
        self._set(name, "setText(bytes32,string,string)", key, value)

    def set_contenthash(self, name: str, value: bytes) -> None:
        """Set a contenthash in the public resolver."""
        self._set(name, "setContenthash(bytes32,bytes)", value)

    def set_name_of(self, account: DevAccount, name: str) -> None:
        """Let an account say what it is called."""
        send(self.ground, account, self.reverse, "setName(string)", [name])

    def _set(self, name: str, signature: str, *values: object) -> None:
        send(self.ground, NAMES_OWNER, self.resolver, signature, [namehash(name), *values])
