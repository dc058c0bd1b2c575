"""Tags: names and values that are signed with the content, in the order written.

ANS-104, 1.3 and 2.1; in data items they are in Avro's binary encoding, an array of
records of two byte strings. Their raw bytes are what is signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from walkaway.errors import ProofError
from walkaway.limits import LIMITS

__all__ = ["Tag", "content_type", "decode_tags", "encode_tags", "is_bundle", "value_of"]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag, as bytes; mostly UTF-8, but nothing holds anybody to that."""

    name: bytes
    value: bytes


def value_of(tags: tuple[Tag, ...], name: str) -> str | None:
    """The value of the first tag of a name, in any case of ASCII; None where none is text."""
    wanted = name.lower().encode()
    for tag in tags:
        if tag.name.lower() == wanted:
            return _text(tag.value)
    return None


def content_type(tags: tuple[Tag, ...]) -> str | None:
    """The media type that the owner gave: printable ASCII, so that it fits into a header."""
    value = value_of(tags, "Content-Type")
    return value if value and value.isascii() and value.isprintable() else None


def is_bundle(tags: tuple[Tag, ...]) -> bool:
    """Whether the content is a bundle of ANS-104 (1.1)."""
    return (value_of(tags, "Bundle-Format"), value_of(tags, "Bundle-Version")) == (
        "binary",
        "2.0.0",
    )


def encode_tags(tags: tuple[Tag, ...]) -> bytes:
    """Tags in Avro: one block, and none where there are no tags."""
    if not tags:
        return b""
    parts = [_long(len(tags))]
    for tag in tags:
        parts += (_long(len(tag.name)), tag.name, _long(len(tag.value)), tag.value)
    return b"".join((*parts, _long(0)))


def decode_tags(data: bytes) -> tuple[Tag, ...]:
    """Read tags in Avro, in one block or several; no bytes at all are no tags.

    Raises `ProofError`, also where ANS-104 forbids a tag: empty, too long, too many.
    """
    if len(data) > LIMITS.arweave_tag_bytes:
        raise ProofError(f"tags are over {LIMITS.arweave_tag_bytes} bytes", got=len(data))
    if not data:
        return ()
    reader = _Reader(data)
    tags: list[Tag] = []
    for _ in reader.members():
        tags.append(
            Tag(
                reader.string("name", LIMITS.arweave_tag_name_bytes),
                reader.string("value", LIMITS.arweave_tag_value_bytes),
            )
        )
        if len(tags) > LIMITS.arweave_tags:
            raise ProofError(f"there are over {LIMITS.arweave_tags} tags")
    reader.finish()
    return tuple(tags)


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _long(value: int) -> bytes:
    value <<= 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


class _Reader:
    """Reads Avro's binary encoding from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def members(self) -> Iterator[None]:
        """Once for each member of an array, to be read before the next is asked for."""
        while count := self._long():
            size = self._long() if count < 0 else None
            begin = self._at
            for _ in range(abs(count)):
                yield
            if size is not None and self._at - begin != size:
                raise ProofError(
                    "a block of tags is not as long as said", expected=size, got=self._at - begin
                )

    def string(self, name: str, limit: int) -> bytes:
        length = self._long()
        if not 1 <= length <= limit:
            raise ProofError(f"a tag's {name} is not of 1 to {limit} bytes", got=length)
        value = self._data[self._at : self._at + length]
        self._at += length
        if len(value) != length:
            raise ProofError("tags are cut short")
        return value

    def finish(self) -> None:
        if self._at != len(self._data):
            raise ProofError("bytes stand behind the tags", got=len(self._data) - self._at)

    def _long(self) -> int:
        """A zigzag integer of at most four bytes, which is more than any limit here."""
        value = 0
        for place, byte in enumerate(self._data[self._at : self._at + 4]):
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                if place and not byte:
                    raise ProofError("an integer in tags is not in its shortest form")
                self._at += place + 1
                return value >> 1 ^ -(value & 1)
        raise ProofError("an integer in tags is cut short or too great")
