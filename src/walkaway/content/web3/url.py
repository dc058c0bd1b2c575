"""web3 URLs (ERC-6860): whom they call, on which chain, and with what.

https://eips.ethereum.org/EIPS/eip-6860. The newest draft's ``_blockNumber``,
``_gasLimit`` and ``_from`` are not followed; see `walkaway.content.web3.auto`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote, urljoin

from walkaway.errors import InvalidRequest, TooMuch
from walkaway.limits import LIMITS
from walkaway.names.pointer import Pointer

__all__ = ["Web3Url", "follow", "read_pointer", "read_url", "unescaped"]

_MAINNET: Final = 1
_NO_SENDER: Final = bytes(20)
_SCHEME: Final = re.compile(r"([^:/?#]+)://", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_ROOT: Final = re.compile(
    r"(?:(?P<sender>[^@]*)@)?(?P<host>[^@:]+)(?::(?P<chain>[1-9][0-9]*))?", re.ASCII
)
_WRITTEN: Final = re.compile(r"[!-~]*", re.ASCII)
_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})", re.ASCII)
_BASE: Final = "http://contract"


@dataclass(frozen=True, slots=True)
class Web3Url:
    """What a URL calls: ``host``, a name or a contract's address as ``0x`` and 40 digits, on
    the chain of that id, as ``sender`` (20 bytes, zeros where none is written).

    ``target`` is the path with the query, as they are written: empty, or from the first
    slash or question mark on.
    """

    sender: bytes
    host: str
    chain_id: int
    target: str

    @property
    def address(self) -> bytes | None:
        """The 20 bytes that ``host`` is the address of; None where it is a name."""
        return bytes.fromhex(self.host[2:]) if _ADDRESS.fullmatch(self.host) else None

    @property
    def name(self) -> str | None:
        """The name that leads to the contract, with the chain behind it; None for an address."""
        return None if self.address is not None else f"{self.host}:{self.chain_id}"

    def at(self, contract: Pointer) -> Web3Url:
        """The same asked of the contract that its name leads to. Raises as `read_pointer`."""
        found = read_pointer(contract)
        return replace(self, host=found.host, chain_id=found.chain_id)

    @property
    def root(self) -> str:
        """What stands before the path, in one form: ``[from@]host:chain``."""
        sender = f"0x{self.sender.hex()}@" if any(self.sender) else ""
        return f"{sender}{quote(self.host)}:{self.chain_id}"

    @property
    def pointer(self) -> Pointer:
        """The place that it names."""
        return Pointer("web3", self.root, target=self.target)

    def __str__(self) -> str:
        return f"web3://{self.root}{self.target}"


def read_url(text: str) -> Web3Url:
    """Read a URL of the schemes ``web3`` and ``w3``; a fragment is left out.

    Raises:
        InvalidRequest: it is none.
        TooMuch: it is over ``LIMITS.web3_url_bytes``.
    """
    _check(text)
    scheme = _SCHEME.match(text)
    if scheme is None or scheme[1].lower() not in ("web3", "w3"):
        raise InvalidRequest(f"no web3 URL: {text[:100]!r}")
    rest = text[scheme.end() :].partition("#")[0]
    begins = min(at for at in (rest.find("/"), rest.find("?"), len(rest)) if at >= 0)
    return _read(rest[:begins], rest[begins:])


def read_pointer(pointer: Pointer) -> Web3Url:
    """The URL of a pointer. Raises as `read_url`."""
    _check(pointer.root + pointer.target)
    if pointer.network != "web3" or pointer.path:
        raise InvalidRequest(f"no pointer to a contract: {str(pointer)[:100]!r}")
    if re.search("[/?#]", pointer.root) or not re.match("[/?]|$", pointer.target):
        raise InvalidRequest(f"no pointer to a contract: {str(pointer)[:100]!r}")
    return _read(pointer.root, pointer.target.partition("#")[0])


def follow(base: Web3Url, reference: str) -> Web3Url:
    """Where a reference in what ``base`` gives leads: a whole URL, or one relative to it.

    Raises as `read_url`; a relative reference never leads to another contract.
    """
    _check(reference)
    if _SCHEME.match(reference):
        return read_url(reference)
    if ":" in re.split("[/?#]", reference, maxsplit=1)[0]:
        raise InvalidRequest(f"no reference within a contract: {reference[:100]!r}")
    joined = urljoin(_BASE + (base.target or "/"), reference.partition("#")[0])
    if not joined.startswith(f"{_BASE}/"):
        raise InvalidRequest(f"no reference within a contract: {reference[:100]!r}")
    return Web3Url(base.sender, base.host, base.chain_id, joined[len(_BASE) :])


def unescaped(text: str) -> str:
    """What percent-encoded text says. Raises `InvalidRequest` where that is no UTF-8."""
    if _ESCAPE.search(text):
        raise InvalidRequest(f"not percent-encoded: {text[:100]!r}")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest(f"what is percent-encoded is no UTF-8: {text[:100]!r}") from None


def _check(text: str) -> None:
    if len(text) > LIMITS.web3_url_bytes:
        raise TooMuch(f"a web3 URL is over {LIMITS.web3_url_bytes} bytes")
    if not _WRITTEN.fullmatch(text):
        shown = ascii(text[:100])
        raise InvalidRequest(f"a web3 URL holds what has to be percent-encoded: {shown}")


def _read(root: str, target: str) -> Web3Url:
    found = _ROOT.fullmatch(root)
    if found is None:
        raise InvalidRequest(f"no [from@]host[:chain] of a web3 URL: {root[:100]!r}")
    sender, host, chain = found["sender"], found["host"], found["chain"]
    if sender is not None and not _ADDRESS.fullmatch(sender):
        raise InvalidRequest(f"who calls a contract is no address: {sender[:100]!r}")
    if not _ADDRESS.fullmatch(host):
        host = _name(host)
    return Web3Url(
        _NO_SENDER if sender is None else bytes.fromhex(sender[2:]),
        host.lower(),
        _MAINNET if chain is None else _chain_id(chain),
        target,
    )


def _name(host: str) -> str:
    """A name as people write it. What begins as an address does and has no dot is neither."""
    name = unescaped(host)
    if "." not in name:
        raise InvalidRequest(f"neither a contract's address nor a name: {host[:100]!r}")
    if not all(name.split(".")) or re.search(r"[\x00-\x20/?#@:\\]", name):
        raise InvalidRequest(f"no name: {host[:100]!r}")
    return name


def _chain_id(digits: str) -> int:
    if len(digits) > 78:
        raise InvalidRequest(f"no chain has the id {digits[:100]}")
    return int(digits)
