"""Headers of transactions: JSON in the one form in which nodes write it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proofs.arweave.making import CONTENT_TYPE, RSA_OWNER, make_header
from walkaway.errors import ProofError, Unsupported, WalkawayError
from walkaway.limits import LIMITS
from walkaway.proofs.arweave import base64url
from walkaway.proofs.arweave.header import read_header
from walkaway.proofs.arweave.tags import Tag

SIGNATURE = base64url.encode(bytes(512))
HEADER = make_header(bytes(32), 7, signature=SIGNATURE)


def read(**changed: object) -> object:
    """The header with members changed; with ``None``, left out."""
    members = {name: value for name, value in (HEADER | changed).items() if value is not None}
    return read_header(json.dumps(members).encode())


def test_a_header_is_read() -> None:
    header = read_header(json.dumps(HEADER).encode())
    assert (header.format, header.owner, header.target) == (2, RSA_OWNER, b"")
    assert (header.quantity, header.reward, header.denomination) == (0, 65595508, 0)
    assert (header.last_tx, header.tags) == (bytes(48), CONTENT_TYPE)
    assert (header.data_size, header.data_root, header.signature) == (7, bytes(32), bytes(512))


def test_what_is_not_signed_is_passed_over() -> None:
    assert read(id="another", data="AAAA", block={"height": 1}, data_tree=[]) == read()


def test_data_of_format_1_have_no_root_and_no_size() -> None:
    assert read(format=1, data_size="9", data_root="AA") == read(
        format=1, data_size=None, data_root=None
    )


@pytest.mark.parametrize("form", [None, 0, 3, "2", True, 2.0, [2]])
def test_other_formats_are_not_read(form: object) -> None:
    with pytest.raises(Unsupported, match="format"):
        read(format=form)


@pytest.mark.parametrize("owner", [b"", bytes(33), RSA_OWNER[1:], RSA_OWNER + b"\0"])
def test_keys_of_other_sizes_are_not_read(owner: bytes) -> None:
    """Where the key is recovered from the signature, an id would name any content."""
    with pytest.raises(Unsupported, match="one content only under an RSA key"):
        read(owner=base64url.encode(owner))


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        ("target is not of its length", {"target": "AAAA"}),
        ("last_tx is not of its length", {"last_tx": "AAAA"}),
        ("data_root is not of its length", {"data_root": "AAAA"}),
        ("signature is not of its length", {"signature": "AAAA"}),
        ("signature is not of its length", {"signature": ""}),
        ("lacks its target", {"target": None}),
        ("lacks its signature", {"signature": 1}),
        ("lacks its quantity", {"quantity": 0}),
        ("lacks its data_size", {"data_size": 7}),
        ("not in base64url", {"target": "A" * 41 + "+/"}),
        ("bits left over", {"target": "A" * 42 + "B"}),
        ("quantity is not a decimal", {"quantity": "00"}),
        ("quantity is not a decimal", {"quantity": "-1"}),
        ("quantity is not a decimal", {"quantity": "1_0"}),
        ("quantity is not a decimal", {"quantity": "1\n"}),
        ("quantity is not a decimal", {"quantity": "٣"}),
        ("reward is not a decimal", {"reward": "1" * 22}),
        ("data_size is not a decimal", {"data_size": ""}),
        ("denomination is not a decimal", {"denomination": "1.0"}),
        ("data are over", {"data_size": str(LIMITS.arweave_data_bytes + 1)}),
        ("lacks its tags", {"tags": None}),
        ("lacks its tags", {"tags": {}}),
        ("tag is not an object", {"tags": ["a"]}),
        ("lacks its name", {"tags": [{"value": ""}]}),
        ("lacks its value", {"tags": [{"name": "", "value": 1}]}),
        ("over 2048 tags", {"tags": [{"name": "", "value": ""}] * 2049}),
        ("tags are over 2048", {"tags": [{"name": "AAAA", "value": "A" * 2728}]}),
    ],
)
def test_each_field_is_held_to_its_form(fault: str, changed: dict[str, object]) -> None:
    with pytest.raises(ProofError, match=fault):
        read(**changed)


def test_tags_of_just_the_limit_are_read() -> None:
    value = b"v" * (LIMITS.arweave_header_tag_bytes - 1)
    tag = {"name": base64url.encode(b"n"), "value": base64url.encode(value)}
    assert read(tags=[tag]) != read()
    header = read_header(json.dumps(HEADER | {"tags": [tag]}).encode())
    assert header.tags == (Tag(b"n", value),)


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        ("not JSON", b""),
        ("not JSON", b"x"),
        ("not JSON", b"\xff"),
        ("not JSON", b"\xef\xbb\xbf{}"),
        ("not JSON", b'{"n": ' + b"1" * 5000 + b"}"),
        ("nests too deep", b"[" * 9 + b"]" * 9),
        ("nests too deep", b"[" * 90_000),
        ("not an object", b"[]"),
        ("not an object", b"null"),
    ],
)
def test_what_is_no_object_is_refused(fault: str, data: bytes) -> None:
    with pytest.raises(ProofError, match=fault):
        read_header(data)


def test_long_headers_are_refused() -> None:
    with pytest.raises(ProofError, match="a header is over"):
        read_header(bytes(LIMITS.arweave_header_bytes + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.sampled_from([*HEADER, "denomination"]), JSON)
def test_garbage_raises_nothing_outside_the_tree(name: str, value: object) -> None:
    try:
        read(**{name: value})
    except WalkawayError:
        return
