"""A resolver that lies alters no answer: alone it is refused, beside an honest one passed over."""

from __future__ import annotations

import pytest

from tests.interop.dnssec.asking import looking_up, our_verdict
from tests.interop.dnssec.laboratory import Laboratory
from tests.interop.dnssec.liar import (
    Lie,
    answered_by,
    changed_byte,
    denied,
    expanded_anywhere,
    from_zone,
    lying,
    other_data,
    told,
    without_signatures,
)
from tests.interop.dnssec.questions import Finding, Question, Verdict
from tests.interop.dnssec.signing import signed_before
from tests.interop.dnssec.zones import LINK

pytestmark = pytest.mark.interop

OTHER_LINK = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"

SIGNED = tuple(
    Question(f"{name}.lab.", rdtype)
    for name, rdtype in (
        ("_dnslink.linked.nsec", "TXT"),
        ("_dnslink.linked.nsec3", "TXT"),
        ("www.sub.nsec", "TXT"),
        ("x.wild.nsec3", "TXT"),
        ("known.wild.nsec", "TXT"),
        ("known.wild.salted", "TXT"),
        ("x.wild.nsec", "A"),
        ("nowhere.nsec", "A"),
        ("a.b.nowhere.nsec3", "A"),
        ("www.moved.nsec3", "TXT"),
        ("to-nsec3.nsec", "TXT"),
    )
)
"""Whose answers are all secure: records, aliases, wildcards, and both kinds of absence."""


async def lies_of(lab: Laboratory) -> dict[str, Lie]:
    """Every sort of lie, by what it is."""
    old = signed_before(lab.folder, "nsec.lab.", LINK, OTHER_LINK)
    unsigned = await told(lab.bind, Question("unsigned.lab.", "DS"))
    opted_out = await told(lab.bind, Question("unsigned.opt.", "DS"))
    expanded = await told(lab.bind, Question("x.wild.nsec.lab.", "TXT"))
    gone = await told(lab.bind, Question("nowhere.nsec.lab.", "A"))
    hashed_gone = await told(lab.bind, Question("nowhere.nsec3.lab.", "A"))
    return {
        "no signatures": without_signatures,
        "other data": other_data,
        "nothing anywhere": denied,
        "what was signed long ago": from_zone(old, "nsec.lab."),
        "another zone's lack of a DS": answered_by(unsigned, "DS"),
        "an opt-out's lack of a DS": answered_by(opted_out, "DS"),
        "a wildcard's expansion": expanded_anywhere(expanded),
        "another name's absence": answered_by(gone, "TXT", "A"),
        "another name's hashed absence": answered_by(hashed_gone, "TXT", "A"),
        "another zone's keys": answered_by(
            await told(lab.bind, Question("nsec3.lab.", "DNSKEY")), "DNSKEY"
        ),
    }


async def verdicts(lab: Laboratory, *addresses: str) -> dict[Question, Verdict]:
    """Our verdict on each question, each time of a lookup that knows nothing yet."""
    found = {}
    for question in SIGNED:
        async with looking_up(lab, *addresses) as lookup:
            found[question] = await our_verdict(lookup, question)
    return found


async def test_a_liar_alone_is_refused_and_beside_an_honest_resolver_passed_over(
    lab: Laboratory,
) -> None:
    honest = lab.bind.addresses["tcp"]
    truth = await verdicts(lab, honest)
    assert {verdict.finding for verdict in truth.values()} == {
        Finding.RECORDS,
        Finding.NO_DATA,
        Finding.NO_NAME,
    }
    for name, lie in (await lies_of(lab)).items():
        async with lying(lab.bind, lie) as liar:
            alone = await verdicts(lab, liar)
            refused = {each for each, verdict in alone.items() if verdict != truth[each]}
            assert refused, name
            assert {alone[each].finding for each in refused} == {Finding.REFUSED}, name
            assert await verdicts(lab, liar, honest) == truth, name


async def test_no_changed_byte_alters_an_answer(lab: Laboratory) -> None:
    honest = lab.bind.addresses["tcp"]
    truth = await verdicts(lab, honest)
    refused = 0
    for seed in range(20):
        async with lying(lab.bind, changed_byte(seed)) as liar:
            for question, verdict in (await verdicts(lab, liar)).items():
                assert verdict in (truth[question], Verdict(Finding.REFUSED)), (seed, question)
                refused += verdict.finding is Finding.REFUSED
    assert refused > len(SIGNED)
    async with lying(lab.bind, changed_byte(20)) as liar:
        assert await verdicts(lab, liar, honest) == truth
