"""Where to begin, when nobody said: a finalized block that k distinct operators name alike.

Checkpoint services finalize at slightly different moments, so that asking each
for its newest would compare different slots. Instead each is asked for what it
lists (Checkpointz' ``/checkpointz/v1/beacon/slots``, or the one finalized
header of a beacon node); if no listed slot is shared by enough of them, all
are asked for the root at one slot that enough of them have finalized.

Two operators that name different roots for one slot are a conflict, and no
majority settles it: it is refused and both are shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from walkaway.anchors.spec import ChainSpec
from walkaway.errors import ConfigError, SourceFault, Unproven
from walkaway.sources.agreement import Survey, Tally
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, BeaconRequest
from walkaway.sources.source import Source
from walkaway.sources.word import Word

__all__ = ["FinalizedBlock", "agreed_checkpoint"]

_ROOT = re.compile(r"0x[0-9a-fA-F]{64}")
_LISTED_SLOTS = 4096
_LISTINGS = (
    BeaconRequest("/checkpointz/v1/beacon/slots", kind="checkpoint"),
    BeaconRequest("/eth/v1/beacon/headers/finalized", kind="checkpoint"),
)
_ADVICE = "pass the root of a finalized block you trust with --checkpoint"


@dataclass(frozen=True, slots=True, order=True)
class FinalizedBlock:
    """A beacon block that some sources call finalized: its slot and 32-byte root."""

    slot: int
    root: bytes

    def __str__(self) -> str:
        return f"0x{self.root.hex()} at slot {self.slot}"


Said = list[tuple[Source, FinalizedBlock]]


async def agreed_checkpoint(pool: Pool, spec: ChainSpec, k: int) -> Word[FinalizedBlock]:
    """The newest finalized block that ``k`` distinct operators name, and nobody disputes.

    Raises:
        ConfigError: ``k`` is less than 1.
        Unproven: too few agree, or two contradict each other; the reasons say
            who said what.
    """
    if k < 1:
        raise ConfigError("a checkpoint needs at least one operator to name it")
    survey = await pool.survey(_LISTINGS, _listed)
    said: Said = [(source, block) for source, blocks in survey.said for block in blocks]
    _refuse_conflict(spec, said)
    word = _newest_agreed(said, survey, k)
    if word is not None:
        return word
    slot = _slot_finalized_by(survey, k)
    if slot is None:
        raise _too_few(spec, k, survey)
    asked = await pool.survey(
        BeaconRequest(f"/eth/v1/beacon/blocks/{slot}/root", kind="checkpoint"),
        lambda answer: FinalizedBlock(slot, _root(_data(answer).get("root"))),
    )
    said += asked.said
    _refuse_conflict(spec, said)
    word = _newest_agreed(said, survey, k)
    if word is None:
        raise _too_few(spec, k, Survey(survey.said, survey.reasons | asked.reasons))
    return word


def _newest_agreed(
    said: Said, survey: Survey[list[FinalizedBlock]], k: int
) -> Word[FinalizedBlock] | None:
    asked = tuple(source.name for source, _ in survey.said) + tuple(survey.reasons)
    tallies: dict[int, Tally[FinalizedBlock]] = {}
    for source, block in said:
        tallies.setdefault(block.slot, Tally()).add(source, block)
    for slot in sorted(tallies, reverse=True):
        word = tallies[slot].word(k)
        if word is not None:
            return Word(word.value, said_by=tuple(dict.fromkeys(word.said_by)), asked=asked)
    return None


def _refuse_conflict(spec: ChainSpec, said: Said) -> None:
    roots: dict[int, FinalizedBlock] = {}
    for source, block in said:
        first = roots.setdefault(block.slot, block)
        if first.root != block.root:
            claims = [(who, what) for who, what in said if what.slot == block.slot]
            raise Unproven(
                f"checkpoint operators of {spec.network} contradict each other about slot "
                f"{block.slot}, {source.name} among them",
                reasons={who.name: f"says 0x{what.root.hex()}" for who, what in claims},
                advice=_ADVICE,
            )


def _slot_finalized_by(survey: Survey[list[FinalizedBlock]], k: int) -> int | None:
    """The newest slot that at least ``k`` operators have reached with finality."""
    newest: dict[str, int] = {}
    for source, blocks in survey.said:
        reached = max((block.slot for block in blocks), default=0)
        newest[source.operator] = max(reached, newest.get(source.operator, 0))
    ordered = sorted(newest.values(), reverse=True)
    return ordered[k - 1] if len(ordered) >= k else None


def _too_few(spec: ChainSpec, k: int, survey: Survey[list[FinalizedBlock]]) -> Unproven:
    said = {
        source.name: f"says {max(blocks)}" if blocks else "lists nothing finalized"
        for source, blocks in survey.said
    }
    return Unproven(
        f"fewer than {k} operators agree on a checkpoint of {spec.network}",
        reasons=survey.reasons | said,
        advice=_ADVICE,
    )


def _listed(answer: Answer) -> list[FinalizedBlock]:
    """Read either listing. A slot without a block has no root, and is left out."""
    data = _data(answer)
    if "slots" not in data:
        header = _mapping(_mapping(data.get("header")).get("message"))
        return [FinalizedBlock(_slot(header.get("slot")), _root(data.get("root")))]
    slots = data["slots"]
    if not isinstance(slots, list) or len(slots) > _LISTED_SLOTS:
        raise SourceFault("its list of slots is not a list, or is too long")
    entries: Sequence[dict[str, Any]] = [_mapping(entry) for entry in slots]
    return [
        FinalizedBlock(_slot(entry.get("slot")), _root(entry["block_root"]))
        for entry in entries
        if entry.get("block_root")
    ]


def _data(answer: Answer) -> dict[str, Any]:
    return _mapping(_mapping(answer.body).get("data"))


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceFault("its answer is not of the form that the route has")
    return value


def _slot(value: object) -> int:
    text = str(value) if type(value) is int else value
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 20:
        return int(text)
    raise SourceFault("its answer holds a malformed slot")


def _root(value: object) -> bytes:
    if isinstance(value, str) and _ROOT.fullmatch(value):
        return bytes.fromhex(value[2:])
    raise SourceFault("its answer holds a malformed root")
