"""The one form in which a name is known here, wherever it was typed or sent. Pure.

A name may be typed as people write it, or come as browsers and resolvers write it
(``xn--``, RFC 5891). Each kind of name has one form of its own: else another spelling of a
name that is held would lead past what holds it.
"""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from walkaway.errors import InvalidRequest, ProofError
from walkaway.limits import LIMITS
from walkaway.names.ens.normalize import normalize
from walkaway.names.leads import contract_name
from walkaway.proofs.ipfs.ipns_name import name_text, parse_name

__all__ = ["canonical", "family", "is_text"]

_ENCODED: Final = "xn--"
_ETH: Final = ".eth"
_LOWER: Final = dict(zip(ascii_uppercase.encode(), ascii_lowercase, strict=True))
"""Letters beyond ASCII are the business of ENSIP-15 and IDNA, which have rules of their own."""
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")
"""What browsers take for a dot as well (RFC 3490, section 3.1)."""
_HALVES: Final = re.compile("[\ud800-\udfff]")
_OF_CONTRACT: Final = re.compile(r"(?P<name>[^:]+):0*(?P<chain>[1-9][0-9]{0,77})", re.ASCII)


def canonical(name: str) -> str:
    """The one form of a name: a key's own text; for a name of ENS what ENSIP-15 makes of it,
    labels beyond ASCII as people write them, with the chain behind it where it is a contract's;
    for other names with dots what the DNS is asked.

    What is given is its own form. Raises:
        InvalidRequest: it is no name, or a label in it is encoded and stands for nothing, or
            for what is written otherwise.
        Unsupported: a name beyond ASCII that no resolver is asked for.
    """
    if not is_text(name):
        raise InvalidRequest("no name: it holds bytes that are no text")
    of_contract = _OF_CONTRACT.fullmatch(name)
    if of_contract is not None:
        before = canonical(of_contract["name"])
        if before.endswith(_ETH):
            return f"{before}:{of_contract['chain']}"
    try:
        return name_text(parse_name(name))
    except ProofError:
        lower = _DOTS.sub(".", name).removesuffix(".").translate(_LOWER)
    if len(lower) > LIMITS.ens_name_bytes:
        raise InvalidRequest(f"a name is over {LIMITS.ens_name_bytes} bytes")
    if not all(lower.split(".")):
        raise InvalidRequest(f"{name[:100]!r} is no name: there is nothing before or between dots")
    if lower.endswith(_ETH):
        return _of_ens(lower)
    if lower.isascii() or "." not in lower:
        return lower
    ascii_form = _of_dns(lower)
    # Letters that are written otherwise may have spelled the last label.
    return _of_ens(ascii_form) if ascii_form.endswith(_ETH) else ascii_form


def is_text(word: str) -> bool:
    """Whether a word is text throughout: bytes of a command line that are none, and halves of
    UTF-16 in JSON, stand in Python's strings by themselves."""
    return _HALVES.search(word) is None


def family(name: str) -> str:
    """Whose names a name, in its one form, is among: those below the same two last labels.

    Whoever owns these makes names below them without end. Keys, which cost nothing
    either, are one family, and so are names of one label. The contracts of a name are no
    family of their own: chains have numbers without end, too.
    """
    of_contract = contract_name(name)
    labels = (name if of_contract is None else of_contract[0]).split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 else ""


def _of_ens(name: str) -> str:
    if name.isascii() and _ENCODED not in name:
        return name
    decoded = ".".join(map(_decoded, name.split(".")))
    return str(normalize(decoded))


def _decoded(label: str) -> str:
    """A label as people write it. No name of ENS has an encoded one (ENSIP-15)."""
    if not label.startswith(_ENCODED):
        return label
    try:
        text = label[len(_ENCODED) :].encode("ascii").decode("punycode")
        is_one = not text.isascii() and _ENCODED + text.encode("punycode").decode() == label
    except UnicodeError:
        raise _no_label(label) from None
    if not is_one:
        raise _no_label(label)
    normalized = str(normalize(text))
    if normalized != text:
        raise InvalidRequest(
            f"the label {label[:70]!r} stands for a text that is written otherwise",
            advice=f"ask for {normalized[:70]!r}",
        )
    return text


def _of_dns(name: str) -> str:
    from walkaway.names.dns.lookup import dns_name

    return dns_name(name).to_text(omit_final_dot=True)


def _no_label(label: str) -> InvalidRequest:
    return InvalidRequest(f"no name of ENS: the label {label[:70]!r} stands for nothing")
