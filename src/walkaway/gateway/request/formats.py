"""Response formats: which one is asked for, by the ``format`` parameter or by Accept.

https://specs.ipfs.tech/http-gateways/path-gateway/, "format (request query
parameter)" and "Accept (request header)"; IPIP-523: the parameter beats the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from walkaway.errors import InvalidRequest

__all__ = ["CarShape", "Format", "Negotiated", "car_shape", "negotiate"]


class Format(Enum):
    """What an answer is made of. The value is the ``format`` parameter's word for it."""

    PLAIN = ""
    """Whatever the content is: a file, a directory's page, a document."""
    RAW = "raw"
    CAR = "car"
    TAR = "tar"
    DAG_JSON = "dag-json"
    DAG_CBOR = "dag-cbor"
    JSON = "json"
    CBOR = "cbor"
    IPNS_RECORD = "ipns-record"

    @property
    def media_type(self) -> str:
        """Its media type; empty where the content decides."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Mapping[Format, str] = {
    Format.PLAIN: "",
    Format.RAW: "application/vnd.ipld.raw",
    Format.CAR: "application/vnd.ipld.car",
    Format.TAR: "application/x-tar",
    Format.DAG_JSON: "application/vnd.ipld.dag-json",
    Format.DAG_CBOR: "application/vnd.ipld.dag-cbor",
    Format.JSON: "application/json",
    Format.CBOR: "application/cbor",
    Format.IPNS_RECORD: "application/vnd.ipfs.ipns-record",
}
_BY_WORD = {format.value: format for format in Format if format.value}
_BY_MEDIA_TYPE = {media_type: format for format, media_type in _MEDIA_TYPES.items() if media_type}
_HTML = "text/html"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The format of the answer, and how it came about.

    ``by_header`` says that only Accept tells it apart from others at the same
    address, so that caches need a Content-Location. ``parameters`` are those
    of the media type in Accept; ``html`` that the sender would like a page.
    """

    format: Format = Format.PLAIN
    by_header: bool = False
    html: bool = False
    parameters: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class CarShape:
    """How an archive is written: depth first always, blocks that come again perhaps twice."""

    duplicates: bool = False

    @property
    def media_type(self) -> str:
        """With the parameters that say how it is written."""
        return (
            f"{Format.CAR.media_type}; version=1; order=dfs; dups={'y' if self.duplicates else 'n'}"
        )


def negotiate(word: str | None, accept: str) -> Negotiated:
    """The format that the ``format`` parameter and the Accept header ask for.

    A parameter that is no known format is the page's own affair and passed over.
    """
    media_types = list(_by_preference(accept))
    known = [(_BY_MEDIA_TYPE[name], told) for name, told in media_types if name in _BY_MEDIA_TYPE]
    html = any(name == _HTML for name, _ in media_types)
    asked = _BY_WORD.get(word or "")
    if asked is not None:
        told = next((told for format, told in known if format is asked), _NOTHING)
        return Negotiated(asked, bool(known) and known[0][0] is not asked, False, told)
    if not known or (html and media_types[0][0] == _HTML):
        return Negotiated(html=html)
    return Negotiated(known[0][0], True, html, known[0][1])


def car_shape(query: Mapping[str, str], parameters: Mapping[str, str]) -> CarShape:
    """How the archive is asked for: by ``car-*`` parameters, else by those in Accept.

    Raises `InvalidRequest` for a version, an order or duplicates that are not written.
    """
    told = {
        name: query.get(f"car-{name}", parameters.get(name, ""))
        for name in ("version", "order", "dups")
    }
    if told["version"] not in ("", "1"):
        raise InvalidRequest("archives are written in version 1 only")
    if told["order"] not in ("", "dfs", "unk"):
        raise InvalidRequest("the blocks of an archive are in the order dfs, or unk")
    if told["dups"] not in ("", "y", "n"):
        raise InvalidRequest("dups is y or n")
    return CarShape(told["dups"] == "y")


def _by_preference(accept: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each media type that is accepted with its parameters, best first (RFC 9110, 12.5.1)."""
    ranked: list[tuple[float, str, Mapping[str, str]]] = []
    for entry in accept.split(","):
        name, *rest = (part.strip() for part in entry.split(";"))
        told = dict(_parameter(part) for part in rest if "=" in part)
        weight = _weight(told.pop("q", "1"))
        if name and weight > 0:
            ranked.append((-weight, name.lower(), told))
    for _, media_type, parameters in sorted(ranked, key=lambda each: each[0]):
        yield media_type, parameters


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"').lower()


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
