from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from eth_abi.abi import decode, encode

from tests.content.web3.simulated import ADDRESS, REVERTED, Simulated, body, opened, say
from walkaway.content.budget import Budget
from walkaway.content.proven_file import Believed
from walkaway.content.web3.contracts import Web3Content
from walkaway.content.web3.url import read_url
from walkaway.errors import (
    InvalidRequest,
    NoSuchName,
    NoSuchPath,
    ProofError,
    TooMuch,
    Unproven,
    Unsupported,
)
from walkaway.evm.engine import Outcome
from walkaway.limits import LIMITS, Limits
from walkaway.names.ens.records import AddressRecord, EnsRecord, EnsValue, TextRecord
from walkaway.names.pointer import Pointer
from walkaway.names.resolution import Standing

PAGE = encode(["bytes"], [b"0123456789"])
HERE = f"web3://0x{ADDRESS.hex()}"
CONTRACT = TextRecord("contentcontract")
Names = dict[str, dict[EnsRecord, EnsValue]]
NAMED: Names = {"app.eth": {AddressRecord(): ADDRESS}}
Files = Mapping[tuple[str, ...], tuple[bytes, dict[str, str]]]


def ends_in(outcome: Outcome) -> Callable[[bytes], Outcome]:
    return lambda data: outcome


def resources(files: Files) -> Simulated:
    """A contract of ERC-5219 with these files; the last parameter is one more segment."""

    def request(data: bytes) -> Outcome:
        segments, params = decode(["string[]", "(string,string)[]"], data[4:])
        path = (*segments, *(value for _, value in params[-1:]))
        content, headers = files[path]
        fields = list(headers.items())
        return say(encode(["uint16", "bytes", "(string,string)[]"], [200, content, fields]))

    return Simulated(request, mode=b"5219")


async def test_a_page_in_one_part() -> None:
    calls = Simulated(lambda data: say(PAGE), mode=b"manual")
    file = await opened(calls, f"{HERE}/a.txt")
    assert (file.size, file.media_type, file.status) == (10, "text/plain", 200)
    assert (file.seconds, file.headers, file.believed) == (LIMITS.web3_fresh_seconds, (), ())
    assert await body(file) == b"0123456789"
    assert await body(file, 3) == b"3456789"
    assert await body(file, 3, 5) == b"34"
    assert await body(file, 0, 0) == b""
    assert calls.called == [(bytes(20), ADDRESS, b"/a.txt")]


@pytest.mark.parametrize(
    ("target", "is_folder"),
    [("", True), ("/", True), ("?a=/", True), ("/a/?b", True), ("/a", False), ("/a?b=/", False)],
)
async def test_links_need_a_slash_where_a_path_ends_with_one(target: str, is_folder: bool) -> None:
    calls = Simulated(lambda data: say(PAGE), mode=b"manual")
    assert (await opened(calls, f"{HERE}{target}")).is_folder is is_folder


async def test_who_calls_is_told_to_every_call() -> None:
    calls = Simulated(lambda data: say(PAGE), mode=b"manual")
    await opened(calls, f"{HERE.replace('//', '//0x' + '11' * 20 + '@')}/")
    assert [sender for sender, _, _ in calls.called] == [b"\x11" * 20]


async def test_a_tag_stands_for_the_bytes_and_how_they_are_given() -> None:
    async def tag(page: bytes, path: str = "/a.txt", number: int = 7) -> str:
        calls = Simulated(lambda data: say(encode(["bytes"], [page])), mode=b"manual")
        calls.numbers = [number]
        return (await opened(calls, HERE + path)).etag

    first = await tag(b"a")
    assert first == await tag(b"a", number=8)
    assert first != await tag(b"b")
    assert first != await tag(b"a", "/a.html")
    packed = gzip.compress(b"a")
    coded: Files = {("1",): (packed, {"Content-Encoding": "gzip"}), ("2",): (packed, {})}
    tags = {(await opened(resources(coded), f"{HERE}/{path}")).etag for path in "12"}
    assert len(tags) == 2
    files: Files = {("1",): (b"a", {"web3-next-chunk": "2"}), ("2",): (b"b", {})}
    calls = resources(files)
    calls.numbers = [7]
    chunked = (await opened(calls, f"{HERE}/1")).etag
    assert chunked == (await opened(calls, f"{HERE}/1")).etag
    assert chunked != (await opened(calls, f"{HERE}/1/")).etag, "where its chunks may be others"
    calls.numbers = [8]
    assert chunked != (await opened(calls, f"{HERE}/1")).etag


async def test_chunks_follow_on_each_other() -> None:
    files: Files = {
        ("1",): (b"abc", {"web3-next-chunk": "/2?n=3", "Content-Type": "text/css"}),
        ("2", "3"): (b"def", {"web3-next-chunk": f"{HERE}/4", "Content-Type": "text/html"}),
        ("4",): (b"", {"web3-next-chunk": "5"}),
        ("5",): (b"ghi", {"web3-next-chunk": ""}),
    }
    calls = resources(files)
    file = await opened(calls, f"{HERE}/1")
    assert (file.size, file.media_type) == (None, "text/css")
    assert len(calls.called) == 1
    assert await body(file) == b"abcdefghi"
    assert await body(file, 2, 7) == b"cdefg"
    asked = len(calls.called)
    assert await body(file, 0, 3) == b"abc"
    assert len(calls.called) == asked


async def test_a_coding_runs_through_all_chunks() -> None:
    packed = gzip.compress(b"line\n" * 100)
    files: Files = {
        ("1",): (packed[:9], {"web3-next-chunk": "2", "Content-Encoding": "gzip"}),
        ("2",): (packed[9:], {"Content-Encoding": "br"}),
        ("cut",): (packed[:9], {"Content-Encoding": "gzip"}),
        ("odd",): (packed, {"Content-Encoding": "zstd"}),
    }
    assert await body(await opened(resources(files), f"{HERE}/1")) == b"line\n" * 100
    with pytest.raises(ProofError, match="cut short"):
        await opened(resources(files), f"{HERE}/cut")
    with pytest.raises(Unsupported, match="zstd"):
        await opened(resources(files), f"{HERE}/odd")


async def test_what_a_coding_makes_long_is_not_measured() -> None:
    files: Files = {("1",): (gzip.compress(bytes(5000)), {"Content-Encoding": "gzip"})}
    for most, size in ((5000, 5000), (4999, None)):
        limits = Limits(web3_measured_bytes=most)
        file = await opened(resources(files), f"{HERE}/1", limits)
        assert file.size == size
        assert await body(file) == bytes(5000)
        assert await body(file, 4998) == bytes(2)
    plain: Files = {("1",): (bytes(5000), {})}
    file = await opened(resources(plain), f"{HERE}/1", Limits(web3_measured_bytes=9))
    assert file.size == 5000
    with pytest.raises(TooMuch):
        await opened(resources(files), f"{HERE}/1", Limits(web3_decoded_bytes=4999))


async def test_chunks_end_and_never_turn_back() -> None:
    files: Files = {
        ("circle",): (b"a", {"web3-next-chunk": "circle"}),
        ("away",): (b"a", {"web3-next-chunk": f"{HERE}:5/"}),
        ("none",): (b"a", {"web3-next-chunk": "http://example.com/"}),
        **{(str(n),): (b"a", {"web3-next-chunk": str(n + 1)}) for n in range(20)},
        ("20",): (b"a", {}),
    }
    calls = resources(files)
    for path, error in (("circle", ProofError), ("away", Unsupported), ("none", InvalidRequest)):
        file = await opened(calls, f"{HERE}/{path}")
        assert await body(file, 0, 1) == b"a"
        with pytest.raises(error):
            await body(file)
    assert await body(await opened(calls, f"{HERE}/0", Limits(web3_chunks=21))) == b"a" * 21
    with pytest.raises(TooMuch, match="20 chunks"):
        await body(await opened(calls, f"{HERE}/0", Limits(web3_chunks=20)))
    with pytest.raises(TooMuch, match="over 20 bytes"):
        await body(await opened(calls, f"{HERE}/0", Limits(web3_page_bytes=20)))


async def test_a_chunk_that_fails_or_is_under_a_name_is_refused() -> None:
    files: Files = {
        ("1",): (b"a", {"web3-next-chunk": "web3://app.eth/3"}),
        ("2",): (b"a", {"web3-next-chunk": "3"}),
        ("3",): (b"b", {}),
    }
    calls = resources(files)
    calls.names = NAMED
    for url in (f"{HERE}/1", "web3://app.eth/1"):
        with pytest.raises(ProofError, match="goes on under a name"):
            await body(await opened(calls, url))
    assert await body(await opened(calls, "web3://app.eth/2")) == b"ab"
    file, page = await opened(calls, f"{HERE}/2"), calls.contract

    def fails(data: bytes) -> Outcome:
        third = page(data).output.find(b"b" + bytes(31)) > 0
        failed = encode(["uint16", "bytes", "(string,string)[]"], [500, b"", []])
        return say(failed) if third else page(data)

    calls.contract = fails
    with pytest.raises(ProofError, match="a chunk of a page failed"):
        await body(file)


async def test_a_chunk_of_a_contract_in_another_mode_is_refused() -> None:
    files: Files = {("1",): (b"a", {"web3-next-chunk": "2"}), ("2",): (b"b", {})}
    calls = resources(files)
    file = await opened(calls, f"{HERE}/1")
    calls.mode, page = b"manual", calls.contract
    calls.contract = lambda data: say(PAGE) if data == b"/2" else page(data)
    with pytest.raises(ProofError, match="ERC-7617"):
        await body(file)


async def test_what_fails_leads_nowhere() -> None:
    revert = replace(REVERTED, output=bytes.fromhex("08c379a0") + encode(["string"], ["no\n!"]))
    for outcome, said in (
        (REVERTED, "reverted$"),
        (revert, r"reverted: no\?!"),
        (replace(revert, output=revert.output[:8]), "reverted: 0x08c379a0"),
    ):
        with pytest.raises(NoSuchPath, match=said):
            await opened(Simulated(ends_in(outcome)), f"{HERE}/f")
    nothing = Simulated(lambda data: say(b""), empty=frozenset({ADDRESS}))
    with pytest.raises(NoSuchPath, match="there is no contract"):
        await opened(nothing, f"{HERE}/")
    nothing.empty = frozenset()
    with pytest.raises(ProofError, match="ABI"):
        await opened(nothing, f"{HERE}/")


async def test_a_contract_that_knows_no_modes_is_in_auto_mode() -> None:
    for output in (b"", b"manual".ljust(32, b"\0"), b"another".ljust(64, b"\0")):
        calls = Simulated(lambda data: say(PAGE), answers_mode=replace(REVERTED, output=output))
        assert (await opened(calls, f"{HERE}/")).media_type is None
        assert calls.called[0][2] == b""


async def test_what_fails_for_want_of_gas_proves_nothing() -> None:
    most = LIMITS.call_gas
    burnt = replace(REVERTED, gas_before_refund=most // 2 + 1)
    out = replace(REVERTED, halt="out of gas")
    opcode = replace(REVERTED, halt="invalid opcode", gas_before_refund=most)
    for outcome in (burnt, out, opcode):
        with pytest.raises(Unproven, match="want of more"):
            await opened(Simulated(ends_in(outcome)), f"{HERE}/f")
        with pytest.raises(Unproven, match="want of more"):
            await opened(Simulated(lambda data: say(PAGE), answers_mode=outcome), f"{HERE}/f")
    spared = replace(REVERTED, gas_before_refund=most // 2)
    with pytest.raises(NoSuchPath):
        await opened(Simulated(lambda data: spared), f"{HERE}/f")


async def test_another_chain_is_named_and_not_asked() -> None:
    calls = Simulated(lambda data: say(PAGE), chain_id=1337)
    with pytest.raises(Unsupported, match=r"chain 1 are not read.*is 1337"):
        await opened(calls, f"{HERE}/f")
    assert not calls.called
    assert (await opened(calls, f"{HERE}:1337/f")).size == 10


async def test_a_name_is_followed_before_and_nowhere_else() -> None:
    calls = Simulated(lambda data: say(PAGE), mode=b"manual", names=NAMED)
    assert (await opened(calls, "web3://app.eth/f")).size == 10
    content = Web3Content("the chain", "not yet")
    with content.led_by(calls), pytest.raises(InvalidRequest, match=r"not of 'app\.eth'"):
        await content.open(read_url("web3://app.eth/f").pointer, Budget())


async def test_names_among_arguments_lead_to_addresses_alone() -> None:
    there = b"\x22" * 20
    names: Names = {"a.eth": {CONTRACT: f"0x{there.hex()}", AddressRecord(): ADDRESS}}
    calls = Simulated(lambda data: say(PAGE), names=names, standing=Standing.ACCEPTED)
    file = await opened(calls, f"{HERE}/f/a.eth/a.eth")
    assert calls.called[0][2][4:] == bytes(12) + ADDRESS + bytes(12) + ADDRESS
    what = "which address a.eth has, which the name's own contract accepted"
    assert file.believed == (Believed(what, ("gateway.example",)),)
    with pytest.raises(NoSuchName):
        await opened(calls, f"{HERE}/f/b.eth")
    with pytest.raises(Unsupported):
        await opened(calls, f"{HERE}/f/b.example")


async def test_a_replaced_head_is_asked_again() -> None:
    heads = []

    def contract(data: bytes) -> Outcome:
        heads.append(data)
        return say(PAGE if len(heads) > 1 else b"")

    calls = Simulated(contract, mode=b"manual", numbers=[7, 8])
    assert (await opened(calls, f"{HERE}/")).size == 10
    heads.clear()
    calls.numbers = [7]
    with pytest.raises(ProofError):
        await opened(calls, f"{HERE}/")


async def test_a_contract_that_never_ends_is_given_up() -> None:
    class Endless(Simulated):
        async def has_code(self, head: object, address: bytes) -> bool:
            await asyncio.Event().wait()
            raise AssertionError

    with pytest.raises(Unproven) as refused:
        await opened(Endless(lambda data: say(b"")), f"{HERE}/", Limits(web3_seconds=0.01))
    assert refused.value.reasons == {"this machine": "no answer within 0.01 s"}

    files: Files = {("1",): (b"a", {"web3-next-chunk": "2"})}
    given = resources(files).contract
    calls = Endless(lambda data: given(data) if b"1" in data else say(b""), mode=b"5219")
    file = await opened(calls, f"{HERE}/1", Limits(web3_seconds=0.01))
    assert await body(file, 0, 1) == b"a"
    with pytest.raises(Unproven) as refused:
        await body(file)
    assert refused.value.reasons == {"this machine": "no answer within 0.01 s"}


async def test_a_budget_ends_it() -> None:
    content = Web3Content("the chain", "not yet")
    with content.led_by(Simulated(lambda data: say(PAGE))), pytest.raises(TooMuch):
        await content.open(read_url(f"{HERE}/f").pointer, Budget(size=len(PAGE) - 1))


async def test_without_a_chain_nothing_is_proven() -> None:
    content = Web3Content("the chain", "it is not followed yet", advice="wait")
    pointer = read_url(f"{HERE}/f").pointer
    with pytest.raises(Unproven) as refused:
        await content.open(pointer, Budget())
    assert refused.value.reasons == {"the chain": "it is not followed yet"}
    assert (refused.value.advice, content.why_not) == ("wait", "it is not followed yet")
    with content.led_by(Simulated(lambda data: say(PAGE))):
        assert content.why_not == ""
        assert (await content.open(pointer, Budget())).size == 10
    content.reason = "it went away"
    with pytest.raises(Unproven) as refused:
        await content.open(pointer, Budget())
    assert refused.value.reasons == {"the chain": "it went away"}
    with pytest.raises(InvalidRequest):
        await content.open(Pointer("ipfs", "a"), Budget())


async def test_how_long_a_contract_lets_a_page_be_held() -> None:
    async def seconds(said: str) -> float:
        files: Files = {("1",): (b"a", {"Cache-Control": said})}
        return (await opened(resources(files), f"{HERE}/1")).seconds

    assert await seconds("max-age=300") == 300
    assert await seconds("no-store") == 0
    assert await seconds("max-age=9999999") == LIMITS.web3_fresh_most_seconds
