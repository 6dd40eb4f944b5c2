"""The queue of commands: bounded, in order, refusals too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topicwire.core.commands import Admission, CommandQueue


@given(st.lists(st.sampled_from(["command", "answer", "take"]), max_size=60))
def test_keeps_order_and_bounds(steps: list[str]) -> None:
    queue: CommandQueue[int, str] = CommandQueue(3, 4, 10**9)
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
            assert queue.answer(str(number), 1) is (Admission.QUEUED if room else Admission.FLOODED)
            if room:
                model.append((None, str(number)))
        assert len(queue) == len(model)


def test_the_answer_to_a_refused_command_waits_for_its_turn() -> None:
    queue: CommandQueue[str, str] = CommandQueue(1, 1, 10**9)
    assert queue.offer("first") is Admission.QUEUED
    assert queue.offer("second") is Admission.REFUSED
    assert queue.answer("rate_limited", 1) is Admission.QUEUED
    assert [queue.take(), queue.take(), queue.take()] == [
        ("first", None),
        (None, "rate_limited"),
        None,
    ]


@given(st.integers(1, 30), st.lists(st.integers(1, 12), max_size=20))
def test_answers_are_bounded_in_bytes(bound: int, sizes: list[int]) -> None:
    queue: CommandQueue[str, int] = CommandQueue(1, 1_000, bound)
    kept: list[int] = []
    for size in sizes:
        has_room = not kept or sum(kept) + size <= bound
        expected = Admission.QUEUED if has_room else Admission.FLOODED
        assert queue.answer(size, size) is expected
        if has_room:
            kept.append(size)
        else:
            assert queue.take() == (None, kept.pop(0))
