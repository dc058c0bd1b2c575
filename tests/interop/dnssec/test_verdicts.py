"""Our verdict on each question is unbound's, whichever resolver answers us, and however."""

from __future__ import annotations

from unittest import mock

import pytest

from tests.interop.dnssec.asking import looking_up, our_verdict, their_verdict
from tests.interop.dnssec.laboratory import Laboratory
from tests.interop.dnssec.questions import EXPECTED, STRICTER, Finding
from walkaway.errors import Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import algorithms

pytestmark = pytest.mark.interop

WAYS = [(name, at) for name in ("bind", "unbound") for at in range(3)]
NAMES_OF_WAYS = [f"{name}-{way}" for name in ("bind", "unbound") for way in ("tcp", "udp", "http")]


async def test_unbound_finds_what_the_zones_hold(lab: Laboratory) -> None:
    found = {question: (await their_verdict(lab, question)).finding for question in EXPECTED}
    assert found == EXPECTED


@pytest.mark.parametrize(("resolver", "way"), WAYS, ids=NAMES_OF_WAYS)
async def test_our_verdict_is_unbounds(lab: Laboratory, resolver: str, way: int) -> None:
    asked = lab.bind if resolver == "bind" else lab.unbound
    theirs = {question: await their_verdict(lab, question) for question in EXPECTED}
    async with looking_up(lab, asked.addresses[way]) as lookup:
        ours = {question: await our_verdict(lookup, question) for question in EXPECTED}
    assert {each for each in EXPECTED if ours[each] != theirs[each]} == STRICTER
    assert {ours[each].finding for each in STRICTER} == {Finding.INSECURE}


async def test_a_trap_of_keys_takes_few_trials(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = mock.Mock(side_effect=algorithms.verify)
    monkeypatch.setattr(algorithms, "verify", verify)
    async with looking_up(lab, lab.bind.addresses[0]) as lookup:
        with pytest.raises(Unproven, match="too many would have to be tried"):
            await lookup.proven("www.trap.lab.", "TXT")
    assert LIMITS.dnssec_trials < verify.call_count < 3 * LIMITS.dnssec_message_trials
