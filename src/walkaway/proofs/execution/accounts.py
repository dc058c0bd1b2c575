"""State under a proven header: accounts, storage slots and code.

Yellow Paper 4.1; the shape of a source's answer is EIP-1186 (`eth_getProof`).
What is not there is proven not to be there: an excluded account is None, and
so has no code and zero in every slot; an excluded slot is zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from walkaway.errors import ProofError
from walkaway.limits import LIMITS
from walkaway.proofs._seal import seal
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.fields import (
    Fields,
    hex_bytes,
    hex_integer,
    json_list,
    json_object,
    read_rlp,
)
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import EMPTY_HASH, keccak256
from walkaway.proofs.execution.trie import EMPTY_ROOT, verify
from walkaway.proofs.proven import Claim, Evidence, Proven

__all__ = [
    "Account",
    "StateProof",
    "prove_account",
    "prove_code",
    "prove_slot",
    "state_proof_from_json",
]


@dataclass(frozen=True, slots=True)
class Account:
    """An account. ``balance`` is wei; the root and the hash are 32 bytes."""

    nonce: int
    balance: int
    storage_root: bytes = EMPTY_ROOT
    code_hash: bytes = EMPTY_HASH

    def encode(self) -> bytes:
        """The leaf of the state trie: RLP."""
        return rlp.encode([self.nonce, self.balance, self.storage_root, self.code_hash])


@dataclass(frozen=True, slots=True)
class StateProof:
    """What a source answers to `eth_getProof`: nodes, from which nothing is believed yet.

    ``slot_nodes`` maps the 32-byte storage key to the nodes of its proof.
    """

    account_nodes: tuple[bytes, ...]
    slot_nodes: Mapping[bytes, tuple[bytes, ...]]


def prove_account(
    header: Proven[Header], address: bytes, nodes: Sequence[bytes]
) -> Proven[Account | None]:
    """Prove the account at a 20-byte address in the state after a block, or its absence.

    Raises `Elsewhere` for a sound proof under another state root, else `ProofError`.
    """
    if header.claim.subject != ("header",):
        raise ProofError("an account is proven under a header", got=header.claim.subject)
    leaf = verify(header.value.state_root, keccak256(address), nodes)
    account = None if leaf is None else read_rlp(leaf, "account", _read_account, len(leaf))
    return seal(
        account,
        _about(header.claim, "account", address),
        Evidence(
            "Merkle Patricia proof under the header's state root",
            (("address", address), ("state_root", header.value.state_root)),
            (header.because,),
        ),
    )


def prove_slot(account: Proven[Account | None], key: bytes, nodes: Sequence[bytes]) -> Proven[int]:
    """Prove a storage slot's value, an unsigned 256-bit integer; what is absent is zero.

    ``key`` is 32 bytes, not hashed. Raises `Elsewhere` for a sound proof under
    another storage root, else `ProofError`.
    """
    address = _address(account)
    root = EMPTY_ROOT if account.value is None else account.value.storage_root
    leaf = verify(root, keccak256(key), nodes)
    return seal(
        0 if leaf is None else rlp.integer(rlp.decode(leaf), bits=256),
        _about(account.claim, "slot", address, key),
        Evidence(
            "Merkle Patricia proof under the account's storage root",
            (("key", key), ("storage_root", root)),
            (account.because,),
        ),
    )


def prove_code(account: Proven[Account | None], code: bytes) -> Proven[bytes]:
    """Prove that ``code`` is the account's: it hashes to the code hash. Raises `ProofError`."""
    address = _address(account)
    code_hash = EMPTY_HASH if account.value is None else account.value.code_hash
    if len(code) > LIMITS.code_bytes:
        raise ProofError(f"code of {len(code)} bytes is over the limit of {LIMITS.code_bytes}")
    if keccak256(code) != code_hash:
        raise ProofError(
            "the code does not hash to its name",
            commitment="code hash",
            expected=code_hash,
            got=keccak256(code),
        )
    return seal(
        code,
        _about(account.claim, "code", address),
        Evidence(
            "code hashes to the account's code hash",
            (("code_hash", code_hash),),
            (account.because,),
        ),
    )


def state_proof_from_json(value: object) -> StateProof:
    """Read a source's answer to `eth_getProof`. Raises `ProofError`.

    Only nodes and storage keys are read. A key may be a quantity (EIP-1186)
    or 32 bytes; ``null`` lists of nodes count as empty.
    """
    members = json_object(value, "state proof")
    slots: dict[bytes, tuple[bytes, ...]] = {}
    for entry in json_list(members.get("storageProof") or [], "storageProof", LIMITS.proof_slots):
        slot = json_object(entry, "storageProof")
        key = hex_integer(slot.get("key"), "key", bits=256).to_bytes(32, "big")
        slots[key] = _nodes(slot.get("proof"), "proof")
    return StateProof(_nodes(members.get("accountProof"), "accountProof"), slots)


def _nodes(value: object, name: str) -> tuple[bytes, ...]:
    nodes = json_list([] if value is None else value, name, LIMITS.trie_nodes)
    return tuple([hex_bytes(node, name, limit=LIMITS.trie_node_bytes) for node in nodes])


def _read_account(fields: Fields) -> Account:
    return Account(
        nonce=fields.integer("nonce", bits=64),
        balance=fields.integer("balance", bits=256),
        storage_root=fields.fixed("storageHash", 32),
        code_hash=fields.fixed("codeHash", 32),
    )


def _address(account: Proven[Account | None]) -> bytes:
    match account.claim.subject:
        case ("account", bytes(address)):
            return address
        case other:
            raise ProofError("state is proven under an account", got=other)


def _about(claim: Claim, *subject: str | bytes) -> Claim:
    return Claim(claim.chain_id, claim.block_hash, subject, claim.finality)
