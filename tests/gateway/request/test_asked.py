"""What a request asks for, read from its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from walkaway.errors import InvalidRequest
from walkaway.gateway.answers.disposition import content_disposition
from walkaway.gateway.answers.headers import content_location, ipfs_uri
from walkaway.gateway.request.asked import Asked, read_path, read_wish
from walkaway.gateway.request.formats import Format
from walkaway.gateway.request.mount import Mount


@pytest.mark.parametrize(
    ("raw", "path", "slash"),
    [
        ("", (), True),
        ("/", (), True),
        ("/a", ("a",), False),
        ("/a/", ("a",), True),
        ("//a//b", ("a", "b"), False),
        ("/a%2Fb", ("a", "b"), False),
        ("/a%2F..%2Fplain%2Etxt", ("plain.txt",), False),
        ("/a/./b/..", ("a",), True),
        ("/a/.", ("a",), True),
        ("/%C4%85/%c4%99", ("ą", "ę"), False),
        ("/a%252Fb", ("a%2Fb",), False),
        ("/a+b?", ("a+b?",), False),
    ],
)
def test_paths(raw: str, path: tuple[str, ...], slash: bool) -> None:
    assert read_path(raw) == (path, slash)


@pytest.mark.parametrize("raw", ["/..", "/a/../..", "/%2e%2e/x", "/%ff", "/a%00b"])
def test_paths_that_lead_nowhere(raw: str) -> None:
    with pytest.raises(InvalidRequest):
        read_path(raw)


SEGMENT = st.text(min_size=1).filter(lambda text: "/" not in text and text not in (".", ".."))


@given(st.lists(SEGMENT, max_size=4))
def test_a_link_leads_where_it_was_made_for(path: list[str]) -> None:
    mount = Mount("path", "ipfs", "bafkqaaa", "localhost", "localhost")
    try:
        href = mount.href(path)
        read = read_path(href)[0]
    except (UnicodeEncodeError, InvalidRequest):
        assert any("\0" in s or not s.isprintable() for s in path)
        return
    assert read == ("ipfs", "bafkqaaa", *path)


def test_a_wish() -> None:
    wish = read_wish(
        "GET",
        b"/ipfs/x",
        b"format=raw&filename=a%20b.txt&download=True&format=car&odd",
        [(b"cache-control", b"no-cache, Only-If-Cached"), (b"accept", b"*/*")],
    )
    assert wish.negotiated.format is Format.RAW, "the first of a name counts"
    assert wish.filename == "a b.txt"
    assert wish.download
    assert wish.only_if_cached
    plain = read_wish("HEAD", b"/", b"", [])
    assert not plain.download
    assert not plain.only_if_cached
    assert plain.filename == ""


def test_parameters_without_end_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="64"):
        read_wish("GET", b"/", b"&".join([b"a=1"] * 65), [])


@pytest.mark.parametrize(
    ("kind", "root", "path", "slash", "uri"),
    [
        ("path", "bafkqaaa", (), False, "ipfs://bafkqaaa"),
        ("path", "bafkqaaa", (), True, "ipfs://bafkqaaa/"),
        ("path", "bafkqaaa", ("sub dir", "file!'()*~.txt"), False,
         "ipfs://bafkqaaa/sub%20dir/file%21%27%28%29%2A~.txt"),
        ("path", "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", ("a#b",), False,
         "ipfs://bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354/a%23b"),
    ],
)  # fmt: skip
def test_the_one_form_of_an_address(
    kind: str, root: str, path: tuple[str, ...], slash: bool, uri: str
) -> None:
    mount = Mount("path", "ipfs", root, "localhost", "localhost")
    assert ipfs_uri(Asked(mount, path, slash, read_wish("GET", b"/", b"", []))) == uri


def test_names_keep_their_own_form() -> None:
    wish = read_wish("GET", b"/", b"", [])
    dns = Mount("name", "ipns", "example.org", "example-org.localhost", "localhost")
    assert ipfs_uri(Asked(dns, ("a",), True, wish)) == "ipns://example.org/a/"
    peer = Mount("path", "ipns", "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK", "h", "h")
    key = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
    assert ipfs_uri(Asked(peer, (), False, wish)) == f"ipns://{key}"


def test_where_caches_find_the_same_format() -> None:
    wish = read_wish(
        "GET", b"/x", b"filename=a&format=json&b=1", [(b"accept", b"application/vnd.ipld.raw")]
    )
    mount = Mount("path", "ipfs", "bafkqaaa", "h", "h")
    told = content_location(Asked(mount, ("a b",), False, wish))
    assert told == "/ipfs/bafkqaaa/a%20b?format=json&filename=a&b=1"


@pytest.mark.parametrize(
    ("attachment", "filename", "value"),
    [
        (False, "", "inline"),
        (True, "a.txt", 'attachment; filename="a.txt"'),
        (True, "żół.tar",
         "attachment; filename=\"___.tar\"; filename*=UTF-8''%C5%BC%C3%B3%C5%82.tar"),
        (False, 'a"b\\c/d', "inline; filename=\"a_b_c_d\"; filename*=UTF-8''a%22b%5Cc%2Fd"),
        (False, "a\r\nSet-Cookie: x\0", 'inline; filename="aSet-Cookie: x"'),
    ],
)  # fmt: skip
def test_names_to_save_under(attachment: bool, filename: str, value: str) -> None:
    assert content_disposition(attachment=attachment, filename=filename) == value


def test_a_name_to_save_under_has_an_end() -> None:
    assert len(content_disposition(attachment=True, filename="a" * 10_000)) < 300


def test_what_another_node_asks_has_all_the_marks_of_its_way() -> None:
    headers = [(b"cdn-loop", b"one, two"), (b"accept", b"*/*"), (b"cdn-loop", b"three")]
    assert read_wish("GET", b"/", b"", headers).through == ("one, two", "three")
    assert read_wish("GET", b"/", b"", headers[1:2]).through == ()
