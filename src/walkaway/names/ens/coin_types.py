"""Addresses on any chain: the bytes that a name holds, and the text that people know.

A chain is named by its coin type: SLIP-44's number, or 0x80000000 | chain id for an EVM
chain (ENSIP-11). The bytes are those of ENSIP-9 (https://docs.ens.domains/ensip/9): of
Bitcoin and its kin the script that pays to the address, of most others the address
without its checksum. An address of a form that is not known is shown as hex, and said
to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from walkaway.errors import InvalidRequest
from walkaway.names.ens.bech32 import bech32_text, cash_address_text, segwit_text
from walkaway.proofs.execution.keccak import keccak256
from walkaway.proofs.ipfs.multibase import BASE58BTC, Base

__all__ = [
    "COINS",
    "EVM_CHAIN",
    "Coin",
    "CoinAddress",
    "address_text",
    "coin_name",
    "evm_address",
    "evm_coin_type",
]

EVM_CHAIN: Final = 0x80000000
"""The bit that marks the coin type of an EVM chain; alone, it is that of any of them."""

_ADDRESS_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin by its ticker, and how its addresses are written; None where they are none."""

    ticker: str
    text: Callable[[bytes], str | None]


@dataclass(frozen=True, slots=True)
class CoinAddress:
    """An address as text. ``is_known`` says whether that is the chain's own form, or hex."""

    coin_type: int
    text: str
    is_known: bool

    def __str__(self) -> str:
        return self.text if self.is_known else f"{self.text} (as the name holds it, in hex)"


def address_text(coin_type: int, data: bytes) -> CoinAddress:
    """The text of an address that a name holds for a coin type."""
    if coin_type >> 31 == 1:
        text = _checksummed(data)
    else:
        text = COINS[coin_type].text(data) if coin_type in COINS else None
    return CoinAddress(coin_type, text or f"0x{data.hex()}", text is not None)


def coin_name(coin_type: int) -> str:
    """The ticker of a coin type, or ``chain N`` of an EVM chain, or ``coin N``."""
    if coin_type in COINS:
        return COINS[coin_type].ticker
    if coin_type == EVM_CHAIN:
        return "any EVM chain"
    if coin_type >> 31 == 1:
        return f"chain {coin_type & ~EVM_CHAIN}"
    return f"coin {coin_type}"


def evm_coin_type(chain_id: int) -> int:
    """The coin type of an EVM chain (ENSIP-11); that of chain 1 is ether's own.

    Raises `InvalidRequest` for a number that no coin type can hold.
    """
    if not 0 < chain_id < EVM_CHAIN:
        raise InvalidRequest(f"no chain id that has a coin type: {chain_id}")
    return 60 if chain_id == 1 else EVM_CHAIN | chain_id


def evm_address(text: str) -> bytes:
    """The 20 bytes of an address, whose checksum is held to where it has one (EIP-55).

    Raises `InvalidRequest`.
    """
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        data = b""
    if len(data) != _ADDRESS_BYTES or not text.startswith("0x") or len(text) != 42:
        raise InvalidRequest(
            f"no address: {text[:60]!r}", advice="an address is 0x and 20 bytes in hex, 40 digits"
        )
    if text[2:] not in (data.hex(), data.hex().upper()) and text != _checksummed(data):
        raise InvalidRequest(f"an address whose checksum is wrong (EIP-55): {text}")
    return data


def _checksummed(data: bytes) -> str | None:
    return _hex_checked(data, "")


def _hex_checked(data: bytes, prefix: str) -> str | None:
    """EIP-55, or with the chain id in front of what is hashed, RSKIP-60."""
    if len(data) != _ADDRESS_BYTES:
        return None
    plain = data.hex()
    hashed = keccak256(f"{prefix}{'0x' if prefix else ''}{plain}".encode()).hex()
    return "0x" + "".join(
        letter.upper() if check >= "8" else letter
        for letter, check in zip(plain, hashed, strict=False)
    )


def _base58check(data: bytes, base: Base = BASE58BTC) -> str:
    return base.encode(data + hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4])


def _paid_to(script: bytes) -> tuple[str, bytes] | None:
    """Whether a script pays to a key's hash or a script's, and the hash of 20 bytes."""
    if len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return "key", script[3:23]
    if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
        return "script", script[2:22]
    return None


def _script_form(key: int, script: int, segwit: str = "") -> Callable[[bytes], str | None]:
    """Bitcoin and its kin: version bytes of both kinds of hash, and SegWit's prefix."""

    def write(data: bytes) -> str | None:
        if (found := _paid_to(data)) is not None:
            kind, hashed = found
            return _base58check(bytes([key if kind == "key" else script]) + hashed)
        return segwit_text(segwit, data) if segwit else None

    return write


def _cash(data: bytes) -> str | None:
    found = _paid_to(data)
    return found and cash_address_text("bitcoincash", int(found[0] == "script"), found[1])


def _bech32_form(prefix: str) -> Callable[[bytes], str | None]:
    return lambda data: bech32_text(prefix, data) if len(data) in (20, 32) else None


_RIPPLE: Final = Base("ripple", "", "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz")


def _ripple(data: bytes) -> str | None:
    return _base58check(data, _RIPPLE) if len(data) in (21, 31) else None


def _solana(data: bytes) -> str | None:
    return BASE58BTC.encode(data) if len(data) == 32 else None


def _tron(data: bytes) -> str | None:
    return _base58check(data) if len(data) == 21 and data[0] == 0x41 else None


COINS: Final[Mapping[int, Coin]] = MappingProxyType(
    {
        0: Coin("BTC", _script_form(0x00, 0x05, "bc")),
        2: Coin("LTC", _script_form(0x30, 0x32, "ltc")),
        3: Coin("DOGE", _script_form(0x1E, 0x16)),
        22: Coin("MONA", _script_form(0x32, 0x05, "mona")),
        60: Coin("ETH", _checksummed),
        61: Coin("ETC", _checksummed),
        118: Coin("ATOM", _bech32_form("cosmos")),
        137: Coin("RBTC", lambda data: _hex_checked(data, "30")),
        144: Coin("XRP", _ripple),
        145: Coin("BCH", _cash),
        195: Coin("TRX", _tron),
        501: Coin("SOL", _solana),
        714: Coin("BNB", _bech32_form("bnb")),
    }
)
"""The coins whose addresses are written in their own form, by coin type."""
