"""Worlds and calls for the differential test, made from a seed.

A world is a few contracts of generated code, plain accounts, a delegated one
(EIP-7702) and some that are not there. Generated code is mostly well formed,
so that runs go deep: a snippet pushes what its opcode takes, from values that
mean something (addresses in the world, small slots and offsets, extremes),
and keeps what it gave in storage or memory. A few bytes are pure noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from coincurve import PrivateKey

from tests.evm.precompile_inputs import QUICK_INPUTS
from walkaway.evm.engine import BlockEnvironment, Call, KnownState, Manner, Overrides
from walkaway.proofs.execution import rlp
from walkaway.proofs.execution.accounts import Account
from walkaway.proofs.execution.header import Header
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.execution.signatures import created_address
from walkaway.proofs.execution.transactions import AccessListEntry, Authorization

__all__ = ["ABSENT", "PLAIN", "Case", "make_case", "make_sequence"]

FORKS = ("paris", "shanghai", *["cancun"] * 2, *["prague"] * 3, *["osaka"] * 3, "bpo1", "bpo2")
"""Newer ones more often: they know more opcodes."""
BEFORE_BLOBS = {"paris", "shanghai"}
BEFORE_DELEGATIONS = {*BEFORE_BLOBS, "cancun"}

CONTRACTS = tuple(bytes([0xC0, *bytes(18), index]) for index in range(5))
DELEGATED = bytes([0xD0, *bytes(19)])
PLAIN = bytes([0xE0, *bytes(19)])
ABSENT = bytes([0xAB, *bytes(19)])
COINBASE = bytes([0xCB, *bytes(19)])
SIGNER = PrivateKey(b"\x01" * 32)
SIGNER_ADDRESS = keccak256(SIGNER.public_key.format(compressed=False)[1:])[12:]
NUMBER = 1000
STORAGE_ROOT = keccak256(b"some storage")

# Opcodes by how many operands they take; each of these gives one value.
GIVES_ONE = {
    0: bytes.fromhex("30323334363a38413d424344454647484a58595a5f"),
    1: bytes.fromhex("151931353b3f404951545c1e"),
    2: bytes.fromhex("01020304050607 0a0b1011121314161718 1a1b1c1d20"),
    3: bytes.fromhex("0809"),
}
TAKES_ADDRESS = {0x31, 0x3B, 0x3F}
TAKES_SLOT = {0x54, 0x5C}
TAKES_OFFSETS = {0x20, 0x51, 0x35}


@dataclass(frozen=True)
class Case:
    """One call, all of the state it could need, and the block that it runs in."""

    seed: int
    call: Call
    environment: BlockEnvironment
    truth: KnownState
    overrides: dict[bytes, Overrides]


def make_case(seed: int) -> Case:
    """The case of a seed; the same seed makes the same case."""
    rng = Random(seed)
    accounts: dict[bytes, Account | None] = {}
    code: dict[bytes, bytes] = {}
    slots: dict[tuple[bytes, bytes], int] = {}
    for address in CONTRACTS:
        body = _Program(rng).contract()
        code[keccak256(body)] = body
        accounts[address] = Account(1, rng.choice([0, 1, 10**18]), STORAGE_ROOT, keccak256(body))
        for key in range(4):
            slots[address, key.to_bytes(32, "big")] = rng.choice([0, 1, 2**256 - 1])
    environment = _environment(rng)
    delegation = b"\xef\x01\x00" + rng.choice(
        [*CONTRACTS, PLAIN, DELEGATED, b"\4".rjust(20, b"\0")]
    )
    code[keccak256(delegation)] = delegation
    if environment.fork not in BEFORE_DELEGATIONS:  # there is no such account
        accounts[DELEGATED] = Account(3, 7, STORAGE_ROOT, keccak256(delegation))
    accounts[PLAIN] = Account(5, 10**20)
    accounts[SIGNER_ADDRESS] = Account(rng.choice([0, 1]), 10**18)
    truth = KnownState(
        accounts, slots, code, {NUMBER - back: keccak256(bytes([back])) for back in range(1, 8)}
    )
    call, overrides = _call(rng, environment.fork), _overrides(rng)
    return Case(seed, _in_a_manner(rng, call), _moved(rng, environment), truth, overrides)


def make_sequence(seed: int) -> tuple[Case, tuple[Call, ...]]:
    """A case of a transaction, and one to three more to run after it in the same block."""
    case, rng = make_case(seed), Random(-1 - seed)
    more = [_call(rng, case.environment.fork) for _ in range(rng.randint(1, 3))]
    more = [replace(call, to=rng.choice([call.to, case.call.to or call.to])) for call in more]
    calls = [replace(_in_a_manner(rng, call), manner=_kept(rng)) for call in (case.call, *more)]
    return case, tuple(calls)


def _kept(rng: Random) -> Manner:
    """A manner in which something comes of a run."""
    return rng.choice([*[Manner.TRANSACTION] * 5, Manner.SYSTEM])


def _in_a_manner(rng: Random, call: Call) -> Call:
    manner = rng.choice([*[Manner.ASKED] * 3, *[Manner.TRANSACTION] * 3, Manner.SYSTEM])
    if manner is Manner.TRANSACTION:
        call = replace(call, gas_price=rng.choice([0, 0, 3, 7, 9, 9]))
    return replace(call, manner=manner, logs_transfers=rng.random() < 0.5)


def _moved(rng: Random, environment: BlockEnvironment) -> BlockEnvironment:
    """Often as it is; else with some precompiles elsewhere, or nowhere."""
    if rng.random() < 0.8:
        return environment
    places = [*CONTRACTS, DELEGATED, PLAIN, ABSENT, *(bytes(19) + bytes([n]) for n in range(1, 10))]
    moved: dict[bytes, bytes | None] = {}
    for _ in range(rng.randint(1, 3)):
        own = bytes(19) + bytes([rng.randint(1, 9)])
        moved[own] = None
        moved[rng.choice(places)] = own
    return replace(environment, precompiles=moved)


def _environment(rng: Random) -> BlockEnvironment:
    header = Header(
        parent_hash=keccak256(b"\1"),
        ommers_hash=bytes(32),
        coinbase=rng.choice([COINBASE, PLAIN, CONTRACTS[0]]),
        state_root=bytes(32),
        transactions_root=bytes(32),
        receipts_root=bytes(32),
        logs_bloom=bytes(256),
        difficulty=0,
        number=NUMBER,
        gas_limit=30_000_000,
        gas_used=0,
        timestamp=1_700_000_000,
        extra_data=b"",
        prev_randao=keccak256(b"randao"),
        nonce=bytes(8),
        base_fee_per_gas=7,
        withdrawals_root=bytes(32),
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_block_root=bytes(32),
        requests_hash=bytes(32),
    )
    return BlockEnvironment(1, rng.choice(FORKS), header, blob_base_fee=1)


def _call(rng: Random, fork: str) -> Call:
    call = Call(
        sender=rng.choice([*[PLAIN] * 8, CONTRACTS[1], DELEGATED, ABSENT]),
        to=rng.choice([*CONTRACTS, *CONTRACTS, DELEGATED, PLAIN, ABSENT]),
        gas_limit=rng.choice([30_000, 60_000, *[200_000] * 8]),
        value=rng.choice([0, 0, 0, 0, 0, 1, 10**19]),
        data=rng.randbytes(rng.choice([0, 4, 36, 68, 300])),
        gas_price=rng.choice([*[0] * 8, 9]),
    )
    kind = rng.random()
    if kind < 0.1:
        return replace(call, to=None, data=_Program(rng).init_code())
    if kind < 0.3:
        entries = [
            AccessListEntry(
                rng.choice(CONTRACTS), tuple(index.to_bytes(32, "big") for index in range(3))
            ),
            AccessListEntry(rng.choice([ABSENT, PLAIN]), ()),
        ]
        call = replace(call, access_list=tuple(entries))
    if kind < 0.4 and fork not in BEFORE_BLOBS:
        blob = b"\x01" + rng.randbytes(31)
        call = replace(call, blob_hashes=(blob, blob), max_fee_per_blob_gas=rng.choice([0, 3]))
    if 0.35 < kind < 0.5 and fork not in BEFORE_DELEGATIONS:
        return replace(call, authorizations=(_authorization(rng),))
    return call


def _authorization(rng: Random) -> Authorization:
    chain_id, address, nonce = rng.choice([0, 1, 2]), rng.choice(CONTRACTS), rng.choice([0, 1])
    digest = keccak256(b"\x05" + rlp.encode([chain_id, address, nonce]))
    signature = SIGNER.sign_recoverable(digest, hasher=None)
    return Authorization(
        chain_id,
        address,
        nonce,
        signature[64] ^ rng.choice([0, 0, 0, 1]),
        int.from_bytes(signature[:32], "big"),
        int.from_bytes(signature[32:64], "big"),
    )


def _overrides(rng: Random) -> dict[bytes, Overrides]:
    if rng.random() < 0.8:
        return {}
    key = bytes(32)
    wanted = rng.choice(
        [
            Overrides(balance=10**18),
            Overrides(code=_Program(rng).contract(), nonce=9),
            Overrides(slots={key: 5}),
            Overrides(storage={key: 6}),
            Overrides(balance=1, nonce=1, code=b""),
            Overrides(balance=2**256 - 1),
        ]
    )
    made = created_address(rng.choice(CONTRACTS), rng.choice([1, 2]))
    return {rng.choice([*CONTRACTS, ABSENT, PLAIN, made]): wanted}


class _Program:
    """Code under construction: operations, and the data that they copy from behind them."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._operations = bytearray()
        self._data = bytearray()
        # Where to write the place of the data once the length of the operations is known.
        self._patches: list[tuple[int, int]] = []

    def contract(self) -> bytes:
        """Some snippets and an ending."""
        snippets = (
            [self._compute] * 8
            + [self._call] * 4
            + [self._store, self._log, self._copy, self._memory, self._precompile, self._skip]
            + [self._create, self._stack, self._clear]
        )
        for _ in range(self._rng.randint(1, 9)):
            self._rng.choice(snippets)()
            if self._rng.random() < 0.02:
                self._operations += self._rng.randbytes(self._rng.randint(1, 3))
        self._end()
        return self._assembled()

    def init_code(self) -> bytes:
        """Code that creates a contract: it runs a little and returns other code."""
        self._rng.choice([self._compute, self._store, self._call])()
        made = self._rng.choice([b"\x60\x01\x5f\x55", b"\xef\x00", b"", self._rng.randbytes(40)])
        self._data_to_memory(made)
        self._push(len(made))
        self._operations += b"\x5f\xf3"
        return self._assembled()

    def _assembled(self) -> bytes:
        for place, offset in self._patches:
            start = len(self._operations) + offset
            self._operations[place : place + 2] = start.to_bytes(2, "big")
        return bytes(self._operations + self._data)

    def _push(self, value: int) -> None:
        size = max(1, (value.bit_length() + 7) // 8)
        self._operations += bytes([0x5F + size]) + value.to_bytes(size, "big")

    def _push_address(self) -> None:
        somewhere = [*CONTRACTS, DELEGATED, PLAIN, ABSENT, COINBASE, SIGNER_ADDRESS]
        self._push(int.from_bytes(self._rng.choice(somewhere), "big"))

    def _push_small(self) -> None:
        self._push(self._rng.choice([0, 1, 2, 3, 31, 32, 33, 64, 96, 255]))

    def _push_any(self) -> None:
        choice = self._rng.random()
        if choice < 0.5:
            self._push_small()
        elif choice < 0.6:
            self._push_address()
        elif choice < 0.8:
            self._push(
                self._rng.choice([2**256 - 1, 2**255, 2**255 - 1, 2**64, 2**128 - 1, NUMBER - 2])
            )
        else:
            self._push(self._rng.getrandbits(self._rng.choice([8, 64, 160, 256])))

    def _push_argument(self, opcode: int) -> None:
        if opcode in TAKES_ADDRESS:
            self._push_address()
        elif opcode in TAKES_SLOT:
            self._push(self._rng.choice([0, 1, 2, 3, 4, 2**255]))
        elif opcode in TAKES_OFFSETS:
            self._push_small()
        elif opcode == 0x40:
            self._push(NUMBER - self._rng.choice([0, 1, 2, 5, 300]))
        else:
            self._push_any()

    def _compute(self) -> None:
        operands = self._rng.choice([0, 1, 1, 1, 2, 2, 2, 3])
        opcode = self._rng.choice(GIVES_ONE[operands])
        for _ in range(operands):
            self._push_argument(opcode)
        self._operations.append(opcode)
        self._keep()

    def _keep(self) -> None:
        """Let the value on top be seen: in storage, transient storage, memory, or a return."""
        choice = self._rng.random()
        self._push_small()
        if choice < 0.25:
            self._operations.append(0x55)
        elif choice < 0.35:
            self._operations.append(0x5D)
        else:
            self._operations.append(0x52)

    def _store(self) -> None:
        self._push_any()
        self._push(self._rng.choice([0, 1, 2, 3]))
        self._operations.append(self._rng.choice([0x55, 0x55, 0x5D]))

    def _clear(self) -> None:
        """Zero a slot, which refunds gas."""
        self._push(0)
        self._push(self._rng.choice([0, 1, 2, 3]))
        self._operations.append(0x55)

    def _log(self) -> None:
        topics = self._rng.randint(0, 4)
        for _ in range(topics):
            self._push_any()
        self._push_small()
        self._push_small()
        self._operations.append(0xA0 + topics)

    def _copy(self) -> None:
        opcode = self._rng.choice([0x37, 0x39, 0x3C, 0x3E, 0x5E])
        for _ in range(3):
            self._push_small()
        if opcode == 0x3C:
            self._push_address()
        self._operations.append(opcode)

    def _memory(self) -> None:
        self._push_any()
        self._push_small()
        self._operations.append(self._rng.choice([0x52, 0x53]))

    def _stack(self) -> None:
        """Shuffle values with DUP and SWAP, then let one be seen."""
        depth = self._rng.randint(1, 16)
        for index in range(depth + 1):
            self._push(index)
        self._operations.append(self._rng.choice([0x80, 0x90]) + depth - 1)
        self._keep()

    def _skip(self) -> None:
        """JUMPI over some bytes, by a condition."""
        between = self._rng.randbytes(self._rng.randint(0, 5))
        self._push(self._rng.choice([0, 1, 1, 1]))
        # PUSH2 target, JUMPI, the bytes, JUMPDEST.
        target = len(self._operations) + 4 + len(between)
        self._operations += b"\x61" + target.to_bytes(2, "big") + b"\x57" + between + b"\x5b"

    def _call(self) -> None:
        opcode = self._rng.choice([0xF1, 0xF1, 0xF2, 0xF4, 0xFA])
        for _ in range(4):
            self._push_small()
        if opcode in {0xF1, 0xF2}:
            self._push(self._rng.choice([0, 0, 0, 1, 10**18]))
        self._push_address()
        self._push_gas()
        self._operations.append(opcode)
        self._keep()

    def _push_gas(self) -> None:
        if self._rng.random() < 0.7:
            self._operations.append(0x5A)
        else:
            self._push(self._rng.choice([0, 700, 2300, 30_000, 2**64]))

    def _precompile(self) -> None:
        address, data = self._rng.choice(QUICK_INPUTS)
        if data and self._rng.random() < 0.25:
            place = self._rng.randrange(len(data))
            data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        if self._rng.random() < 0.1:
            data = data[: self._rng.randint(0, len(data))]
        self._data_to_memory(data)
        self._push(self._rng.choice([0, 32, 64, 256]))
        self._push(0)
        self._push(len(data))
        self._push(0)
        self._push(address)
        self._push_gas()
        self._operations.append(0xFA)
        self._keep()
        self._operations.append(0x3D)
        self._keep()

    def _create(self) -> None:
        made = _Program(self._rng).init_code()
        self._data_to_memory(made)
        opcode = self._rng.choice([0xF0, 0xF5])
        if opcode == 0xF5:
            self._push_small()
        self._push(len(made))
        self._push(0)
        self._push(self._rng.choice([0, 0, 1]))
        self._operations.append(opcode)
        self._keep()

    def _data_to_memory(self, data: bytes) -> None:
        self._push(len(data))
        self._operations += b"\x61\x00\x00"
        self._patches.append((len(self._operations) - 2, len(self._data)))
        self._data += data
        self._push(0)
        self._operations.append(0x39)

    def _end(self) -> None:
        choice = self._rng.random()
        if choice < 0.7:
            self._operations += bytes.fromhex("60806000f3")
        elif choice < 0.8:
            self._operations += bytes.fromhex("60406000fd")
        elif choice < 0.9:
            self._push_address()
            self._operations.append(0xFF)
        elif choice < 0.95:
            self._operations.append(0x00)
        else:
            self._operations.append(self._rng.choice([0xFE, 0x0C, 0x56]))
