"""`walkaway_explain`: answers a question, and shows what the answer stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping

from walkaway.errors import InvalidRequest
from walkaway.rpc.ask import Ask
from walkaway.rpc.evidence import explained, word_members
from walkaway.rpc.jsonrpc import Encoded
from walkaway.rpc.methods.method import Answer, Method
from walkaway.rpc.params import Params

__all__ = ["explain_method"]


def explain_method(methods: Mapping[str, Method]) -> Method:
    """The method that explains any of ``methods`` but those that send something."""

    async def explain(ask: Ask, params: Params) -> Answer:
        name, values = params.text("method"), params.values("parameters")
        params.end()
        method = methods.get(name)
        if method is None or not method.repeatable:
            raise InvalidRequest(f"method: {name[:80]!r} is none that can be explained")
        question = Ask(ask.chain)
        answer = await method.call(question, Params(values))
        return {
            "method": name,
            "result": json.loads(answer.text) if isinstance(answer, Encoded) else answer,
            "state": _state(question),
            "proven": explained(question.used),
            "word": [word_members(word) for word in question.heard],
        }

    return Method(
        "walkaway_explain",
        "method, parameters = []",
        "the answer again, with the chain of evidence under it",
        explain,
        repeatable=False,
    )


def _state(question: Ask) -> str:
    """In which of the states an answer can be: ``known here`` needs no source at all."""
    if question.heard:
        return "somebody's word"
    return "proven" if question.used else "known here"
