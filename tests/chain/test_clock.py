"""Time never runs behind what was proven, and one wild jump of the machine is forgotten."""

from walkaway.chain.clock import FixedClock, FlooredClock


def test_a_clock_set_back_stands_at_the_proven_head() -> None:
    machine = FixedClock(1000)
    clock = FlooredClock(machine)
    clock.raise_to(990)
    assert (clock.now(), clock.behind) == (1000, 0)
    machine.seconds = 500
    assert (clock.now(), clock.behind) == (990, 490)


def test_a_jump_forward_of_the_machine_leaves_no_trace() -> None:
    machine = FixedClock(10**9)
    clock = FlooredClock(machine)
    assert clock.now() == 10**9
    machine.seconds = 1000
    assert clock.now() == 1000


def test_the_floor_only_rises() -> None:
    clock = FlooredClock(FixedClock(0), floor=50)
    clock.raise_to(10)
    assert clock.now() == 50
