"""Names of ENS: which of many spellings are one name, and how contracts are given it.

ENSIP-15 (https://docs.ens.domains/ensip/15) says which text is a name and in what one form
it stands; ENSIP-1 hashes that form to a node, and ENSIP-10 hands it to resolvers as the DNS
writes names: each label with its length in front.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from walkaway.errors import InvalidRequest
from walkaway.limits import LIMITS
from walkaway.proofs.execution.keccak import keccak256

__all__ = ["EnsName", "beautified", "is_normalized", "load_tables", "normalize"]

_LABEL_BYTES = 255


@dataclass(frozen=True)
class EnsName:
    """A name as it was typed, and its labels in the one form that ENSIP-15 gives it."""

    typed: str
    labels: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.labels)

    @cached_property
    def node(self) -> bytes:
        """What contracts know it by (namehash): 32 bytes."""
        node = bytes(32)
        for label in reversed(self.labels):
            node = keccak256(node + keccak256(label.encode()))
        return node

    @cached_property
    def wire(self) -> bytes:
        """The name as the DNS writes it, which resolvers are given (ENSIP-10)."""
        encoded = (label.encode() for label in self.labels)
        return b"".join(bytes([len(label)]) + label for label in encoded) + b"\0"


def normalize(text: str) -> EnsName:
    """The name that a text spells, by ENSIP-15.

    Raises `InvalidRequest` where it spells none: what is wrong, and what may be meant.
    """
    from ens_normalize import CurableSequence, DisallowedSequence, ens_normalize

    if len(text.encode(errors="replace")) > LIMITS.ens_name_bytes:
        raise InvalidRequest(f"a name is over {LIMITS.ens_name_bytes} bytes")
    if not text:
        raise InvalidRequest("an empty name")
    try:
        labels = tuple(ens_normalize(text).split("."))
    except DisallowedSequence as error:
        advice = ""
        if isinstance(error, CurableSequence) and error.suggested:
            advice = f"{error.sequence!r} could be {error.suggested!r}"
        raise InvalidRequest(
            f"no name of ENS: {text[:100]!r}: {error.general_info[:200]}", advice=advice
        ) from None
    if any(len(label.encode()) > _LABEL_BYTES for label in labels):
        raise InvalidRequest(f"a label of a name is over {_LABEL_BYTES} bytes")
    return EnsName(text, labels)


def load_tables() -> None:
    """Load what names are normalised by now: it takes a sixth of a second, in which nothing
    else runs."""
    import ens_normalize  # noqa: F401


def is_normalized(text: str) -> bool:
    """Whether a text is a name in its one form."""
    try:
        return str(normalize(text)) == text
    except InvalidRequest:
        return False


def beautified(name: EnsName) -> str:
    """The name as people should see it: emoji in colour, ``Ξ`` for ``ξ``."""
    from ens_normalize import ens_beautify

    shown: str = ens_beautify(str(name))
    return shown
