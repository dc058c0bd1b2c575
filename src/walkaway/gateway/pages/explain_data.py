"""An explanation as data, for programs: what `Explanation` holds, with the evidence as steps."""

from __future__ import annotations

from typing import Final

from walkaway.content.network import Supply
from walkaway.content.proven_file import Believed, ProvenFile
from walkaway.content.suppliers import Supplied
from walkaway.gateway.answers.explanation import Explanation
from walkaway.rpc.evidence import drawn
from walkaway.rpc.jsonrpc import Json
from walkaway.rpc.plain import members, plain

__all__ = ["address_of", "given_by", "lied_about", "mirror_of", "steps_of_names", "told"]

_HERE: Final = "held on this machine"


def told(explanation: Explanation) -> dict[str, Json]:
    """The explanation as data: what `Explanation` holds, with the evidence as steps."""
    failure = explanation.failure
    names: list[Json] = [
        {
            "name": step.name,
            "pointer": str(step.resolution.pointer),
            "standing": step.resolution.standing.value,
            "seconds": plain(step.resolution.seconds),
            "waiting": plain(step.resolution.waiting),
            "because": because,
        }
        for step, because in zip(explanation.names, steps_of_names(explanation), strict=True)
    ]
    blocks: list[Json] = [
        {
            "cid": str(b.cid),
            "bytes": b.size,
            "from": given_by(b.supply),
            "lied": [*lied_about(b.supply)],
        }
        for b in explanation.blocks
    ]
    return {
        "address": explanation.address,
        "contentPath": explanation.asked.content_path,
        "isProven": explanation.is_proven,
        "names": names,
        "root": None if explanation.root is None else explanation.root.pointer.root,
        "mirror": mirror_of(explanation) or None,
        "file": None if explanation.file is None else _file_told(explanation.file),
        "suppliedBy": [
            {"address": address_of(s), "from": [*s.given_by], "lied": [*s.lied]}
            for s in explanation.supplied
        ],
        "besides": [_word_told(word) for word in explanation.besides],
        "cid": None if explanation.cid is None else str(explanation.cid),
        "blocks": blocks,
        "moreBlocks": explanation.is_cut,
        "asked": [members(exchange) for exchange in explanation.exchanges],
        "askedMore": explanation.untold,
        "caughtLying": [
            {"name": liar.name, "kinds": sorted(liar.kinds), "lies": liar.lies,
             "reason": liar.last_reason}
            for liar in explanation.liars
        ],
        "failure": None if failure is None else plain(failure.diagnostics()),
    }  # fmt: skip


def mirror_of(explanation: Explanation) -> str:
    """The mirror that the page is given from; empty where it is from where its address says."""
    root = explanation.root
    return "" if root is None or root.mirror is None else str(root.pointer)


def steps_of_names(explanation: Explanation) -> list[Json]:
    """The evidence under each name; steps that two share are told once."""
    under = [step.resolution.because for step in explanation.names]
    told = iter(drawn([because for because in under if because is not None]))
    return [None if because is None else next(told) for because in under]


def address_of(supplied: Supplied) -> str:
    """What was supplied, as people write its address."""
    address = supplied.address
    return address if isinstance(address, str) else f"0x{address.hex()}"


def given_by(supply: Supply | None) -> str:
    """Who gave a block, in a word."""
    return _HERE if supply is None else supply.given_by


def lied_about(supply: Supply | None) -> tuple[str, ...]:
    """Who gave other bytes for it, each once."""
    return () if supply is None else tuple(dict.fromkeys(supply.lied))


def _file_told(file: ProvenFile) -> dict[str, Json]:
    return {
        "bytes": file.size,
        "tag": file.etag,
        "mediaType": file.media_type,
        "status": file.status,
        "because": drawn([file.because])[0],
        "believed": [_word_told(word) for word in file.believed],
    }


def _word_told(word: Believed) -> dict[str, Json]:
    return {"what": word.what, "saidBy": list[Json](word.said_by)}
