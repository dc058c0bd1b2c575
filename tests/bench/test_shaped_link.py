"""The shaped link has the rate, the delay and the queue that it says."""

from __future__ import annotations

import pytest

from bench.shaped_link import MEGABITS, QUEUE_SECONDS, ROUND_TRIP_SECONDS, Direction

PACKET = bytes(1250)
SECONDS = len(PACKET) * 8 / (MEGABITS * 1e6)
"""How long one packet takes at the link's rate."""


def test_packets_arrive_at_the_rate_after_the_delay_in_order() -> None:
    way = Direction()
    for number in range(3):
        way.take(PACKET[:-1] + bytes([number]), 10.0)
    assert way.next_due == pytest.approx(10.0 + SECONDS + ROUND_TRIP_SECONDS / 2)
    assert list(way.arrived(10.0 + ROUND_TRIP_SECONDS / 2)) == []
    arrived = [
        packet[-1]
        for number in range(1, 4)
        for packet in way.arrived(10.0 + number * SECONDS + ROUND_TRIP_SECONDS / 2 + 1e-9)
    ]
    assert arrived == [0, 1, 2]
    assert way.next_due is None


def test_a_link_that_is_free_again_keeps_no_debt() -> None:
    way = Direction()
    way.take(PACKET, 1.0)
    way.take(PACKET, 2.0)
    assert len(list(way.arrived(2.0))) == 1
    assert way.next_due == pytest.approx(2.0 + SECONDS + ROUND_TRIP_SECONDS / 2)


def test_what_the_queue_has_no_room_for_is_dropped() -> None:
    way = Direction()
    fits = int(QUEUE_SECONDS / SECONDS) + 1
    for _ in range(2 * fits):
        way.take(PACKET, 0.0)
    assert len(list(way.arrived(10.0))) == pytest.approx(fits, abs=1)
