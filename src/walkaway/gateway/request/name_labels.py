"""Names as the one label of a host, and back: no label stands for two names.

https://specs.ipfs.tech/http-gateways/subdomain-gateway/, "Host (request header)", has the
dots of a name as dashes, and its dashes doubled. Names beyond ASCII are written so as
people write them, and encoded whole (RFC 3492), as browsers do with what is typed: encoded
label by label, they would begin like what no browser takes for a host.

A name of ENS may begin or end a label with a dash, and then its label is another name's;
of a few others browsers make no host, or another one (UTS #46). These have no label.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from walkaway.errors import InvalidRequest
from walkaway.names.spelling import canonical

__all__ = ["bounded", "inlined", "label_of_name", "name_of_label", "uninlined"]

_LABEL_CHARACTERS: Final = 63
_LABEL: Final = re.compile(r"[a-z0-9_-]+", re.ASCII)
_STANDALONE_DASH: Final = re.compile(r"(?<!-)((?:--)*)-(?!-)")
_ENCODED: Final = "xn--"
_JOINERS: Final = re.compile("[\u200c\u200d]")
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_BY_PATH: Final = "ask for it by path at 127.0.0.1"


def label_of_name(name: str) -> str:
    """The one label that stands for a name, in whichever of its spellings.

    Raises:
        InvalidRequest: it is no name, or no label stands for it alone.
        Unsupported, TooMuch: as `canonical`.
    """
    one = canonical(name)
    text = inlined(_as_people_write(one))
    label = _encoded(text, one)
    if not _LABEL.fullmatch(label):
        # A character that ends a host would lead a browser to somebody else's.
        raise InvalidRequest(f"no name that a host can have: {one[:200]!r}", advice=_BY_PATH)
    if _read(bounded(label)) != one:
        raise _no_host(one, f"there it would be {label}, which is another name's")
    return label


def name_of_label(label: str) -> str:
    """The name that a label stands for; a name with dots stands for itself.

    Raises `InvalidRequest` for what stands for none.
    """
    if "." in label:
        return label
    name = _read(label)
    if name is None:
        raise InvalidRequest(f"no name is written {label[:70]!r} in a host")
    return name


def bounded(label: str) -> str:
    """The label. Raises `InvalidRequest` for one that is longer than hosts have them."""
    if len(label) > _LABEL_CHARACTERS:
        raise InvalidRequest(
            f"CID incompatible with DNS label length limit of {_LABEL_CHARACTERS}: {label[:200]}",
            advice=_BY_PATH,
        )
    return label


def inlined(name: str) -> str:
    """A DNS name as one label: ``en.wikipedia-on-ipfs.org`` is ``en-wikipedia--on--ipfs-org``."""
    return name.replace("-", "--").replace(".", "-")


def uninlined(label: str) -> str:
    """The DNS name that a label stands for."""
    return _STANDALONE_DASH.sub(r"\1.", label).replace("--", "-")


def _read(label: str) -> str | None:
    text = _decoded(label)
    return None if text is None else canonical(uninlined(text))


def _as_people_write(name: str) -> str:
    """Encoded labels of a name of the DNS decoded, where all of them can be."""
    labels = [_decoded(label) for label in name.split(".")]
    return name if None in labels else ".".join(label for label in labels if label is not None)


def _decoded(label: str) -> str | None:
    """What an encoded label stands for, and all others themselves; None where it is nothing."""
    if not label.startswith(_ENCODED):
        return label
    try:
        text = label.removeprefix(_ENCODED).encode("ascii").decode("punycode")
        is_one = not text.isascii() and _ENCODED + text.encode("punycode").decode() == label
    except UnicodeError:
        return None
    return text if is_one else None


def _encoded(text: str, name: str) -> str:
    if text.isascii():
        return text
    if not _is_a_host(text):
        raise _no_host(name, "browsers make no host of it")
    return _ENCODED + text.encode("punycode").decode("ascii")


def _is_a_host(text: str) -> bool:
    """Whether browsers take a text beyond ASCII for itself, and for one label of a host.

    https://url.spec.whatwg.org/#idna: no joiners but in a few scripts, and, since letters from
    left to right stand beside them here, none from right to left (RFC 5893).
    """
    from idna import IDNAError, uts46_remap

    try:
        is_itself = uts46_remap(text, std3_rules=False) == text
    except IDNAError:
        return False
    turns = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)
    return is_itself and not turns and not _JOINERS.search(text)


def _no_host(name: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"{name[:100]!r} has no host of its own: {why}", advice=_BY_PATH)
