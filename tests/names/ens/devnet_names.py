"""ENS over a devnet: its names, and a gateway on loopback that signs or lies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from coincurve import PrivateKey
from eth_abi.abi import decode, encode

from tests.chain.offchain_gateways import host_of
from walkaway.chain.chain import Chain
from walkaway.devnet.execution.genesis import ANSWER_SIGNER
from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP
from walkaway.names.ens.batch_gateway import OwnGateway
from walkaway.names.ens.ens import Ens
from walkaway.names.ens.resolver_record import ResolverRecord
from walkaway.names.pointer import Pointer
from walkaway.proofs.execution.keccak import keccak256
from walkaway.sources.gateways import Gateways
from walkaway.sources.guard import Guard
from walkaway.sources.transports.http_client import HttpClient

__all__ = ["IPFS", "ens_on", "looks_up", "recovers", "signed_result", "that_creates"]

IPFS = Pointer("ipfs", "bafybeibj6lixxzqtsb45ysdjnupvqkufgdvzqbnvmhw2kf7cfkesy7r7d4")
_LOOKS_UP = 36
"""Where the data of `looks_up` begins."""
FAR = (1 << 63).to_bytes(8, "big")

Records = Callable[[bytes, bytes], bytes]
"""What a gateway's records say: of a name as the DNS writes it, and a call."""


@asynccontextmanager
async def ens_on(chain: Chain, directory: Path, *urls: str) -> AsyncIterator[Ens]:
    """Resolves names, and may reach these gateways and no other inner address."""
    gateways = Gateways(HttpClient(guard=Guard([host_of(url) for url in urls])))
    try:
        record = ResolverRecord(directory, chain.spec.network)
        yield Ens(chain, OwnGateway(gateways), chain.spec, record)
    finally:
        await gateways.close()


def that_creates(runtime: bytes) -> bytes:
    """Code that creates a contract whose code is this."""
    # CODECOPY to memory's start, from behind these 16 bytes; RETURN the same.
    head = _push(len(runtime)) + _push(16) + b"\x5f\x39" + _push(len(runtime)) + b"\x5f\xf3"
    return head + runtime


def looks_up(url: str, size: int, answered: bytes = b"") -> bytes:
    """Code that asks a gateway a question of so many zeros, and then runs ``answered``."""
    arguments = encode(
        ["address", "string[]", "bytes", "bytes4", "bytes"],
        [bytes(20), [url], b"", b"back", b""],
    )
    # The question moves behind all else, where memory is zeros already.
    asked = len(arguments)
    data = OFFCHAIN_LOOKUP + arguments[:64] + asked.to_bytes(32) + arguments[96:]
    data += size.to_bytes(32)
    is_callback = b"\x5f\x35\x60\xe0\x1c\x63back\x14" + _push(_LOOKS_UP + len(data)) + b"\x57"
    copy = _push(len(data)) + _push(_LOOKS_UP) + b"\x5f\x39"
    sender_is_itself = b"\x30\x60\x04\x52"
    revert = _push(len(data) + size) + b"\x5f\xfd"
    code = is_callback + copy + sender_is_itself + revert
    assert len(code) == _LOOKS_UP
    return code + data + b"\x5b" + answered


def recovers(signature: bytes, digest: bytes, answer: bytes) -> bytes:
    """Code that looks at a signature (r, s, 0 or 1), heeds nothing of it, and answers.

    ``answer`` is of whole words.
    """
    words = [digest, (27 + signature[64]).to_bytes(32), signature[:32], signature[32:64]]
    ecrecover = b"\x60\x20\x60\x80\x60\x80\x5f\x60\x01" + _push(100_000) + b"\xfa\x50"
    said = [answer[at : at + 32] for at in range(0, len(answer), 32)]
    return _in_memory(words) + ecrecover + _in_memory(said) + _push(len(answer)) + b"\x5f\xf3"


def _in_memory(words: Sequence[bytes]) -> bytes:
    placed = [b"\x7f" + word + _push(32 * place) + b"\x52" for place, word in enumerate(words)]
    return b"".join(placed)


def _push(number: int) -> bytes:
    return b"\x62" + number.to_bytes(3)


def signed_result(
    records: Records, key: bytes = ANSWER_SIGNER.key
) -> Callable[[bytes, bytes], bytes]:
    """An answerer for `tests.chain.offchain_gateways.Served`, whose key signs each answer."""

    def answer(contract: bytes, asked: bytes) -> bytes:
        wire, call = decode(["bytes", "bytes"], asked[4:])
        result = records(wire, call)
        said = b"\x19\0" + contract + FAR + keccak256(asked) + keccak256(result)
        signature = PrivateKey(key).sign_recoverable(keccak256(said), hasher=None)
        packed = signature[:64] + bytes([signature[64] + 27])
        return encode(["bytes", "uint64", "bytes"], [result, int.from_bytes(FAR), packed])

    return answer
