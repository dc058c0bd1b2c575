"""Time never runs behind what was proven, and one wild jump of the machine is forgotten."""

from walkaway.chain.clock import FixedClock, FlooredClock


def test_a_clock_set_back_stands_at_the_proven_head() -> None:
    machine = FixedClock(1000)
    clock = FlooredClock(machine, timer=lambda: 0.0)
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
    clock = FlooredClock(FixedClock(0), floor=50, timer=lambda: 0.0)
    clock.raise_to(10)
    assert clock.now() == 50


def test_time_goes_on_while_the_machine_is_set_back() -> None:
    elapsed = [0.0]
    clock = FlooredClock(FixedClock(0), timer=lambda: elapsed[0])
    clock.raise_to(1000)
    elapsed[0] = 600.0
    assert clock.now() == 1600
    clock.raise_to(1300)
    assert clock.now() == 1600
    assert clock.behind == 1600
