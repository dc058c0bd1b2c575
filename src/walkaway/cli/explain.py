"""`walkaway explain`: an answer or a page, and the chain of evidence under it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from walkaway.cli.config import Settings
from walkaway.cli.evidence_tree import explanation_tree
from walkaway.cli.options import (
    ConfigOption,
    EndpointHostOption,
    EndpointPortOption,
    GatewayPortOption,
    JsonOption,
    settings_from,
)
from walkaway.cli.page_tree import page_tree
from walkaway.cli.running import ask_explanation, endpoint_url, run
from walkaway.cli.terminal import Terminal
from walkaway.errors import InvalidRequest, SourceFault, Unsupported
from walkaway.limits import LIMITS
from walkaway.names.pointer import Pointer
from walkaway.sources.json_text import parse_json

__all__ = ["explain", "read_param"]

_SEPARATORS: Final = frozenset("./:")
"""What stands in places in content, and in no method."""

_PARAMETERS = (
    "methods and parameters are those of Ethereum's JSON-RPC: 0x and hex digits, or latest"
)
_NOT_HERE = "nothing was forwarded; a node of your own can answer it"


def explain(
    method: Annotated[
        str, typer.Argument(help="A JSON-RPC method, or a PLACE.", metavar="METHOD|PLACE")
    ],
    params: Annotated[
        list[str] | None,
        typer.Argument(
            help="Its parameters, as JSON or as plain words; 17 is 0x11.", metavar="PARAMS..."
        ),
    ] = None,
    *,
    data_set: Annotated[
        str | None,
        typer.Option(
            "--data-set",
            help="Of a piece: ask RPCs of Filecoin whether this data set holds it.",
            metavar="NUMBER",
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show every byte of each fact.")] = False,
    host: EndpointHostOption = None,
    port: EndpointPortOption = None,
    gateway_port: GatewayPortOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show why an answer, or a page, is to be believed.

    Asks the endpoint that is running on this machine (walkaway up) and draws
    what the answer stands on, down to the anchors; of a place in content, such as
    app.eth/docs or ar://ID, its gateway.

    Example: walkaway explain eth_getBalance 0x00000000219ab540356cBB839Cbe05303d7705Fa latest
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, host=host, port=port, gateway_port=gateway_port)
        page = _page(method)
        if page is not None:
            _explain_page(terminal, settings, page, params, data_set, full=full)
            return
        if data_set is not None:
            raise InvalidRequest(
                "--data-set is asked of a piece alone", advice="walkaway explain piece://CID"
            )
        url = endpoint_url(settings.host, settings.port)
        values = [read_param(word) for word in params or []]
        explanation = _explained(url, method, values)
        if as_json:
            terminal.print_json(explanation)
        else:
            question = " ".join([method, *(params or [])])
            terminal.show(explanation_tree(question, explanation, full=full))


def _page(word: str) -> Pointer | None:
    """The place that a word names; None for what can be the name of a method.

    Raises `InvalidRequest` for what can be neither.
    """
    if "_" in word and not _SEPARATORS.intersection(word):
        return None
    from walkaway.cli.content_words import read_pointer

    try:
        return read_pointer(word)
    except InvalidRequest:
        if _SEPARATORS.intersection(word):
            raise
        return None


def _explain_page(
    terminal: Terminal,
    settings: Settings,
    page: Pointer,
    params: Sequence[str] | None,
    data_set: str | None,
    *,
    full: bool,
) -> None:
    if params:
        raise InvalidRequest(
            "a page takes no parameters", advice="put what the page is asked in its address"
        )
    from walkaway.cli.open import address_of

    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    query = {"url": address_of(page, settings.gateway_port)}
    query |= {} if data_set is None else {"data_set": data_set}
    told = asyncio.run(ask_explanation(endpoint_url(host, settings.gateway_port), query))
    if terminal.as_json:
        terminal.print_json(dict(told))
    else:
        terminal.show(page_tree(told, full=full))


def _explained(url: str, method: str, values: list[object]) -> Any:
    """What the endpoint says; its refusals with what to do about a question of JSON-RPC."""
    try:
        return run(url, "walkaway_explain", [method, values])
    except InvalidRequest as error:
        error.advice = error.advice or _PARAMETERS
        raise
    except Unsupported as error:
        error.advice = error.advice or _NOT_HERE
        raise


def read_param(word: str) -> object:
    """One parameter: JSON where it is a list, an object, true, false or null; else text.

    A whole number becomes the quantity that it is in JSON-RPC, ``17`` as
    ``0x11``: methods take no decimal numbers, and people count in them.
    Raises `InvalidRequest` for what begins as a list or an object and is none.
    """
    try:
        value = parse_json(word.encode("utf-8", "surrogateescape"), depth=LIMITS.json_depth)
    except SourceFault:
        if word.lstrip().startswith(("{", "[")):
            raise InvalidRequest(
                f"this parameter is not JSON: {word[:60]}",
                advice="keys and texts in double quotes, no comma after the last member, and "
                "the whole of it in single quotes for the shell",
            ) from None
        return word
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return hex(value) if isinstance(value, int) and value >= 0 else word
    return value
