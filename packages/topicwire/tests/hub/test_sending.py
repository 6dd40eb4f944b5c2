"""The same bytes to many sockets, in Python and in C: both do the same."""

from __future__ import annotations

import socket
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages.topicwire.tests.hub.writers import WriteEach, writers

from topicwire.hub.sending import BETWEEN_LOOKS, CLOSED

NEVER = 1 << 62


@pytest.fixture(autouse=True)
def direct() -> None:
    """The sockets are real ones."""


@pytest.fixture(params=list(writers()))
def write_each(request: pytest.FixtureRequest) -> WriteEach:
    """One of them."""
    return writers()[request.param]


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Pairs of sockets; those that are written to do not block."""
    with ExitStack() as stack:
        found = []
        for _ in range(4):
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            stack.enter_context(theirs)
            ours.setblocking(False)
            theirs.setblocking(False)
            found.append((ours, theirs))
        yield found


def table(*sockets: socket.socket) -> array[int]:
    return array("i", [CLOSED, *(one.fileno() for one in sockets)])


def filled(one: socket.socket) -> None:
    while True:
        try:
            one.send(b"x" * 65_536)
        except BlockingIOError:
            return


def test_all_of_a_range_are_written_to_and_no_other(
    write_each: WriteEach, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    fds = table(*(ours for ours, _ in pairs))
    reached, others = write_each(fds, array("i", [4, 2, 3, 1]), 1, 3, b"hello", NEVER)
    assert (reached, [*others]) == (3, [])
    for number, (_, theirs) in enumerate(pairs, 1):
        if number in {2, 3}:
            assert theirs.recv(99) == b"hello"
        else:
            with pytest.raises(BlockingIOError):
                theirs.recv(99)


def test_who_is_closed_full_or_gone_is_told_of_and_its_neighbours_are_written_to(
    write_each: WriteEach, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    full, gone, fine, dead = (ours for ours, _ in pairs)
    filled(full)
    pairs[1][1].close()
    fds = table(full, gone, fine, dead)
    dead.close()
    reached, others = write_each(fds, array("i", [1, 0, 2, 4, 3]), 0, 5, b"hello", NEVER)
    assert reached == 5
    assert [*others] == [(0, 0), (1, CLOSED), (2, 0), (3, 0)]
    assert pairs[2][1].recv(99) == b"hello"


def test_who_takes_a_part_is_told_of_with_how_much(
    write_each: WriteEach, pairs: list[tuple[socket.socket, socket.socket]]
) -> None:
    ours, theirs = pairs[0]
    data = bytes(range(256)) * 20_000
    _, others = write_each(table(ours), array("i", [1]), 0, 1, data, NEVER)
    ((index, taken),) = others
    assert index == 0
    assert 0 < taken < len(data)
    received = b""
    while len(received) < taken:
        received += theirs.recv(1 << 20)
    assert received == data[:taken]


@pytest.mark.parametrize("count", [1, BETWEEN_LOOKS, BETWEEN_LOOKS + 1, 3 * BETWEEN_LOOKS])
@pytest.mark.parametrize("begin", [0, 7])
def test_it_ends_when_the_time_is_over_and_not_before_some_have_had_theirs(
    write_each: WriteEach, count: int, begin: int
) -> None:
    fds, berths = array("i", [CLOSED]), array("i", [0] * (begin + count))
    for until_ns, reached in ((0, min(count, BETWEEN_LOOKS)), (NEVER, count)):
        found = write_each(fds, berths, begin, begin + count, b"x", until_ns)
        assert found[0] == begin + reached
        assert [*found[1]] == [(begin + at, CLOSED) for at in range(reached)]
    later = time.monotonic_ns() + 3_600_000_000_000
    assert write_each(fds, berths, begin, begin + count, b"x", later)[0] == begin + count


@given(st.lists(st.integers(0, 4), max_size=200), st.data())
def test_both_say_the_same(berths: list[int], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(berths)))
    end = data.draw(st.integers(begin, len(berths)))
    with ExitStack() as stack:
        said, got = [], []
        for write_each in writers().values():
            pairs = [socket.socketpair() for _ in range(4)]
            for ours, theirs in pairs:
                stack.enter_context(ours)
                stack.enter_context(theirs)
                ours.setblocking(False)
                theirs.setblocking(False)
            filled(pairs[3][0])
            fds = table(*(ours for ours, _ in pairs))
            reached, others = write_each(fds, array("i", berths), begin, end, b"ab", NEVER)
            said.append((reached, [*others]))
            for ours, _ in pairs[:3]:
                ours.send(b"!")  # so that there is something to be received
            got.append([theirs.recv(999) for _, theirs in pairs[:3]])
        assert said == [said[0]] * len(said)
        assert got == [got[0]] * len(got)
    assert got[0] == [b"ab" * berths[begin:end].count(one) + b"!" for one in (1, 2, 3)]


@pytest.mark.parametrize("berths", [[-1], [2]])
def test_a_berth_that_there_is_not_is_not_read(berths: list[int]) -> None:
    """In Python the first would be the last one."""
    for name, write_each in writers().items():
        if name.startswith("in C"):
            with pytest.raises(IndexError):
                write_each(array("i", [CLOSED, CLOSED]), array("i", berths), 0, 1, b"x", NEVER)
