"""Our verdict on each question is unbound's, whichever resolver answers us, and however."""

from __future__ import annotations

import asyncio
from unittest import mock

import pytest

from tests.interop.dnssec.asking import looking_up, our_verdict, their_verdict
from tests.interop.dnssec.laboratory import Laboratory
from tests.interop.dnssec.questions import EXPECTED, STRICTER, Finding
from walkaway.errors import Unproven
from walkaway.limits import LIMITS
from walkaway.proofs.dnssec import algorithms
from walkaway.sources.transports.http2_connection import Http2Connection

pytestmark = pytest.mark.interop

RESOLVERS = ["bind", "unbound"]
WAYS = ["tcp", "udp", "tls", "https"]


async def test_unbound_finds_what_the_zones_hold(lab: Laboratory) -> None:
    found = {question: (await their_verdict(lab, question)).finding for question in EXPECTED}
    assert found == EXPECTED


@pytest.mark.parametrize("resolver", RESOLVERS)
@pytest.mark.parametrize("way", WAYS)
async def test_our_verdict_is_unbounds(lab: Laboratory, resolver: str, way: str) -> None:
    asked = lab.bind if resolver == "bind" else lab.unbound
    theirs = {question: await their_verdict(lab, question) for question in EXPECTED}
    async with looking_up(lab, asked.addresses[way]) as lookup:
        ours = {question: await our_verdict(lookup, question) for question in EXPECTED}
    assert {each for each in EXPECTED if ours[each] != theirs[each]} == STRICTER
    assert {ours[each].finding for each in STRICTER} == {Finding.INSECURE}


@pytest.mark.parametrize("resolver", RESOLVERS)
async def test_over_https_all_questions_share_one_connection(
    lab: Laboratory, resolver: str
) -> None:
    """By HTTP/2, which is all that either of them speaks."""
    asked = lab.bind if resolver == "bind" else lab.unbound
    questions = [each for each in EXPECTED if each not in STRICTER][:40]
    ask = mock.patch.object(Http2Connection, "ask", autospec=True, side_effect=Http2Connection.ask)
    async with looking_up(lab, asked.addresses["https"]) as lookup:
        with ask as put:
            verdicts = await asyncio.gather(*(our_verdict(lookup, each) for each in questions))
    assert [verdict.finding for verdict in verdicts] == [EXPECTED[each] for each in questions]
    assert len({id(call.args[0]) for call in put.call_args_list}) == 1
    assert put.call_count > len(questions)


@pytest.mark.parametrize("way", ["tls", "https"])
async def test_a_resolver_whom_nobody_vouches_for_is_not_asked(
    lab: Laboratory, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with looking_up(lab, lab.bind.addresses[way]) as lookup:
        with pytest.raises(Unproven) as caught:
            await lookup.proven("www.nsec.lab.", "TXT")
    assert set(caught.value.reasons.values()) == {"its certificate is not valid"}


async def test_a_trap_of_keys_takes_few_trials(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = mock.Mock(side_effect=algorithms.verify)
    monkeypatch.setattr(algorithms, "verify", verify)
    async with looking_up(lab, lab.bind.addresses["tcp"]) as lookup:
        with pytest.raises(Unproven, match="too many would have to be tried"):
            await lookup.proven("www.trap.lab.", "TXT")
    assert LIMITS.dnssec_trials < verify.call_count < 3 * LIMITS.dnssec_message_trials
