"""`walkaway_explain`: answers a question, and shows what the answer stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping

from walkaway.chain.offchain_calls import AcceptedWord
from walkaway.chain.unknown import BeyondHead
from walkaway.errors import CallFailed, InvalidRequest, RanTooLong, Reverted
from walkaway.evm.offchain_lookup import OFFCHAIN_LOOKUP
from walkaway.rpc.ask import Ask
from walkaway.rpc.encode import data
from walkaway.rpc.error_codes import code_of, speakable
from walkaway.rpc.evidence import explained, word_members
from walkaway.rpc.jsonrpc import Encoded, Json
from walkaway.rpc.methods.lookup import method_named
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params

__all__ = ["ABOVE_HEAD", "ACCEPTED", "WORD", "explain_method"]

_NAME = "walkaway_explain"

WORD = "somebody's word"
"""The state of a null that no proof can show."""

ACCEPTED = "somebody's word, accepted by the contract's callback"
"""The state of a call that looked something up off chain (EIP-3668)."""

ABOVE_HEAD = "above the proven head"
"""The state of a null that nobody was asked for: it would stand in a block that is to come."""

LOOKS_OFF_CHAIN = (
    "the contract asks gateways (EIP-3668): a library that follows them needs this revert; "
    "offchain_lookups = true has walkaway follow them"
)


def explain_method(methods: Mapping[str, Method]) -> Method:
    """The method that explains any of ``methods`` but those that send something."""

    async def explain(ask: Ask, params: Params) -> Answer:
        name, values = params.text("method"), params.values("parameters")
        params.end()
        question = Ask(ask.chain, offchain=ask.offchain, ens=ask.ens, share=ask.share)
        told: dict[str, Json] = {"method": name, "result": None}
        try:
            answer = await _repeatable(methods, name).call(question, Params(values))
            told["result"] = json.loads(answer.text) if isinstance(answer, Encoded) else answer
        except RanTooLong:
            raise
        except CallFailed as error:
            if not any(proven.claim.subject[0] == "call" for proven in question.used):
                raise
            told["failure"] = _failure(error, follows_lookups=ask.offchain is not None)
        return told | {
            "state": _state(question),
            "proven": explained(question.used),
            "word": [word_members(word) for word in question.heard],
        }

    return Method(
        _NAME,
        "method, parameters = []",
        "the answer again (`result`, or `failure` where a call ran and failed), with the chain of "
        "evidence under it",
        explain,
        repeatable=False,
    )


def _repeatable(methods: Mapping[str, Method], name: str) -> Method:
    if name != _NAME:
        method = method_named(methods, name)
        if method.repeatable:
            return method
    raise InvalidRequest(
        f"{name} is none that can be explained: that would call it, and a call does something",
        advice="explain what came of it: a balance, a block, a receipt",
    )


def _failure(error: CallFailed, *, follows_lookups: bool) -> dict[str, Json]:
    """The error that the method itself would answer with; that the call ends so is proven."""
    told: dict[str, Json] = {"code": code_of(error), "message": speakable(str(error))}
    if isinstance(error, Reverted):
        told["data"] = data(error.data)
        if error.data.startswith(OFFCHAIN_LOOKUP) and not follows_lookups:
            told["advice"] = LOOKS_OFF_CHAIN
    return told


def _state(question: Ask) -> str:
    """In which of the states an answer can be: ``known here`` needs no source at all."""
    if question.heard and all(isinstance(word, BeyondHead) for word in question.heard):
        return ABOVE_HEAD
    if question.heard:
        accepted = all(isinstance(word, AcceptedWord) for word in question.heard)
        return ACCEPTED if accepted else WORD
    return "proven" if question.used else "known here"
