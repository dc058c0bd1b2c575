"""`walkaway_resolve`: what a name of ENS says, or the primary name of an address, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from walkaway.errors import InvalidRequest, Unsupported
from walkaway.names.ens.coin_types import address_text, evm_address
from walkaway.names.ens.contenthash import ContentHash
from walkaway.names.ens.ens import Ens, EnsAnswer, EnsPrimary
from walkaway.names.ens.records import (
    ETH,
    AddressRecord,
    ContentRecord,
    EnsRecord,
    EnsValue,
    TextRecord,
    Unreadable,
)
from walkaway.rpc.ask import Ask
from walkaway.rpc.evidence import drawn
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.members import Members
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params

__all__ = ["METHODS", "look_up"]

_ADDRESS: Final = re.compile(r"0[xX][^.]*")
"""What is meant for an address: no name begins so and has no dot."""


async def look_up(
    ens: Ens, name: str, *, texts: Sequence[str] = (), coins: Sequence[int] = ()
) -> dict[str, Json]:
    """What a name says of its content, of these texts, and of its addresses for these
    coin types besides ether's; or, of an address, its primary name for the first of them.

    Raises as `Ens.lookup` and `Ens.reverse` do.
    """
    if _ADDRESS.fullmatch(name):
        coin_type = coins[0] if coins else ETH
        return _primary(await ens.reverse(evm_address(name), coin_type))
    addresses = [AddressRecord(coin) for coin in dict.fromkeys((ETH, *coins))]
    wanted: list[EnsRecord] = [ContentRecord(), *addresses, *map(TextRecord, texts)]
    answer = await ens.lookup(name, wanted)
    content = answer.values[ContentRecord()]
    return {
        "name": str(answer.name),
        "contenthash": _value(content),
        "pointer": _pointer(content),
        "addresses": {str(each.coin_type): _address(each, answer) for each in addresses},
        "texts": {key: _value(answer.values[TextRecord(key)]) for key in texts},
        **_grounds(answer),
    }


def _primary(found: EnsPrimary) -> dict[str, Json]:
    return {
        "name": str(found.name),
        "address": address_text(found.coin_type, found.address).text,
        "coinType": str(found.coin_type),
        **_grounds(found),
    }


def _grounds(found: EnsAnswer | EnsPrimary) -> dict[str, Json]:
    """Who answers for the name, and what that stands on."""
    return {
        "resolver": f"0x{found.resolver.hex()}",
        "standing": found.standing.value,
        "gateways": list(found.gateways),
        "recovered": [f"0x{address.hex()}" for address in found.recovered],
        "because": drawn([found.because])[0],
    }


def _address(record: AddressRecord, answer: EnsAnswer) -> Json:
    """An address as its chain writes it, and as the name holds it."""
    value = answer.values[record]
    if not isinstance(value, bytes):
        return _value(value)
    return {"address": address_text(record.coin_type, value).text, "data": f"0x{value.hex()}"}


def _value(value: EnsValue) -> Json:
    """A record; null where it is proven that there is none."""
    match value:
        case ContentHash():
            return {
                "network": value.codec.label,
                "address": value.text,
                "data": f"0x{value.data.hex()}",
            }
        case bytes():
            return f"0x{value.hex()}"
        case Unreadable():
            return {"unreadable": value.reason}
        case _:
            return value


def _pointer(content: EnsValue) -> Json:
    """The content path that a contenthash stands for; null for networks that are not read."""
    if not isinstance(content, ContentHash):
        return None
    try:
        return str(content.pointer())
    except Unsupported:
        return None


async def resolve(ask: Ask, params: Params) -> Answer:
    name = params.text("name")
    members = Members("options", params.members("options"))
    params.end()
    texts = members.each("texts", Params.text)
    coins = members.each("coins", lambda one, told: one.count(told, bits=256))
    members.end()
    if ask.ens is None:
        raise InvalidRequest("names of ENS are not resolved here: ens = false")
    return await look_up(ask.ens, name, texts=texts, coins=coins)


METHODS = (
    Method(
        "walkaway_resolve",
        "name or address, {texts, coins} = {}",
        "a call of the Universal Resolver (ENSIP-23) over proven state; `because` holds the chain "
        "of evidence, and `standing` is `accepted` where a contract's callback accepted "
        "what `gateways` say; it looked at signatures of `recovered`, under whatever it was",
        resolve,
        repeatable=False,
    ),
)
