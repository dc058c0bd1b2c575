"""The records of a name: what its resolver is called with for each, and what it gives back.

Content (ENSIP-7), texts (ENSIP-5), and addresses on any chain (ENSIP-9, ENSIP-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from walkaway.errors import InvalidRequest, ProofError, Unsupported
from walkaway.evm.abi import AbiTuple, encode_tuple
from walkaway.limits import LIMITS
from walkaway.names.ens.contenthash import ContentHash, decode

__all__ = [
    "ETH",
    "AddressRecord",
    "ContentRecord",
    "EnsRecord",
    "EnsValue",
    "TextRecord",
    "Unreadable",
    "value_of",
]

ETH: Final = 60
"""The coin type of ether (SLIP-44)."""

_TEXT: Final = bytes.fromhex("59d1d43c")
_CONTENTHASH: Final = bytes.fromhex("bc1c58d1")
_ADDR: Final = bytes.fromhex("3b3b57de")
_ADDR_OF_COIN: Final = bytes.fromhex("f1cb7e06")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a resolver gave for a record that cannot be read as one, or its refusal; why.

    ``is_refused`` says that the resolver itself refused it, as one does that has no such
    records: not so what nobody could be asked for, or what is malformed.
    """

    reason: str
    is_refused: bool = False


EnsValue: TypeAlias = ContentHash | str | bytes | Unreadable | None
"""What a record says: content, a text, an address in its chain's binary form; None where
it is proven that the name has no such record."""


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """Where the name's content is."""

    def call(self, node: bytes) -> bytes:
        """The resolver's ``contenthash(bytes32)``."""
        return _CONTENTHASH + node

    def read(self, answer: bytes) -> EnsValue:
        """What it gave back."""
        data = AbiTuple(answer).bytes_at(0, LIMITS.contenthash_bytes)
        return decode(data) if data else None

    def __str__(self) -> str:
        return "contenthash"


@dataclass(frozen=True, slots=True)
class TextRecord:
    """A text by its key, such as ``url`` or ``com.github``."""

    key: str

    def __post_init__(self) -> None:
        # JSON and command lines can hold halves of characters, which no contract is asked for.
        if not self.key.isascii() and any("\ud800" <= letter <= "\udfff" for letter in self.key):
            raise InvalidRequest(f"no text: {self.key[:100]!r}")

    def call(self, node: bytes) -> bytes:
        """The resolver's ``text(bytes32,string)``."""
        return _TEXT + encode_tuple(int.from_bytes(node), self.key.encode())

    def read(self, answer: bytes) -> EnsValue:
        """What it gave back."""
        return AbiTuple(answer).text_at(0, LIMITS.ens_value_bytes) or None

    def __str__(self) -> str:
        return f"text {self.key}"


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """The address on a chain, by its coin type."""

    coin_type: int = ETH

    def __post_init__(self) -> None:
        if not 0 <= self.coin_type < 1 << 256:
            raise InvalidRequest(f"no coin type: {self.coin_type}")

    def call(self, node: bytes) -> bytes:
        """The resolver's ``addr(bytes32)`` for ether, else ``addr(bytes32,uint256)``."""
        if self.coin_type == ETH:
            return _ADDR + node
        return _ADDR_OF_COIN + node + self.coin_type.to_bytes(32)

    def read(self, answer: bytes) -> EnsValue:
        """What it gave back. The zero address is none."""
        values = AbiTuple(answer)
        if self.coin_type == ETH:
            address = values.padded_left(0, 20)
            return address if any(address) else None
        return values.bytes_at(0, LIMITS.ens_value_bytes) or None

    def __str__(self) -> str:
        return f"address {self.coin_type}"


EnsRecord: TypeAlias = ContentRecord | TextRecord | AddressRecord


def value_of(record: EnsRecord, answer: bytes) -> EnsValue:
    """What a record says, or why that cannot be read."""
    try:
        return record.read(answer)
    except (ProofError, Unsupported) as error:
        return Unreadable(str(error))
