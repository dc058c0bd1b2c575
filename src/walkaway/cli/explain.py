"""`walkaway explain`: a question, its answer, and the chain of evidence under it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from walkaway.cli.content_words import browser_url
from walkaway.cli.evidence_tree import explanation_tree
from walkaway.cli.options import (
    ConfigOption,
    EndpointHostOption,
    EndpointPortOption,
    JsonOption,
    settings_from,
)
from walkaway.cli.running import endpoint_url, run
from walkaway.cli.terminal import Terminal
from walkaway.errors import InvalidRequest, SourceFault, Unsupported
from walkaway.limits import LIMITS
from walkaway.sources.json_text import parse_json

__all__ = ["explain", "read_param"]

_PARAMETERS = (
    "methods and parameters are those of Ethereum's JSON-RPC: 0x and hex digits, or latest"
)
_NOT_HERE = "nothing was forwarded; a node of your own can answer it"


def explain(
    method: Annotated[str, typer.Argument(help="A JSON-RPC method.", metavar="METHOD")],
    params: Annotated[
        list[str] | None,
        typer.Argument(
            help="Its parameters, as JSON or as plain words; 17 is 0x11.", metavar="PARAMS..."
        ),
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Show every byte of each fact.")] = False,
    host: EndpointHostOption = None,
    port: EndpointPortOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show why an answer is to be believed.

    Asks the endpoint that is running on this machine (walkaway up) and draws
    what the answer stands on, down to the anchors.

    Example: walkaway explain eth_getBalance 0x00000000219ab540356cBB839Cbe05303d7705Fa latest
    """
    terminal = Terminal(as_json=as_json)
    with terminal.ending():
        settings = settings_from(config, host=host, port=port)
        _hold_method(method, settings.gateway_port)
        url = endpoint_url(settings.host, settings.port)
        values = [read_param(word) for word in params or []]
        explanation = _explained(url, method, values)
        if as_json:
            terminal.print_json(explanation)
        else:
            question = " ".join([method, *(params or [])])
            terminal.show(explanation_tree(question, explanation, full=full))


def _hold_method(word: str, gateway_port: int) -> None:
    """Raises `InvalidRequest` for what is a page, and no method."""
    if "." in word or "/" in word:
        page = quote(word, safe="/:.?=%@")
        raise InvalidRequest(
            f"{word[:100]!r} is no method of JSON-RPC",
            advice="why a page is to be believed, the gateway of walkaway up shows: "
            f"{browser_url(gateway_port)}/explain?url={page}",
        )


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
