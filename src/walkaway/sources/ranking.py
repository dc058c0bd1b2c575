"""Whom to ask first: the cheapest by record, now and then somebody half forgotten."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from walkaway.limits import Limits
from walkaway.sources.request import Request
from walkaway.sources.standing import SourceState, Standing

__all__ = ["Candidates", "rank"]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who can be asked, in order. ``reserve`` is asked only when all in ``usable`` failed:
    first those that rest, then those in quarantine, which can do no harm to
    correctness (docs/decisions/0003).
    """

    usable: list[Standing]
    reserve: list[Standing]
    left_out: dict[str, str]
    """Sources of the right kind that lack every form of the question, with the reason."""


def rank(
    standings: Sequence[Standing],
    requests: Sequence[Request],
    *,
    rng: random.Random,
    limits: Limits,
) -> Candidates:
    """Order the sources for one question."""
    kinds = {request.kind for request in requests}
    groups: dict[SourceState, list[Standing]] = {state: [] for state in SourceState}
    left_out: dict[str, str] = {}
    for standing in standings:
        if not kinds & standing.source.kinds:
            continue
        if any(standing.may_serve(request) for request in requests):
            groups[standing.state()].append(standing)
        else:
            left_out[standing.source.name] = "cannot serve this kind of question (learned before)"
    for group in groups.values():
        rng.shuffle(group)
        group.sort(key=Standing.cost)
    _explore(groups[SourceState.IN_USE], rng, limits)
    reserve = groups[SourceState.RESTING] + groups[SourceState.QUARANTINED]
    return Candidates(groups[SourceState.IN_USE], reserve, left_out)


def _explore(usable: list[Standing], rng: random.Random, limits: Limits) -> None:
    """Put one of the others first, at times, so that one that recovered is found out."""
    if len(usable) < 2:
        return
    idle, place = max((standing.idle_seconds(), place) for place, standing in enumerate(usable))
    if idle > limits.explore_after_seconds:
        usable.insert(0, usable.pop(place))
    elif rng.random() < limits.explore_share:
        usable.insert(0, usable.pop(rng.randrange(1, len(usable))))
