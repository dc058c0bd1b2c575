"""The page of methods and the table of methods say the same."""

from __future__ import annotations

import re
from pathlib import Path

from walkaway.rpc.error_codes import ERROR_CODES
from walkaway.rpc.methods import METHODS
from walkaway.rpc.methods.explain import ABOVE_HEAD, ACCEPTED, WORD
from walkaway.rpc.methods.not_proven import NOT_PROVEN
from walkaway.rpc.reference import methods_page

PAGE = Path(__file__).parents[2] / "docs" / "rpc-methods.md"


def test_the_page_is_the_one_that_the_code_makes() -> None:
    assert PAGE.read_text() == methods_page(), "run: python -m walkaway.rpc.reference"


def test_every_method_is_on_the_page_and_the_reverse() -> None:
    page = PAGE.read_text()
    answered, refused = page.split("## What is refused")
    named = re.compile(r"`([a-z0-9]+_[A-Za-z0-9_]+)`")
    assert set(named.findall(answered)) == set(METHODS)
    assert set(named.findall(refused.split("## Errors")[0])) == set(NOT_PROVEN)


def test_every_state_of_an_explanation_is_on_the_page() -> None:
    listed = re.findall(r"^- `(.+?)`:", PAGE.read_text(), flags=re.M)
    assert set(listed) == {"proven", "known here", WORD, ACCEPTED, ABOVE_HEAD}


def test_every_error_code_is_on_the_page() -> None:
    codes = {int(code) for code in re.findall(r"\| `(-?\d+)` \|", PAGE.read_text())}
    assert codes == {entry.code for entry in ERROR_CODES}


def test_the_methods_are_those_that_were_promised() -> None:
    promised = {
        *("eth_chainId", "net_version", "web3_clientVersion", "eth_syncing", "eth_blockNumber"),
        *("eth_getBalance", "eth_getTransactionCount", "eth_getCode", "eth_getStorageAt"),
        *("eth_getProof", "eth_getBlockByNumber", "eth_getBlockByHash"),
        *("eth_getBlockTransactionCountByNumber", "eth_getBlockTransactionCountByHash"),
        *("eth_getTransactionByHash", "eth_getTransactionByBlockHashAndIndex"),
        *("eth_getTransactionByBlockNumberAndIndex", "eth_getTransactionReceipt"),
        *("eth_getBlockReceipts", "eth_sendRawTransaction"),
        *("walkaway_explain", "walkaway_status"),
    }
    assert promised <= set(METHODS)
