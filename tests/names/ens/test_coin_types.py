"""Addresses as their chains write them: the vectors of ENSIP-9, and what has no form."""

from __future__ import annotations

import pytest

from walkaway.errors import InvalidRequest
from walkaway.names.ens.coin_types import address_text, coin_name, evm_address, evm_coin_type

ENSIP_9 = [
    (0, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac"),
    (0, "3Ai1JZ8pdJb2ksieUV8FsxSNVJCpoPi8W6", "a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1887"),
    (
        0,
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "0014751e76e8199196d454941c45d1b3a323f1433bd6",
    ),
    (2, "LaMT348PWRnrqeeWArpwQPbuanpXDZGEUz", "76a914a5f4d12ce3685781b227c1f39548ddef429e978388ac"),
    (2, "MQMcJhpWHYVeQArcZR3sBgyPZxxRtnH441", "a914b48297bff5dadecc5f36145cec6a5f20d57c8f9b87"),
    (
        2,
        "ltc1qdp7p2rpx4a2f80h7a4crvppczgg4egmv5c78w8",
        "0014687c150c26af5493befeed7036043812115ca36c",
    ),
    (3, "DBXu2kgc3xtvCUWFcxFE3r9hEYgmuaaCyD", "76a9144620b70031f0e9437e374a2100934fba4911046088ac"),
    (3, "AF8ekvSf6eiSBRspJjnfzK6d1EM6pnPq3G", "a914f8f5d99a9fc21aa676e74d15e7b8134557615bda87"),
    (
        22,
        "MHxgS2XMXjeJ4if2PRRbWYcdwZPWfdwaDT",
        "76a9146e5bb7226a337fe8307b4192ae5c3fab9fa9edf588ac",
    ),
    (60, "0x314159265dD8dbb310642f98f50C066173C1259b", "314159265dd8dbb310642f98f50c066173c1259b"),
    (137, "0x5aaEB6053f3e94c9b9a09f33669435E7ef1bEAeD", "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
    (144, "rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn", "004b4e9c06f24296074f7bc48f92a97916c6dc5ea9"),
    (
        144,
        "X7qvLs7gSnNoKvZzNWUT2e8st17QPY64PPe7zriLNuJszeg",
        "05444b4e9c06f24296074f7bc48f92a97916c6dc5ea9000000000000000000",
    ),
    (
        145,
        "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
        "76a91476a04053bda0a88bda5177b86a15c3b29f55987388ac",
    ),
    (
        145,
        "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq",
        "a91476a04053bda0a88bda5177b86a15c3b29f55987387",
    ),
    (714, "bnb1grpf0955h0ykzq3ar5nmum7y6gdfl6lxfn46h2", "40c2979694bbc961023d1d27be6fc4d21a9febe6"),
]

BIP_350 = [
    (
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    ),
    ("bc1sw50qgdz25j", "6002751e"),
    ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "5210751e76e8199196d454941c45d1b3a323"),
]


@pytest.mark.parametrize(("coin_type", "text", "data"), ENSIP_9)
def test_addresses_are_written_as_in_ensip_9(coin_type: int, text: str, data: str) -> None:
    written = address_text(coin_type, bytes.fromhex(data))
    wanted = text.lower() if text.startswith("BC1") else text
    assert (written.text, written.is_known) == (wanted, True)


@pytest.mark.parametrize(("text", "data"), BIP_350)
def test_later_witness_programs_are_written_as_in_bip_350(text: str, data: str) -> None:
    assert address_text(0, bytes.fromhex(data)).text == text


def test_other_chains_have_their_forms() -> None:
    assert address_text(501, bytes(32)).text == "1" * 32
    text = "0x314159265dD8dbb310642f98f50C066173C1259b"
    assert address_text(0x80000000 | 10, bytes.fromhex(text[2:])).text == text
    tron = bytes.fromhex("41a614f803b6fd780986a42c78ec9c7f77e6ded13c")
    assert address_text(195, tron).text == "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"


@pytest.mark.parametrize(
    ("coin_type", "data"),
    [
        (0, "76a914"),
        (0, "0013" + "00" * 19),
        (0, "5101" + "00"),
        (3, "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
        (60, "31" * 19),
        (501, "31" * 31),
        (354, "31" * 32),
        (0x80000000 | 10, "31" * 21),
    ],
)
def test_what_has_no_form_is_shown_as_hex_and_said_to_be(coin_type: int, data: str) -> None:
    written = address_text(coin_type, bytes.fromhex(data))
    assert (written.text, written.is_known) == (f"0x{data}", False)
    assert str(written).endswith("in hex)")


def test_coins_and_chains_have_names_and_numbers() -> None:
    named = [coin_name(number) for number in (0, 60, 0x80000000 | 8453, 0x80000000, 9999)]
    assert named == ["BTC", "ETH", "chain 8453", "any EVM chain", "coin 9999"]
    assert (evm_coin_type(1), evm_coin_type(10)) == (60, 0x8000000A)
    for number in (0, -1, 1 << 31):
        with pytest.raises(InvalidRequest):
            evm_coin_type(number)


def test_an_address_is_held_to_its_checksum() -> None:
    text = "0x314159265dD8dbb310642f98f50C066173C1259b"
    assert evm_address(text) == evm_address(text.lower()) == bytes.fromhex(text[2:])
    for wrong in (
        text.replace("dD8", "DD8"),
        text[2:],
        text + "00",
        "0x",
        "nobody",
        text[:-1] + "g",
    ):
        with pytest.raises(InvalidRequest):
            evm_address(wrong)
