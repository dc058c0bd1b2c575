"""What real sources answered, found in the recorded data beside the repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.proofs.execution.samples import header
from tests.vectors import vectors
from walkaway.anchors.spec import BlobBaseFee
from walkaway.proofs import Proven
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.blocks import Block, BlockBody, prove_block
from walkaway.proofs.execution.header import Header, decode_header, header_from_json
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.transaction_forms import decode_transaction
from walkaway.proofs.execution.withdrawals import decode_withdrawal

Json = Any

MAINNET, SEPOLIA, CONFORMANCE = 1, 11_155_111, 3_503_995_874_084_926

CONFORMANCE_BLOB_FEES = (
    BlobBaseFee(420, 3, 6, 3_338_477, False),
    BlobBaseFee(450, 6, 9, 5_007_716, False),
    BlobBaseFee(480, 6, 9, 5_007_716, True),
    BlobBaseFee(510, 10, 15, 8_346_193, True),
    BlobBaseFee(540, 14, 21, 11_684_671, True),
)
"""The blob schedule of the conformance chain's genesis file."""


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def number(text: str) -> int:
    return int(text, 16)


@dataclass(frozen=True)
class RecordedProof:
    """One answer to `eth_getProof`, and the header whose state it is about."""

    name: str
    under: Proven[Header]
    address: bytes
    answer: Json


def given(chain_id: int, block: Json) -> Proven[Header]:
    """A recorded block object's header, proven by the hash it states."""
    return header_from_given_hash(chain_id, unhex(block["hash"]), header_from_json(block))


def recorded_proofs() -> list[RecordedProof]:
    """Every recorded answer to `eth_getProof`."""
    return [*_proofs_of_one_block(), *_prover_proofs(), *_mainnet_proofs(), *_devnet_proofs()]


def _proofs_of_one_block() -> Iterator[RecordedProof]:
    folder = vectors("execution/mainnet-21925176")
    under = given(MAINNET, json.loads((folder / "block.json").read_text()))
    for name in ("proof.json", "block_miner_proof.json"):
        answer = json.loads((folder / name).read_text())
        yield RecordedProof(name, under, unhex(answer["address"]), answer)


def prover_exchanges(folder: str) -> Iterator[tuple[str, Proven[Header], Json, Json]]:
    """Name, header, request and result of each question that the recorded prover asked."""
    chain_id = MAINNET if folder == "mainnet" else SEPOLIA
    for path in sorted(vectors(f"execution/prover-recordings/{folder}").glob("*.json")):
        recorded = json.loads(path.read_text())
        under = given(chain_id, recorded["execution"]["block"])
        for exchange in recorded["dependentRequests"]:
            asked, answered = exchange["payload"], exchange["response"]
            if isinstance(asked, dict):
                asked, answered = [asked], [answered]
            for request, response in zip(asked, answered, strict=True):
                yield path.stem, under, request, response["result"]


def _prover_proofs() -> Iterator[RecordedProof]:
    for folder in ("mainnet", "sepolia"):
        for name, under, request, answer in prover_exchanges(folder):
            if request["method"] == "eth_getProof":
                yield RecordedProof(name, under, unhex(request["params"][0]), answer)


def _mainnet_proofs() -> Iterator[RecordedProof]:
    """Their headers were not recorded, but the beacon blocks hold their state roots."""
    for path in sorted(vectors("mainnet-recordings").glob("*/eth_getProof_*.json")):
        answer = json.loads(path.read_text())["result"]
        root = keccak256(unhex(answer["accountProof"][0]))
        if any(root in ssz.read_bytes() for ssz in path.parent.glob("eth_v2_beacon_blocks_*.ssz")):
            made = header(state_root=root)
            under = header_from_given_hash(MAINNET, made.hash, made)
            yield RecordedProof(path.parent.name, under, unhex(answer["address"]), answer)


def _devnet_proofs() -> Iterator[RecordedProof]:
    for path in sorted(vectors("consensus/devnet-minimal-electra-fulu").glob("*.json")):
        recorded = json.loads(path.read_text())
        address = recorded["client_state"]["ibc_contract_address"]
        for proof in recorded["proofs"]:
            root = keccak256(unhex(proof["account_proof"]["proof"][0]))
            assert root.hex() in path.read_text(), "the state root stands in no recorded header"
            made = header(state_root=root)
            under = header_from_given_hash(recorded["client_state"]["chain_id"], made.hash, made)
            answer = {
                "accountProof": proof["account_proof"]["proof"],
                "storageHash": proof["account_proof"]["storage_root"],
                "storageProof": [proof["storage_proof"]],
            }
            yield RecordedProof(path.stem, under, unhex(address), answer)


def recorded_blocks() -> list[tuple[int, Json]]:
    """Chain id and JSON-RPC object of every block that was recorded with whole transactions."""
    found: dict[str, tuple[int, Json]] = {}
    for folder, chain_id in (("mainnet", MAINNET), ("sepolia", SEPOLIA)):
        for path in sorted(vectors(f"execution/prover-recordings/{folder}").glob("*.json")):
            recorded = json.loads(path.read_text())
            for block in (recorded["execution"]["block"], recorded["response"].get("result")):
                if isinstance(block, dict) and isinstance(block["transactions"][0], dict):
                    found[block["hash"]] = chain_id, block
    return list(found.values())


def recorded_receipts() -> list[tuple[bytes, Json]]:
    """The receipts root (from a header or a beacon block) and the answer, of each block."""
    folder = vectors("execution/mainnet-21925176")
    block = json.loads((folder / "block.json").read_text())
    receipts = json.loads((folder / "receipts.json").read_text())
    found = [(given(MAINNET, block).value.receipts_root, receipts)]
    logs = vectors("mainnet-recordings/eth_getLogs1")
    block = json.loads((logs / "eth_getBlockByNumber_0x14d7970_false.json").read_text())["result"]
    receipts = json.loads((logs / "eth_getBlockReceipts_0x14d7970.json").read_text())["result"]
    return [*found, (given(MAINNET, block).value.receipts_root, receipts)]


def conformance_chain() -> list[tuple[bytes, Proven[Block]]]:
    """Each block of the conformance chain: its bytes, and itself proven by its own hash."""
    stream = rlp.decode(rlp.encode_list((vectors("rpc-conformance") / "chain.rlp").read_bytes()))
    assert isinstance(stream, list)
    found = []
    for block in stream:
        assert isinstance(block, list)
        made, transactions, ommers, *withdrawals = block
        value = decode_header(rlp.encode(made))
        body = BlockBody(
            tuple(
                decode_transaction(t if isinstance(t, bytes) else rlp.encode(t))
                for t in transactions
            ),
            tuple(decode_withdrawal(rlp.encode(w)) for w in withdrawals[0])
            if withdrawals
            else None,
            tuple(decode_header(rlp.encode(ommer)) for ommer in ommers),
        )
        under = header_from_given_hash(CONFORMANCE, value.hash, value)
        found.append((rlp.encode(block), prove_block(under, body)))
    return found


def conformance_exchanges(method: str) -> Iterator[tuple[str, list[Json], Json]]:
    """Name, params and result of each recorded exchange of a method that has a result."""
    for path in sorted((vectors("rpc-conformance") / method).glob("*.io")):
        lines = [line[3:] for line in path.read_text().splitlines() if line[:3] in {">> ", "<< "}]
        for asked, answered in zip(lines[::2], lines[1::2], strict=True):
            if (result := json.loads(answered).get("result")) is not None:
                yield path.stem, json.loads(asked)["params"], result
