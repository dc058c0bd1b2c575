"""Recorded mainnet data as sources: a beacon node and an execution node out of files.

The recordings hold signed beacon blocks rather than optimistic updates, so an
update is built from a block and its successor, whose sync aggregate signs its
parent. A beacon block holds its whole execution block, which is what the
recorded execution node answers with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

from walkaway.anchors.load import chain_spec
from walkaway.anchors.spec import ChainSpec, ForkName
from walkaway.devnet.beacon.light_client import (
    decode_signed_block,
    optimistic_update_from_blocks,
    signed_block_from_json,
)
from walkaway.errors import NotKnown, SourceFault
from walkaway.proofs.consensus.decode import OPTIMISTIC_UPDATE, to_ssz
from walkaway.proofs.execution.blocks import Block, BlockBody
from walkaway.proofs.execution.header import EMPTY_OMMERS_HASH, Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.ordered_trie import ordered_root
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.proofs.execution.withdrawals import Withdrawal
from walkaway.rpc.encode import block_members, included_transaction
from walkaway.sources.request import Answer, BeaconRequest, Kind, Request, RpcRequest
from walkaway.sources.source import Source
from walkaway.sources.transports.recorded import Recorded, RecordedTransport, recording_key

MAINNET = chain_spec("mainnet")
LIGHT_CLIENT = "/eth/v1/beacon/light_client"

# A view of remerkleable, which is not typed.
View = Any


def execution_block(block: View) -> Block:
    """The execution block that a beacon block carries as its payload."""
    payload = block.body.execution_payload
    transactions = tuple(decode_transaction(bytes(raw)) for raw in payload.transactions)
    withdrawals = tuple(
        Withdrawal(int(w.index), int(w.validator_index), bytes(w.address), int(w.amount))
        for w in payload.withdrawals
    )
    has_blobs = "blob_gas_used" in payload.fields()
    header = Header(
        parent_hash=bytes(payload.parent_hash),
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=bytes(payload.fee_recipient),
        state_root=bytes(payload.state_root),
        transactions_root=ordered_root([t.encode() for t in transactions]),
        receipts_root=bytes(payload.receipts_root),
        logs_bloom=bytes(payload.logs_bloom),
        difficulty=0,
        number=int(payload.block_number),
        gas_limit=int(payload.gas_limit),
        gas_used=int(payload.gas_used),
        timestamp=int(payload.timestamp),
        extra_data=bytes(payload.extra_data),
        prev_randao=bytes(payload.prev_randao),
        nonce=bytes(8),
        base_fee_per_gas=int(payload.base_fee_per_gas),
        withdrawals_root=ordered_root([w.encode() for w in withdrawals]),
        blob_gas_used=int(payload.blob_gas_used) if has_blobs else None,
        excess_blob_gas=int(payload.excess_blob_gas) if has_blobs else None,
        parent_beacon_block_root=bytes(block.parent_root) if has_blobs else None,
        requests_hash=_requests_hash(block.body),
    )
    assert header.hash == bytes(payload.block_hash)
    return Block(header, BlockBody(transactions, withdrawals))


def _requests_hash(body: View) -> bytes | None:
    """EIP-7685: SHA-256 over the hashes of the requests, by type, without empty ones."""
    if "execution_requests" not in body.fields():
        return None
    requests = body.execution_requests
    lists = (requests.deposits, requests.withdrawals, requests.consolidations)
    hashed = [
        sha256(bytes([kind]) + requests_of_kind.encode_bytes()).digest()
        for kind, requests_of_kind in enumerate(lists)
        if len(requests_of_kind)
    ]
    return sha256(b"".join(hashed)).digest()


def block_json(block: Block, *, whole: bool) -> dict[str, Any]:
    """A block as an execution node gives it."""
    members: dict[str, Any] = block_members(
        block.header, size=block.size, withdrawals=block.body.withdrawals, ommers=[]
    )
    members["transactions"] = [
        included_transaction(t, block.header, index) if whole else "0x" + t.hash.hex()
        for index, t in enumerate(block.body.transactions)
    ]
    return members


@dataclass
class Recording:
    """Everything that was recorded around one head.

    ``now`` is a unix time a second after the slot of the newest block;
    ``withdrawals_ssz_root`` is the SSZ root of the withdrawals in the head's payload.
    """

    checkpoint: bytes
    now: float
    head: Block
    withdrawals_ssz_root: bytes = b""
    beacon: dict[str, Recorded] = field(default_factory=dict)
    execution: dict[str, Recorded] = field(default_factory=dict)

    def sources(self) -> list[Source]:
        """The recorded beacon node and the recorded execution node."""
        kinds: tuple[tuple[Kind, dict[str, Recorded]], ...] = (
            ("beacon", self.beacon),
            ("execution", self.execution),
        )
        return [
            Source(
                f"recorded {kind}",
                f"recorder of {kind}",
                frozenset({kind}),
                RecordedTransport(f"recorded {kind}", answers),
            )
            for kind, answers in kinds
        ]

    def beacon_answer(
        self, path: str, body: object, fork: ForkName | None, *query: tuple[str, str]
    ) -> None:
        """Record a beacon node's answer; bytes are SSZ."""
        request = BeaconRequest(path, query, "ssz" if isinstance(body, bytes) else "json")
        label = None if fork is None else fork.label
        self.beacon[recording_key(request)] = Answer("recorded beacon", body, label)

    def rpc_answer(self, method: str, params: Iterable[object], body: object) -> None:
        """Record an execution node's answer; None is its word that there is nothing."""
        request: Request = RpcRequest(method, tuple(params))
        answer: Answer | SourceFault = Answer("recorded execution", body)
        self.execution[recording_key(request)] = answer

    def add_block(self, block: Block) -> None:
        """Let the execution node know a block, by hash and by number."""
        for whole in (False, True):
            body = block_json(block, whole=whole)
            self.rpc_answer("eth_getBlockByHash", ("0x" + block.header.hash.hex(), whole), body)
            self.rpc_answer("eth_getBlockByNumber", (hex(block.header.number), whole), body)
        for transaction in block.body.transactions:
            place = {"blockNumber": hex(block.header.number)}
            self.rpc_answer("eth_getTransactionByHash", ("0x" + transaction.hash.hex(),), place)

    def add_proof(self, result: dict[str, Any], keys: list[str]) -> None:
        """Let the execution node prove an account at the head."""
        where = {"blockHash": "0x" + self.head.header.hash.hex()}
        self.rpc_answer("eth_getProof", (result["address"].lower(), keys, where), result)

    def add_code(self, address: str, code: str) -> None:
        """Let the execution node know the code of an account at the head."""
        where = {"blockHash": "0x" + self.head.header.hash.hex()}
        self.rpc_answer("eth_getCode", (address.lower(), where), code)

    def add_call_state(self, folder: Path) -> None:
        """Let the execution node know the head's proofs, with any of their keys, and every code."""
        for path in folder.glob("eth_getProof_*.json"):
            proof = json.loads(path.read_text())["result"]
            if (
                keccak256(bytes.fromhex(proof["accountProof"][0][2:]))
                != self.head.header.state_root
            ):
                continue  # of another block
            keys = [f"0x{int(slot['key'], 16):064x}" for slot in proof["storageProof"]]
            for count in range(len(keys) + 1):
                for chosen in combinations(sorted(keys), count):
                    self.add_proof(proof, list(chosen))
        for path in folder.glob("eth_getCode_*.json"):
            address = path.stem.split("_")[2]
            self.add_code(address, json.loads(path.read_text())["result"])


def colibri_recording(folder: Path, updates_from: Path | None = None) -> Recording:
    """One folder of ``mainnet-recordings``; ``updates_from`` lends its checkpoint and updates."""
    lender = updates_from or folder
    blocks = _recorded_blocks(folder)
    attested, successor = _newest_pair(blocks)
    checkpoints = json.loads(_only(lender, "*finality_checkpoints.json").read_text())["data"]
    finalized = checkpoints["finalized"]
    recording = Recording(
        checkpoint=bytes.fromhex(finalized["root"][2:]),
        now=MAINNET.time_of_slot(int(successor.slot)) + 1,
        head=execution_block(attested),
        withdrawals_ssz_root=bytes(attested.body.execution_payload.withdrawals.hash_tree_root()),
    )
    slot = int(finalized["epoch"]) * MAINNET.preset.slots_per_epoch
    recording.beacon_answer(
        f"{LIGHT_CLIENT}/bootstrap/{finalized['root']}",
        _only(lender, "*bootstrap*.ssz").read_bytes(),
        MAINNET.fork_at_slot(slot).name,
    )
    _add_updates(recording, lender)
    update = optimistic_update_from_blocks(MAINNET, attested, successor)
    fork = MAINNET.fork_at_slot(int(attested.slot)).name
    recording.beacon_answer(
        f"{LIGHT_CLIENT}/optimistic_update", to_ssz(OPTIMISTIC_UPDATE, MAINNET, fork, update), fork
    )
    for block in blocks:
        recording.add_block(execution_block(block))
    return recording


def capella_recording(folder: Path) -> Recording:
    """``consensus/mainnet-capella``: six periods, finality, and three blocks, as JSON."""
    blocks = {
        int(path.stem): signed_block_from_json(
            MAINNET, ForkName.CAPELLA, json.loads(path.read_text())["data"]
        )
        for path in (folder / "blocks").glob("*.json")
    }
    optimistic = json.loads((folder / "optimistic.json").read_text())
    attested = int(optimistic["data"]["attested_header"]["beacon"]["slot"])
    bootstrap = json.loads((folder / "bootstrap.json").read_text())
    root = _header_root(bootstrap["data"]["header"]["beacon"])
    recording = Recording(
        checkpoint=root,
        now=MAINNET.time_of_slot(int(optimistic["data"]["signature_slot"])) + 1,
        head=execution_block(blocks[attested]),
    )
    recording.beacon_answer(f"{LIGHT_CLIENT}/bootstrap/0x{root.hex()}", bootstrap, None)
    updates = json.loads((folder / "updates.json").read_text())
    first = MAINNET.period_at_slot(int(bootstrap["data"]["header"]["beacon"]["slot"]))
    for skip in range(len(updates)):
        for count in range(1, 10):
            recording.beacon_answer(
                f"{LIGHT_CLIENT}/updates",
                updates[skip : skip + count],
                None,
                ("start_period", str(first + skip)),
                ("count", str(count)),
            )
    for route, name in (("finality_update", "finality"), ("optimistic_update", "optimistic")):
        document = json.loads((folder / f"{name}.json").read_text())
        recording.beacon_answer(f"{LIGHT_CLIENT}/{route}", document, None)
    for block in blocks.values():
        recording.add_block(execution_block(block))
    return recording


def unknown(recording: Recording, transaction_hash: str) -> None:
    """Let the execution node say that it knows no such transaction."""
    request = RpcRequest("eth_getTransactionByHash", (transaction_hash,))
    recording.execution[recording_key(request)] = NotKnown()


def _recorded_blocks(folder: Path) -> list[View]:
    return [
        decode_signed_block(MAINNET, _fork_of_block(MAINNET, path.read_bytes()), path.read_bytes())
        for path in sorted(folder.glob("eth_v2_beacon_blocks_*.ssz"))
    ]


def _fork_of_block(spec: ChainSpec, data: bytes) -> ForkName:
    """A SignedBeaconBlock begins with the offset of the message, which begins with its slot."""
    start = int.from_bytes(data[:4], "little")
    return spec.fork_at_slot(int.from_bytes(data[start : start + 8], "little")).name


def _newest_pair(blocks: list[View]) -> tuple[View, View]:
    by_root = {bytes(block.hash_tree_root()): block for block in blocks}
    pairs = [
        (by_root[bytes(successor.parent_root)], successor)
        for successor in blocks
        if bytes(successor.parent_root) in by_root
    ]
    return max(pairs, key=lambda pair: int(pair[0].slot))


def _add_updates(recording: Recording, folder: Path) -> None:
    entries: dict[int, bytes] = {}
    for path in folder.glob("*light_client_updates_start_period_*.ssz"):
        period = int(path.stem.split("start_period_")[1].split("_")[0])
        data, at = path.read_bytes(), 0
        while at < len(data):
            end = at + 8 + int.from_bytes(data[at : at + 8], "little")
            entries[period] = data[at:end]
            at, period = end, period + 1
    for start in entries:
        for count in range(1, 10):
            body = b"".join(entries.get(period, b"") for period in range(start, start + count))
            recording.beacon_answer(
                f"{LIGHT_CLIENT}/updates",
                body,
                None,
                ("start_period", str(start)),
                ("count", str(count)),
            )


def _only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def _header_root(beacon: dict[str, str]) -> bytes:
    from walkaway.proofs.consensus.containers import BeaconBlockHeader

    return BeaconBlockHeader(
        int(beacon["slot"]),
        int(beacon["proposer_index"]),
        bytes.fromhex(beacon["parent_root"][2:]),
        bytes.fromhex(beacon["state_root"][2:]),
        bytes.fromhex(beacon["body_root"][2:]),
    ).root()
