"""Content paths as names hold them."""

from __future__ import annotations

import pytest

from tests.names.changing import NEW, OLD, THIRD
from walkaway.errors import ProofError
from walkaway.names.pointer import Pointer, parse_pointer


@pytest.mark.parametrize(
    "pointer",
    [
        OLD,
        NEW,
        THIRD,
        Pointer("ipfs", OLD.root, ("\u00e4 b", "a\0b", "..")),
        Pointer("ar", "A" * 43, ("a",)),
    ],
)
def test_a_pointer_is_read_as_it_was_written(pointer: Pointer) -> None:
    assert parse_pointer(str(pointer)) == pointer


@pytest.mark.parametrize(
    "text",
    ["", "/", "/ipfs", "/ipfs/", "ipfs/" + OLD.root, "/ipfs/nope", "/ar/short", "/ipns/\ud800.eth"],
)
def test_what_is_no_content_path_is_refused(text: str) -> None:
    with pytest.raises(ProofError) as refused:
        parse_pointer(text)
    str(refused.value).encode()
