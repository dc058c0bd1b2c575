"""`walkaway_explain`: answers a question, and shows what the answer stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping

from walkaway.chain.offchain_calls import AcceptedWord
from walkaway.errors import InvalidRequest
from walkaway.rpc.ask import Ask
from walkaway.rpc.evidence import explained, word_members
from walkaway.rpc.jsonrpc import Encoded
from walkaway.rpc.methods.lookup import method_named
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params

__all__ = ["explain_method"]

_NAME = "walkaway_explain"

ACCEPTED = "somebody's word, accepted by the contract's callback"
"""The state of a call that looked something up off chain (EIP-3668)."""


def explain_method(methods: Mapping[str, Method]) -> Method:
    """The method that explains any of ``methods`` but those that send something."""

    async def explain(ask: Ask, params: Params) -> Answer:
        name, values = params.text("method"), params.values("parameters")
        params.end()
        question = Ask(ask.chain, offchain=ask.offchain)
        answer = await _repeatable(methods, name).call(question, Params(values))
        return {
            "method": name,
            "result": json.loads(answer.text) if isinstance(answer, Encoded) else answer,
            "state": _state(question),
            "proven": explained(question.used),
            "word": [word_members(word) for word in question.heard],
        }

    return Method(
        _NAME,
        "method, parameters = []",
        "the answer again, with the chain of evidence under it",
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


def _state(question: Ask) -> str:
    """In which of the states an answer can be: ``known here`` needs no source at all."""
    if question.heard:
        accepted = all(isinstance(word, AcceptedWord) for word in question.heard)
        return ACCEPTED if accepted else "somebody's word"
    return "proven" if question.used else "known here"
