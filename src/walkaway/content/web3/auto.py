"""The auto mode (ERC-6860): a path that names a method of the contract and its arguments.

``returns=`` makes JSON of what the method gives back; without it that is one ``bytes``, whose
media type the last argument's ending tells, or a parameter of the query (ERC-7087).
Parameters that are not known are passed over, but those which ask for another run than at
the head are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from walkaway.content.web3.answer import Answer, json_answer, type_of_ending
from walkaway.content.web3.arguments import Argument, Name, encode_arguments, read_argument
from walkaway.content.web3.data_url import read_data_url
from walkaway.content.web3.returned import Kind, read_kinds, read_values
from walkaway.errors import InvalidRequest, TooMuch, Unsupported
from walkaway.evm.abi import AbiTuple
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["AutoCall", "parameters", "read_auto"]

_METHOD: Final = re.compile(r"[A-Za-z$_][A-Za-z0-9$_]*", re.ASCII)
_MEDIA_TYPE: Final = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(?:\s*;\s*[a-z0-9-]+=[^\x00-\x1f;]+)*",
    re.ASCII | re.I,
)
_ENDING: Final = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_RETURNS: Final = ("returns", "returnTypes")
_OTHER_RUNS: Final = ("_blockNumber", "_gasLimit", "_from")


@dataclass(frozen=True, slots=True)
class AutoCall:
    """A call of a method, by its name, or with no data at all where that is empty.

    ``kinds`` are what it gives back, empty for its bytes as they are, None where it gives
    one ``bytes``, of ``media_type``, or a data URL.
    """

    method: str = ""
    arguments: tuple[Argument, ...] = ()
    kinds: tuple[Kind, ...] | None = None
    media_type: str | None = None
    is_data_url: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Each name whose address is an argument, once."""
        values = (argument.value for argument in self.arguments)
        return tuple(dict.fromkeys(value.name for value in values if isinstance(value, Name)))

    def calldata(self, addresses: Mapping[str, bytes]) -> bytes:
        """The call, with the 20-byte address of each of ``names``."""
        if not self.method:
            return b""
        kinds = ",".join(argument.kind for argument in self.arguments)
        selector = keccak256(f"{self.method}({kinds})".encode())[:4]
        return selector + encode_arguments(self.arguments, addresses)

    def read(self, output: bytes) -> Answer:
        """The page that it gave back.

        Raises:
            ProofError: that is not of the types which it should be of.
            TooMuch: it is more than is read.
        """
        if self.kinds is not None:
            values = read_values(self.kinds, output) if self.kinds else [f"0x{output.hex()}"]
            return json_answer(values)
        body = AbiTuple(output).bytes_at(0, LIMITS.web3_answer_bytes)
        return read_data_url(body) if self.is_data_url else Answer(body, self.media_type)


def read_auto(target: str) -> AutoCall:
    """The call that a path and query stand for.

    Raises:
        InvalidRequest: they stand for none.
        Unsupported: for one at another block, with other gas, or of somebody else.
        TooMuch: it has more arguments, or types of values, than are read.
    """
    path, _, query = target.partition("?")
    asked = parameters(query)
    for name, _ in asked:
        if name in _OTHER_RUNS:
            raise Unsupported(f"calls run at the head as the URL's own sender: {name} is not read")
    if path in ("", "/"):
        return _with_type(AutoCall(), asked)
    method, *segments = path.removeprefix("/").split("/")
    if not _METHOD.fullmatch(method):
        raise InvalidRequest(f"no name of a method: {method[:100]!r}")
    if len(segments) > LIMITS.web3_arguments:
        raise TooMuch(f"a method has at most {LIMITS.web3_arguments} arguments")
    call = AutoCall(method, tuple(map(read_argument, segments)))
    if len(call.names) > LIMITS.web3_names:
        raise TooMuch(f"at most {LIMITS.web3_names} names among the arguments of a method")
    return _with_type(call, asked)


def parameters(query: str) -> list[tuple[str, str]]:
    """The parameters of a query, unescaped, in order. Raises `InvalidRequest`."""
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise InvalidRequest(f"no query: {query[:100]!r}") from None


def _with_type(call: AutoCall, asked: list[tuple[str, str]]) -> AutoCall:
    """The call, and what the query says of its answer: of several parameters, the last."""
    returns = [value for name, value in asked if name in _RETURNS]
    if returns and returns[-1]:
        return AutoCall(call.method, call.arguments, read_kinds(returns[-1]))
    told = [(name, value) for name, value in asked if name.startswith("mime.")]
    name, value = told[-1] if told else ("", "")
    media_type = _by_last(call.arguments)
    match name:
        case "mime.content":
            media_type = _media_type(value)
        case "mime.type":
            if not _ENDING.fullmatch(value):
                raise InvalidRequest(f"no ending of a file: {value[:100]!r}")
            # ERC-7087 would refuse an ending that is not known; clients pass over it.
            media_type = type_of_ending(value) or media_type
        case "mime.dataurl":
            return AutoCall(call.method, call.arguments, is_data_url=True)
    return AutoCall(call.method, call.arguments, media_type=media_type)


def _by_last(arguments: tuple[Argument, ...]) -> str | None:
    if not arguments or not isinstance(text := arguments[-1].value, str):
        return None
    _, dot, ending = text.rpartition(".")
    return type_of_ending(ending) if dot else None


def _media_type(text: str) -> str:
    if not _MEDIA_TYPE.fullmatch(text):
        raise InvalidRequest(f"no media type: {text[:100]!r}")
    return text
