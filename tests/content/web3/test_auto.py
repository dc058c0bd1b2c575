from __future__ import annotations

import json
from contextlib import suppress

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from walkaway.content.web3.answer import Answer
from walkaway.content.web3.arguments import Argument, Name, read_argument
from walkaway.content.web3.auto import read_auto
from walkaway.content.web3.data_url import read_data_url
from walkaway.content.web3.manual import manual_call, read_manual
from walkaway.content.web3.returned import read_kinds, read_values
from walkaway.errors import InvalidRequest, ProofError, TooMuch, Unsupported, WalkawayError
from walkaway.limits import LIMITS, Limits
from walkaway.proofs.execution.keccak import keccak256

TYPES = (
    "(uint8,int16,bool,address,bytes3,bytes,string,(uint256,string)[],uint8[2],(bytes,bool)[1][])"
)
KINDS = TYPES[1:-1]
SAID = encode(
    [
        "uint8",
        "int16",
        "bool",
        "address",
        "bytes3",
        "bytes",
        "string",
        "(uint256,string)[]",
        "uint8[2]",
        "(bytes,bool)[1][]",
    ],
    [
        255,
        -32768,
        False,
        b"\xab" * 20,
        b"abc",
        b"",
        "ü",
        [(1, "x"), (0, "")],
        [1, 2],
        [[(b"\x01", True)]],
    ],
)
VALUES = [
    "0xff",
    "-0x8000",
    False,
    "0x" + "ab" * 20,
    "0x616263",
    "0x",
    "ü",
    [["0x1", "x"], ["0x0", ""]],
    ["0x1", "0x2"],
    [[["0x01", True]]],
]


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("0", Argument("uint256", 0)),
        (str(2**256 - 1), Argument("uint256", 2**256 - 1)),
        ("uint8!255", Argument("uint8", 255)),
        ("int8!-128", Argument("int8", -128)),
        ("int!127", Argument("int256", 127)),
        ("0x", Argument("bytes", b"")),
        ("0xAb", Argument("bytes", b"\xab")),
        ("bytes!0x" + "11" * 32, Argument("bytes", b"\x11" * 32)),
        ("bytes2!0x0102", Argument("bytes2", b"\1\2")),
        ("true", Argument("bool", True)),
        ("string!", Argument("string", "")),
        ("string!true", Argument("string", "true")),
        ("string!a!b", Argument("string", "a!b")),
        ("a.b.eth", Argument("address", Name("a.b.eth"))),
        ("address!app.eth", Argument("address", Name("app.eth"))),
    ],
)
def test_an_argument_is_of_the_type_that_is_written_or_the_first_that_fits(
    text: str, argument: Argument
) -> None:
    assert read_argument(text) == argument
    assert type(read_argument(text).value) is type(argument.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        str(2**256),
        "1" * 79,
        "uint8!256",
        "int8!-129",
        "int8!128",
        "uint0!1",
        "uint512!1",
        "uint!٣",
        "bool8!true",
        "string4!a",
        "address20!0x" + "11" * 20,
        "address!0x" + "11" * 19,
        "address!",
        "address!a..eth",
        "bytes0!0x",
        "0x123",
        "tuple!1",
        "uint256[]!1",
        "!1",
    ],
)
def test_what_is_no_argument_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_argument(text)


def test_a_call_is_the_method_with_its_arguments() -> None:
    call = read_auto("/f$_1/1/app.eth/string!x/address!app.eth?unknown=1")
    assert call.names == ("app.eth",)
    address = b"\x07" * 20
    expected = encode(["uint256", "address", "string", "address"], [1, address, "x", address])
    selector = keccak256(b"f$_1(uint256,address,string,address)")[:4]
    assert call.calldata({"app.eth": address}) == selector + expected


def test_no_path_is_a_call_without_data() -> None:
    for target in ("", "/", "?returns=()", "/?mime.type=html"):
        assert read_auto(target).calldata({}) == b""
    assert read_auto("/?mime.type=html").media_type == "text/html"


@pytest.mark.parametrize("target", ["//", "/1f", "/f-g", "/f/", "/%66", "/f%zz", "/f?a=%ff"])
def test_what_stands_for_no_call_is_refused(target: str) -> None:
    with pytest.raises(InvalidRequest):
        read_auto(target)


@pytest.mark.parametrize("name", ["_blockNumber", "_gasLimit", "_from"])
def test_what_asks_for_another_run_is_refused(name: str) -> None:
    with pytest.raises(Unsupported, match=name):
        read_auto(f"/f?{name}=1")


def test_arguments_are_counted() -> None:
    assert len(read_auto("/f" + "/1" * LIMITS.web3_arguments).arguments) == LIMITS.web3_arguments
    with pytest.raises(TooMuch):
        read_auto("/f" + "/1" * (LIMITS.web3_arguments + 1))
    names = "".join(f"/{number}.eth" for number in range(LIMITS.web3_names))
    assert len(read_auto(f"/f{names}/0.eth").names) == LIMITS.web3_names
    with pytest.raises(TooMuch, match="names"):
        read_auto(f"/f{names}/another.eth")


@pytest.mark.parametrize(
    ("target", "media_type"),
    [
        ("/f/string!a.svg", "image/svg+xml"),
        ("/f/string!a.SVG", "image/svg+xml"),
        ("/f/string!a.nothing", None),
        ("/f/string!a.svg/1", None),
        ("/f/string!a.svg%20", None),
        ("/f/string!a.tar.gz", None),
        ("/f/a.zip", None),
        ("/f?mime.content=text/plain;charset=utf-8", "text/plain;charset=utf-8"),
        ("/f/string!a.svg?mime.other=1", "image/svg+xml"),
        ("/f?returns=&mime.type=png", "image/png"),
    ],
)
def test_the_media_type(target: str, media_type: str | None) -> None:
    assert read_auto(target).media_type == media_type


@pytest.mark.parametrize(
    "query", ["mime.content=html", "mime.content=a/b%0d%0aX:y", "mime.type=a.b", "mime.type="]
)
def test_a_media_type_that_is_none_is_refused(query: str) -> None:
    with pytest.raises(InvalidRequest):
        read_auto(f"/f?{query}")


def test_what_is_given_back_is_bytes_or_json() -> None:
    page = encode(["bytes"], [b"<p>"])
    assert read_auto("/f").read(page) == Answer(b"<p>")
    raw = read_auto("/f?returns=()").read(b"\x01\xff")
    assert raw == Answer(b'["0x01ff"]', "application/json")
    typed = read_auto(f"/f?returns={TYPES}").read(SAID)
    assert json.loads(typed.body) == VALUES
    assert b", " not in typed.body
    assert "ü".encode() in typed.body


@pytest.mark.parametrize("cut", [0, 1, 31, 33, len(SAID) // 2, len(SAID) - 40])
def test_values_that_are_cut_short_are_refused(cut: int) -> None:
    with pytest.raises(ProofError):
        read_values(read_kinds(TYPES), SAID[:cut])


@pytest.mark.parametrize(
    ("types", "word"),
    [
        ("(uint8)", (256).to_bytes(32)),
        ("(int8)", (128).to_bytes(32)),
        ("(int8)", (2**256 - 129).to_bytes(32)),
        ("(bool)", (2).to_bytes(32)),
        ("(address)", b"\1".ljust(32, b"\0")),
        ("(bytes4)", b"\1".rjust(32, b"\0")),
        ("(string)", (32).to_bytes(32) + (1).to_bytes(32) + b"\xff" * 32),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_refused(types: str, word: bytes) -> None:
    with pytest.raises(ProofError):
        read_values(read_kinds(types), word)


@pytest.mark.parametrize(
    "types",
    [
        "",
        "uint256",
        "(",
        "(uint256",
        "(uint256))",
        "(uint256)[]",
        "((uint256)",
        "(,)",
        "(())",
        "(uint256,)",
        "(uint256 )",
        "(uint256[0])",
        "(uint256[01])",
        "(uint256[)",
        "(uint7)",
        "(bytes33)",
        "(function)",
        "(string8)",
        "(bool256)",
        "([])",
        "(uint256()",
    ],
)
def test_what_are_no_types_is_refused(types: str) -> None:
    with pytest.raises(InvalidRequest):
        read_kinds(types)


def test_types_are_counted_and_nest_so_deep() -> None:
    limits = Limits(web3_types=3, web3_type_depth=2)
    assert len(read_kinds("(bool,bool,bool)", limits)) == 3
    assert read_kinds("(bool[][])", limits)
    assert read_kinds("(((bool)))", limits)
    with pytest.raises(TooMuch, match="over 3 types"):
        read_kinds("(bool,bool,bool,bool)", limits)
    for types in ("(bool[][][])", "((((bool))))", "(((bool[])))"):
        with pytest.raises(TooMuch, match="over 2 deep"):
            read_kinds(types, Limits(web3_type_depth=2))


def test_values_whose_offsets_overlap_end_early() -> None:
    # Each array has 64 elements, all of them the next; the last is what ends it.
    kinds = read_kinds("(uint256[][][][][][])")
    layers = [(32).to_bytes(32)]
    for _ in range(6):
        layers += [(64).to_bytes(32), *[(64 * 32).to_bytes(32)] * 64]
    with pytest.raises(TooMuch):
        read_values(kinds, b"".join(layers) + bytes(64))
    with pytest.raises(TooMuch):
        read_values(read_kinds("(uint256[200000])"), bytes(32 * 200_000))
    long = encode(["bytes"], [bytes(1000)])[32:]
    many = (32).to_bytes(32) + (100).to_bytes(32) + (3200).to_bytes(32) * 100 + long
    assert read_values(read_kinds("(bytes[])"), many) == [["0x" + bytes(1000).hex()] * 100]
    with pytest.raises(TooMuch):
        read_values(read_kinds("(bytes[])"), many, Limits(web3_answer_bytes=99_999))


@given(
    st.sampled_from([TYPES, "(uint256[][])", "((string)[2])", "(bytes[],bool)"]),
    st.binary(max_size=400)
    | st.lists(st.integers(0, 200)).map(
        lambda words: b"".join(word.to_bytes(32) for word in words)
    ),
)
def test_any_bytes_are_values_or_refused(types: str, data: bytes) -> None:
    with suppress(ProofError, TooMuch):
        json.dumps(read_values(read_kinds(types), data, Limits(web3_values=500)))


@given(st.text(alphabet="/?&=()[],!%.abcuint0123456789xé") | st.text())
def test_any_target_is_a_call_or_refused(text: str) -> None:
    with suppress(WalkawayError):
        call = read_auto(text)
        assert isinstance(call.calldata(dict.fromkeys(call.names, bytes(20))), bytes)


@pytest.mark.parametrize(
    ("url", "body", "media_type"),
    [
        (b"data:,a%20b", b"a b", "text/plain;charset=US-ASCII"),
        (b"DATA:text/html;charset=utf-8,<p>,", b"<p>,", "text/html;charset=utf-8"),
        (b"data:;charset=x;base64,YQ==", b"a", "text/plain;charset=x"),
        (b"data:image/png;base64,%59Q==", b"a", "image/png"),
        ("data:text/plain,é".encode(), "é".encode(), "text/plain"),
    ],
)
def test_data_urls(url: bytes, body: bytes, media_type: str) -> None:
    assert read_data_url(url) == Answer(body, media_type)


@pytest.mark.parametrize(
    "url",
    [b"", b"<svg>", b"data:text/html", b"data:a\r\nb,c", b"data:;base64,Y", b"data:;base64,*"],
)
def test_what_is_no_data_url_is_refused(url: bytes) -> None:
    with pytest.raises(ProofError):
        read_data_url(url)


@pytest.mark.parametrize(
    ("target", "data", "media_type"),
    [
        ("", b"/", "text/html"),
        ("?a.png", b"?a.png", "text/html"),
        ("/a.b/c", b"/a.b/c", "text/html"),
        ("/a.js?b.png", b"/a.js?b.png", "text/javascript"),
        ("/.css", b"/.css", "text/css"),
        ("/a.%70ng", b"/a.%70ng", "text/html"),
    ],
)
def test_manual_mode_is_path_and_query_as_written(
    target: str, data: bytes, media_type: str
) -> None:
    assert manual_call(target) == data
    page = encode(["bytes"], [b"x"])
    assert read_manual(target, page) == Answer(b"x", media_type)
    with pytest.raises(ProofError):
        read_manual(target, page[:-32])
