"""The queue of commands: bounded, in order, refusals too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topicwire.core.commands import Admission, CommandQueue


@given(st.lists(st.sampled_from(["command", "answer", "take"]), max_size=60))
def test_keeps_order_and_bounds(steps: list[str]) -> None:
    queue: CommandQueue[int, str] = CommandQueue(3, 4)
    model: list[tuple[int | None, str | None]] = []
    for number, step in enumerate(steps):
        commands = sum(command is not None for command, _ in model)
        answers = len(model) - commands
        if step == "take":
            assert queue.take() == (model.pop(0) if model else None)
        elif step == "command":
            room = commands < 3
            assert queue.offer(number) is (Admission.QUEUED if room else Admission.REFUSED)
            if room:
                model.append((number, None))
        else:
            room = answers < 4
            assert queue.answer(str(number)) is (Admission.QUEUED if room else Admission.FLOODED)
            if room:
                model.append((None, str(number)))
        assert len(queue) == len(model)


def test_the_answer_to_a_refused_command_waits_for_its_turn() -> None:
    queue: CommandQueue[str, str] = CommandQueue(1, 1)
    assert queue.offer("first") is Admission.QUEUED
    assert queue.offer("second") is Admission.REFUSED
    assert queue.answer("rate_limited") is Admission.QUEUED
    assert [queue.take(), queue.take(), queue.take()] == [
        ("first", None),
        (None, "rate_limited"),
        None,
    ]
