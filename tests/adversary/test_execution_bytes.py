"""No single changed byte alters a proven execution answer.

Each recorded proof is changed in one byte at a time: in its binary parts, and
in the JSON text that carried it. Every change is either refused with a
`ProofError`, or proves the very same value (it hit a space, the case of a hex
digit, a member that nobody reads). Nothing else may ever be raised.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pytest

from tests.proofs.execution import recordings as rec
from tests.proofs.execution.recordings import unhex
from tests.proofs.execution.samples import header
from walkaway.errors import ProofError
from walkaway.proofs import Proven
from walkaway.proofs.execution.accounts import (
    Account,
    prove_account,
    prove_code,
    prove_slot,
    state_proof_from_json,
)
from walkaway.proofs.execution.ancestry import header_from_given_hash
from walkaway.proofs.execution.blocks import (
    block_body_from_json,
    prove_block,
    prove_receipts,
    prove_transactions,
    prove_withdrawals,
    receipts_from_json,
)
from walkaway.proofs.execution.header import Header, decode_header, header_from_json
from walkaway.proofs.execution.receipts import decode_receipt, receipt_from_json
from walkaway.proofs.execution.transaction_forms import decode_transaction, transaction_from_json
from walkaway.proofs.execution.transactions import Transaction
from walkaway.proofs.execution.withdrawals import (
    Withdrawal,
    decode_withdrawal,
    withdrawal_from_json,
)

T = TypeVar("T")
Nodes = tuple[bytes, ...]

pytestmark = pytest.mark.adversary

CHEAP, COSTLY = 10_000, 2_000


@dataclass(frozen=True)
class Payload:
    """Bytes from a source, and what proves a value from them."""

    content: bytes
    prove: Callable[[bytes], object]


class Malformed(ProofError):
    """The JSON text does not even parse: refused before any proof."""


def parsed(text: bytes) -> rec.Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None


def text_of(value: rec.Json) -> bytes:
    return json.dumps(value).encode()


def attack(payloads: Iterable[Payload], changes: int) -> None:
    """Change one byte at a time, spread evenly over the payloads and along each of them."""
    targets = list(payloads)
    assert targets, "nothing was recorded of this kind"
    truths = [target.prove(target.content) for target in targets]
    chance = random.Random(changes)
    refused = 0
    for turn in range(changes):
        target, truth = targets[turn % len(targets)], truths[turn % len(targets)]
        size = len(target.content)
        strata = -(-changes // len(targets))
        at = min(size - 1, int((turn // len(targets) + chance.random()) * size / strata))
        changed = bytearray(target.content)
        changed[at] ^= chance.randrange(1, 256)
        try:
            found = target.prove(bytes(changed))
        except ProofError:
            refused += 1
        else:
            assert found == truth, f"byte {at} altered a proven answer"
    assert refused > changes // 2


def root_header(**roots: bytes | None) -> Proven[Header]:
    made = header(**roots)
    return header_from_given_hash(rec.MAINNET, made.hash, made)


def among(
    prove: Callable[[tuple[T, ...]], object],
    items: tuple[T, ...],
    at: int,
    read: Callable[[bytes], T],
) -> Callable[[bytes], object]:
    """What proves all ``items`` from the bytes of the one at ``at``."""
    return lambda data: prove((*items[:at], read(data), *items[at + 1 :]))


def each_among(prove: Callable[[tuple[bytes, ...]], object], nodes: Nodes) -> list[Payload]:
    """Each node of a proof as a payload."""
    return [Payload(node, among(prove, nodes, at, bytes)) for at, node in enumerate(nodes)]


def both_forms(
    prove: Callable[[tuple[T, ...]], object],
    items: tuple[T, ...],
    *,
    encoded: list[bytes],
    said: list[rec.Json],
    decode: Callable[[bytes], T],
    from_json: Callable[[object], T],
) -> list[Payload]:
    """Each item of a list as two payloads: in binary, and as the text of its JSON object."""
    payloads = []
    for at in range(len(items)):
        payloads.append(Payload(encoded[at], among(prove, items, at, decode)))
        text = among(prove, items, at, lambda data: from_json(parsed(data)))
        payloads.append(Payload(text_of(said[at]), text))
    return payloads


def account_under(recorded: rec.RecordedProof, nodes: Nodes) -> Proven[Account | None]:
    return prove_account(recorded.under, recorded.address, nodes)


def account_at(recorded: rec.RecordedProof, nodes: Nodes) -> Account | None:
    return account_under(recorded, nodes).value


def slot_under(account: Proven[Account | None], key: bytes, nodes: Nodes) -> int:
    return prove_slot(account, key, nodes).value


def test_account_proof_nodes() -> None:
    payloads = []
    for recorded in rec.recorded_proofs():
        nodes = state_proof_from_json(recorded.answer).account_nodes
        payloads += each_among(partial(account_at, recorded), nodes)
    attack(payloads, CHEAP)


def test_storage_proof_nodes() -> None:
    payloads = []
    for recorded in rec.recorded_proofs():
        read = state_proof_from_json(recorded.answer)
        account = account_under(recorded, read.account_nodes)
        for key, nodes in read.slot_nodes.items():
            payloads += each_among(partial(slot_under, account, key), nodes)
    attack(payloads, CHEAP)


def state_of(recorded: rec.RecordedProof, keys: tuple[bytes, ...], text: bytes) -> object:
    read = state_proof_from_json(parsed(text))
    account = account_under(recorded, read.account_nodes)
    return account.value, [slot_under(account, key, read.slot_nodes.get(key, ())) for key in keys]


def test_the_text_of_get_proof_answers() -> None:
    payloads = []
    for recorded in rec.recorded_proofs():
        keys = tuple(state_proof_from_json(recorded.answer).slot_nodes)
        payloads.append(Payload(text_of(recorded.answer), partial(state_of, recorded, keys)))
    attack(payloads, CHEAP)


def code_of(account: Proven[Account | None], code: bytes) -> bytes:
    return prove_code(account, code).value


def test_code() -> None:
    payloads = []
    for folder in ("mainnet", "sepolia"):
        accounts = {}
        for _, under, request, answer in rec.prover_exchanges(folder):
            if request["method"] == "eth_getProof":
                address = unhex(request["params"][0])
                nodes = state_proof_from_json(answer).account_nodes
                accounts[address] = prove_account(under, address, nodes)
        for _, _, request, answer in rec.prover_exchanges(folder):
            if request["method"] == "eth_getCode" and (code := unhex(answer)):
                account = accounts[unhex(request["params"][0])]
                payloads.append(Payload(code, partial(code_of, account)))
    attack(payloads, CHEAP)


def headers() -> list[tuple[Header, rec.Json]]:
    """Every recorded header: itself, and the members of its JSON object that make it up."""
    found = []
    for _, block in rec.recorded_blocks():
        members = {k: v for k, v in block.items() if k not in {"transactions", "withdrawals"}}
        found.append((header_from_json(block), members))
    return found


def test_headers_in_binary() -> None:
    chain = [block.value.header for _, block in rec.conformance_chain()]

    def prover(made: Header) -> Callable[[bytes], object]:
        return lambda data: header_from_given_hash(1, made.hash, decode_header(data)).value

    attack(
        [Payload(made.rlp(), prover(made)) for made in [*chain, *(h for h, _ in headers())]], CHEAP
    )


def test_the_text_of_headers() -> None:
    def prover(made: Header) -> Callable[[bytes], object]:
        return lambda t: header_from_given_hash(1, made.hash, header_from_json(parsed(t))).value

    attack([Payload(text_of(said), prover(made)) for made, said in headers()], CHEAP)


def test_receipts_one_at_a_time() -> None:
    root, said = min(rec.recorded_receipts(), key=lambda recorded: len(recorded[1]))
    under, receipts = root_header(receipts_root=root), receipts_from_json(said)
    payloads = both_forms(
        lambda changed: prove_receipts(under, changed).value,
        receipts,
        encoded=[receipt.encode() for receipt in receipts],
        said=said,
        decode=decode_receipt,
        from_json=receipt_from_json,
    )
    attack(payloads, CHEAP)


def test_the_text_of_whole_receipt_sets() -> None:
    def prover(under: Proven[Header]) -> Callable[[bytes], object]:
        return lambda text: prove_receipts(under, receipts_from_json(parsed(text))).value

    attack(
        [
            Payload(text_of(said), prover(root_header(receipts_root=root)))
            for root, said in rec.recorded_receipts()
        ],
        COSTLY // 10,
    )


def transactions_of(under: Proven[Header], changed: tuple[Transaction, ...]) -> object:
    return prove_transactions(under, changed).value


def test_transactions_one_at_a_time() -> None:
    payloads = []
    for chain_id, block in rec.recorded_blocks():
        transactions = block_body_from_json(block).transactions
        payloads += both_forms(
            partial(transactions_of, rec.given(chain_id, block)),
            transactions,
            encoded=[transaction.encode() for transaction in transactions],
            said=block["transactions"],
            decode=decode_transaction,
            from_json=transaction_from_json,
        )
    attack(payloads, CHEAP // 2)


def withdrawals_of(under: Proven[Header], changed: tuple[Withdrawal, ...]) -> object:
    return prove_withdrawals(under, changed).value


def test_withdrawals_one_at_a_time() -> None:
    payloads = []
    for chain_id, block in rec.recorded_blocks():
        withdrawals = block_body_from_json(block).withdrawals or ()
        payloads += both_forms(
            partial(withdrawals_of, rec.given(chain_id, block)),
            withdrawals,
            encoded=[withdrawal.encode() for withdrawal in withdrawals],
            said=block.get("withdrawals", []),
            decode=decode_withdrawal,
            from_json=withdrawal_from_json,
        )
    attack(payloads, CHEAP)


def test_the_text_of_whole_blocks() -> None:
    def prover(chain_id: int, block_hash: bytes) -> Callable[[bytes], object]:
        def prove(text: bytes) -> object:
            said = parsed(text)
            under = header_from_given_hash(chain_id, block_hash, header_from_json(said))
            return prove_block(under, block_body_from_json(said)).value

        return prove

    attack(
        [
            Payload(text_of(block), prover(chain_id, unhex(block["hash"])))
            for chain_id, block in rec.recorded_blocks()
        ],
        COSTLY,
    )
