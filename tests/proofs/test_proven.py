"""The chain of evidence under a proven value."""

from __future__ import annotations

from walkaway.proofs.proven import Evidence, LaterSteps

CHECKPOINT = Evidence("checkpoint")


def test_later_steps_are_gathered_once_and_only_when_looked_at() -> None:
    gathered: list[int] = []

    def gather() -> tuple[Evidence, ...]:
        gathered.append(1)
        return (CHECKPOINT, Evidence("clock"))

    steps = LaterSteps(gather)
    step = Evidence("run", (), steps)
    assert not gathered
    assert not step.is_anchor
    assert steps[0] is CHECKPOINT
    assert list(steps[:1]) == [CHECKPOINT]
    assert [anchor.rule for anchor in step.anchors()] == ["checkpoint", "clock"]
    assert len(gathered) == 1


def test_a_shared_step_is_met_once() -> None:
    both = Evidence("both", (), (CHECKPOINT, CHECKPOINT))
    assert list(both.anchors()) == [CHECKPOINT]


def test_what_was_asked_for_is_no_belief() -> None:
    asked = Evidence("CID that was asked for", (("cid", "bafkqaaa"),))
    assert asked.is_anchor
    assert asked.is_question
    assert not CHECKPOINT.is_question
    assert not Evidence("CID that was asked for", (), (CHECKPOINT,)).is_question
