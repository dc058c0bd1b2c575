"""The conformance tables of web3:// clients, through everything that reads a URL.

The chain is simulated: which mode the tables' contracts are in, and where their names lead.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NotRequired, TypedDict

import pytest
from eth_abi.abi import encode

from tests.content.web3.simulated import REVERTED, Simulated, body, opened, say
from tests.vectors import ROOT, vectors
from walkaway.content.web3.auto import read_auto
from walkaway.content.web3.returned import Array, Bytes, Tuple, Word
from walkaway.content.web3.returned import Kind as AbiKind
from walkaway.content.web3.url import read_url
from walkaway.errors import NoSuchPath, WalkawayError
from walkaway.names.contract_names import read_content_contract
from walkaway.names.ens.records import AddressRecord, EnsRecord, EnsValue, TextRecord
from walkaway.proofs.execution.keccak import keccak256

TABLES = ("base", "mode-auto", "mode-manual", "mode-resource-request")

NOT_HELD = {
    # ERC-6860 dropped the scheme, and the next group of the table holds that.
    "ethereum-web3://0x5a985f13345e820aa9618826b85f74c3986e1463": "Protocol names (ERC-4804)",
    "eth-web3://0x5a985f13345e820aa9618826b85f74c3986e1463": "Protocol names (ERC-4804)",
    # W3NS is a service of a chain that is no Ethereum; names are those of ENS.
    "web3://quark.w3q:3334": "W3NS domain name service",
}
MODES = {"auto": b"auto", "manual": b"manual", "resourceRequest": b"5219"}

UNISWAP = bytes.fromhex("1a9C8182C09F50C8318d769245beA52c32BE35BC")
UNISWAP_ON_SEPOLIA = bytes.fromhex("4e3e20fC02f9d4C11BE2D2D64515aB4c33ef4fcc")
VITALIK = "arb-nova:0xe4ba0e245436b737468c206ab5c8f4950597ab7f"


class Kind(TypedDict):
    type: str
    components: NotRequired[list[Kind]]


class Value(TypedDict):
    value: object


class Case(TypedDict):
    name: str
    url: str
    error: NotRequired[dict[str, object]]
    contractAddress: NotRequired[str]
    chainId: NotRequired[int]
    resolveMode: NotRequired[str]
    calldata: NotRequired[str]
    methodName: NotRequired[str]
    methodArgs: NotRequired[list[Kind]]
    methodArgValues: NotRequired[list[Value]]
    contractReturnProcessing: NotRequired[str]
    decodedABIEncodedBytesMimeType: NotRequired[str]
    jsonEncodedValueTypes: NotRequired[list[Kind]]


def cases() -> Iterator[tuple[str, Case]]:
    for table in TABLES:
        path = ROOT / "web3url" / f"parsing-{table}.toml"
        if not path.exists():
            continue
        for group in tomllib.loads(path.read_text())["groups"].values():
            for case in group["tests"]:
                yield group["name"], case


CASES = [
    pytest.param(group, case, id=f"{group}: {case['name']}")
    for group, case in cases()
    if NOT_HELD.get(case["url"]) != group
]


def test_the_tables_are_here() -> None:
    folder: Path = vectors("web3url")
    assert sorted(path.name for path in folder.glob("*.toml")) == sorted(
        f"parsing-{table}.toml" for table in TABLES
    )
    assert len(CASES) + len(NOT_HELD) == len(list(cases()))
    assert len(CASES) > 120


@pytest.mark.parametrize(("group", "case"), CASES)
async def test_a_case_of_the_tables(group: str, case: Case) -> None:
    if "error" in case:
        with pytest.raises(WalkawayError) as refused:
            await opened(chain_of(case, 1), case["url"])
        assert not isinstance(refused.value, NoSuchPath)
        return
    url = read_url(case["url"])
    if url.host == "vitalikblog.eth":
        address, chain_id = read_content_contract(VITALIK)
        assert f"0x{address.hex()}" == case.get("contractAddress")
        assert chain_id == case.get("chainId")
        return
    assert url.chain_id == case.get("chainId", url.chain_id)
    calls = chain_of(case, url.chain_id)
    file = await opened(calls, case["url"])
    ((sender, contract, data),) = calls.called
    assert sender == bytes(20)
    if "contractAddress" in case:
        assert f"0x{contract.hex()}" == case["contractAddress"].lower()
    if "calldata" in case:
        assert f"0x{data.hex()}" == case["calldata"]
    if "methodName" in case:
        assert data[:4] == selector(case)
    if "methodArgValues" in case and not has_no_arguments_said(case):
        assert data[4:] == arguments(case)
    if "decodedABIEncodedBytesMimeType" in case and "jsonEncode" not in str(
        case.get("contractReturnProcessing")
    ):
        assert (file.media_type or "") == case["decodedABIEncodedBytesMimeType"]
    match case.get("contractReturnProcessing"):
        case "decodeABIEncodedBytes":
            assert await body(file) == b"<p>"
        case "jsonEncodeRawBytes":
            assert await body(file) == f'["0x{PAGE.hex()}"]'.encode()
            assert file.media_type == "application/json"
        case "jsonEncodeValues":
            assert file.media_type == "application/json"
            asked = read_auto(url.target).kinds
            assert asked == tuple(map(kind_of, case["jsonEncodedValueTypes"]))


PAGE = encode(["bytes"], [b"<p>"])


def chain_of(case: Case, chain_id: int) -> Simulated:
    """The chain on which a case has its contract, which answers what that asks for."""
    mode = case.get("resolveMode", "auto")
    # Contracts that fail are not to be told from cases that are refused.
    if case["url"].startswith("web3://0x2b51A751"):
        mode = "resourceRequest"
    uniswap = UNISWAP if chain_id == 1 else UNISWAP_ON_SEPOLIA
    names: dict[str, dict[EnsRecord, EnsValue]] = {
        "uniswap.eth": {AddressRecord(): uniswap},
        "vitalikblog.eth": {TextRecord("contentcontract"): VITALIK},
    }
    answer = PAGE
    if mode == "resourceRequest":
        answer = encode(["uint16", "bytes", "(string,string)[]"], [200, b"<p>", []])
    if case.get("contractReturnProcessing") == "jsonEncodeValues":
        # Whatever leads somewhere leads back to the beginning, where there is nothing.
        answer = bytes(32 * 64)
    return Simulated(
        lambda data: say(answer) if "error" not in case else REVERTED,
        mode=MODES[mode],
        names=names,
        chain_id=chain_id,
    )


def selector(case: Case) -> bytes:
    if has_no_arguments_said(case):
        kinds = "uint256"
    else:
        kinds = ",".join(map(spelled, case.get("methodArgs", [])))
    return keccak256(f"{case['methodName']}({kinds})".encode())[:4]


def has_no_arguments_said(case: Case) -> bool:
    """Two cases of the tables say that there are no arguments, though the path ends in ``/1``,
    and the case before them has it as a number."""
    return case["name"].endswith(": Last taken")


def kind_of(kind: Kind) -> AbiKind:
    base, *counts = kind["type"].removesuffix("]").replace("][", "[").split("[")
    found: AbiKind
    if base == "tuple":
        found = Tuple(tuple(map(kind_of, kind["components"])))
    elif base in ("bytes", "string"):
        found = Bytes(is_text=base == "string")
    else:
        found = Word("uint", int(base.removeprefix("uint")))
    for count in counts:
        found = Array(found, int(count) if count else None)
    return found


def spelled(kind: Kind) -> str:
    if not kind["type"].startswith("tuple"):
        return kind["type"]
    parts = ",".join(map(spelled, kind.get("components", [])))
    return f"({parts}){kind['type'].removeprefix('tuple')}"


def arguments(case: Case) -> bytes:
    kinds = list(map(spelled, case["methodArgs"]))
    given = [each["value"] for each in case["methodArgValues"]]
    values = [
        bytes.fromhex(value[2:])
        if isinstance(value, str) and kind.startswith(("bytes", "address"))
        else value
        for kind, value in zip(kinds, given, strict=True)
    ]
    return encode(kinds, values)
