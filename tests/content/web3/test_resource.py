from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from walkaway.content.web3.answer import Answer
from walkaway.content.web3.encodings import decoder_of
from walkaway.content.web3.resource import KEPT_HEADERS, read_resource, resource_call
from walkaway.errors import InvalidRequest, ProofError, TooMuch, Unsupported
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.execution.keccak import keccak256

TYPES = ["string[]", "(string,string)[]"]
ANSWER = ["uint16", "bytes", "(string,string)[]"]


def answer(*headers: tuple[str, str], status: int = 200, body: bytes = b"x") -> Answer:
    return read_resource(encode(ANSWER, [status, body, list(headers)]))


@pytest.mark.parametrize(
    ("target", "resource", "params"),
    [
        ("", [], []),
        ("//", [], []),
        ("/a//b/", ["a", "b"], []),
        ("?a", [], [("a", "")]),
        ("/%2F%3f?a+b=%2B+&&a=1&a=2", ["/?"], [("a b", "+ "), ("a", "1"), ("a", "2")]),
    ],
)
def test_a_request_holds_segments_and_parameters(
    target: str, resource: list[str], params: list[tuple[str, str]]
) -> None:
    data = resource_call(target)
    assert data[:4] == keccak256(b"request(string[],(string,string)[])")[:4]
    segments, fields = decode(TYPES, data[4:])
    assert (list(segments), list(fields)) == (resource, params)


@pytest.mark.parametrize("target", ["/%", "/%ff", "/a?x=%ff"])
def test_what_cannot_be_unescaped_is_refused(target: str) -> None:
    with pytest.raises(InvalidRequest):
        resource_call(target)


def test_headers_are_kept_or_read_or_left_out() -> None:
    found = answer(
        ("Content-Type", " text/html "),
        ("LOCATION", "web3://app.eth/"),
        ("Content-Security-Policy", "default-src 'self'"),
        ("Content-Encoding", "GZIP"),
        ("web3-next-chunk", "/2"),
        ("Cache-Control", "public, Max-Age=60"),
        ("Set-Cookie", "a=b"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "99"),
        ("Access-Control-Allow-Origin", "*"),
        ("Service-Worker-Allowed", "/"),
        ("Link", "<a>; rel=next"),
        ("Link", "<b>; rel=prev"),
        status=404,
    )
    headers = (
        ("location", "web3://app.eth/"),
        ("content-security-policy", "default-src 'self'"),
        ("link", "<a>; rel=next"),
        ("link", "<b>; rel=prev"),
    )
    assert found == Answer(b"x", "text/html", 404, headers, "gzip", "/2", 60.0)
    assert "set-cookie" not in KEPT_HEADERS
    assert answer() == Answer(b"x")
    assert answer(("content-encoding", "identity"), ("Content-Type", "")) == Answer(b"x")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("max-age=0", 0.0),
        ('max-age="5"', 5.0),
        ("no-store, max-age=5", 0.0),
        ("no-cache", 0.0),
        ("max-age=-1", None),
        ("max-age=99999999999", None),
        ("evm-events", None),
        ("", None),
    ],
)
def test_how_long_a_page_is_fresh(said: str, seconds: float | None) -> None:
    assert answer(("Cache-Control", said)).seconds == seconds


@pytest.mark.parametrize("status", [0, 100, 101, 199, 206, 304, 299, 600, 65535])
def test_a_status_that_no_page_has_is_refused(status: int) -> None:
    with pytest.raises(ProofError, match="status"):
        answer(status=status)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Location", "a\r\nSet-Cookie: b"),
        ("Location", "a\nb"),
        ("X-Any", "\0"),
        ("X-Any", "é"),
        ("X Any", "a"),
        ("X-Any:", "a"),
        ("", "a"),
        ("é", "a"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(name: str, value: str) -> None:
    with pytest.raises(ProofError, match="header"):
        answer((name, value))


def test_headers_are_counted_and_held_short() -> None:
    most = [("a", "b")] * LIMITS.web3_headers
    assert answer(*most).headers == ()
    assert answer(("a", "b" * LIMITS.web3_header_bytes)).headers == ()
    for headers in ([*most, ("a", "b")], [("a", "b" * (LIMITS.web3_header_bytes + 1))]):
        with pytest.raises(ProofError):
            answer(*headers)


@given(
    st.binary(max_size=300)
    | st.binary(max_size=64).map(
        lambda tail: encode(ANSWER, [200, b"x", [("a", "b")]])[:-64] + tail
    )
)
def test_any_bytes_are_an_answer_or_refused(output: bytes) -> None:
    with suppress(ProofError):
        read_resource(output)


LINES = b"".join(b"line %d\n" % number for number in range(10_000))


def decoded(encoding: str | None, *chunks: bytes, limits: Limits = LIMITS) -> bytes:
    decoder = decoder_of(encoding, limits)
    pieces = [piece for chunk in chunks for piece in decoder.feed(chunk)]
    decoder.end()
    return b"".join(pieces)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "br": brotli.compress,
}


@pytest.mark.parametrize("encoding", PACKED)
def test_a_coding_is_undone_however_it_is_cut(encoding: str) -> None:
    packed = PACKED[encoding](LINES)
    assert decoded(encoding, packed) == LINES
    assert (
        decoded(encoding, *(packed[at : at + 1000] for at in range(0, len(packed), 1000))) == LINES
    )
    assert decoded(encoding, b"", packed, b"") == LINES
    for cut in (b"", packed[:5], packed[:-1], packed[: len(packed) // 2]):
        with pytest.raises(ProofError, match="cut short"):
            decoded(encoding, cut)
    with pytest.raises(ProofError, match=r"no (gzip|brotli)"):
        decoded(encoding, b"\xff" * 100)
    for more in (packed + b"more", packed + b"\0"):
        with pytest.raises(ProofError):
            decoded(encoding, more)
    with pytest.raises(ProofError):
        decoded(encoding, packed, b"more")


def test_gzip_may_have_members() -> None:
    assert decoded("gzip", gzip.compress(b"a") + gzip.compress(b"b")) == b"ab"
    assert decoded("gzip", gzip.compress(b"a"), gzip.compress(b"b")) == b"ab"
    broken = bytearray(gzip.compress(LINES))
    broken[-8] ^= 1
    with pytest.raises(ProofError):
        decoded("gzip", bytes(broken))


def test_no_coding_is_the_bytes_themselves_up_to_a_size() -> None:
    assert decoded(None, b"a", b"", b"b") == b"ab"
    with pytest.raises(TooMuch):
        decoded(None, b"ab", b"cd", limits=Limits(web3_page_bytes=3))


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_bomb_ends_where_the_room_does(encoding: str) -> None:
    bomb = PACKED[encoding](bytes(8 << 20))
    assert len(bomb) < 20_000
    limits = Limits(web3_decoded_bytes=1 << 20)
    pieces = decoder_of(encoding, limits).feed(bomb)
    given = list[int]()
    with pytest.raises(TooMuch):
        given.extend(map(len, pieces))
    assert sum(given) <= 1 << 20
    assert max(map(len, decoder_of(encoding).feed(bomb))) <= 1 << 20
    assert len(decoded(encoding, bomb)) == 8 << 20


@pytest.mark.parametrize("encoding", ["deflate", "zstd", "gzip, br", "compress"])
def test_another_coding_is_refused(encoding: str) -> None:
    with pytest.raises(Unsupported, match="gzip and br are"):
        decoder_of(encoding)


@given(st.sampled_from(["gzip", "br"]), st.lists(st.binary(max_size=50)))
def test_any_bytes_are_decoded_or_refused(encoding: str, chunks: list[bytes]) -> None:
    with suppress(ProofError):
        decoded(encoding, *chunks)
