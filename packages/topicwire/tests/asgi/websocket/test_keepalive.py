"""The pings of all connections, by one clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from topicwire.asgi.websocket.keepalive import Keepalive
from topicwire.asgi.websocket.line import AT_ONCE, Line


class Loop:
    """An event loop of timers alone, whose time the test lets pass."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[tuple[float, int, Timer]] = []
        self.rings = 0
        self.next_turn: list[Callable[[], object]] = []

    def time(self) -> float:
        return self.now_s

    def call_at(self, at_s: float, callback: Callable[[], None]) -> Timer:
        timer = Timer(callback)
        heapq.heappush(self.timers, (at_s, id(timer), timer))
        return timer

    def call_soon(self, callback: Callable[..., object], *arguments: object) -> None:
        self.next_turn.append(lambda: callback(*arguments))

    def advance(self, by_s: float) -> None:
        until_s = self.now_s + by_s
        self._turns()
        while self.timers and self.timers[0][0] <= until_s:
            self.hold(max(0.0, self.timers[0][0] - self.now_s))
            self._turns()
        self.now_s = until_s

    def _turns(self) -> None:
        while self.next_turn:
            turn, self.next_turn = self.next_turn, []
            for callback in turn:
                callback()

    def hold(self, by_s: float) -> None:
        """Let time pass in which nothing else is done."""
        until_s = self.now_s + by_s
        while self.timers and self.timers[0][0] <= until_s:
            at_s, _, timer = heapq.heappop(self.timers)
            self.now_s = max(self.now_s, at_s)
            if not timer.is_cancelled:
                self.rings += 1
                timer.callback()
        self.now_s = until_s


class Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Client:
    def __init__(self, name: str, told: list[str], *, is_there: bool = True) -> None:
        self._name = name
        self._told = told
        self._is_there = is_there

    def send_ping(self) -> bool:
        self._told.append(f"ping {self._name}")
        return self._is_there

    def keepalive_timeout(self) -> None:
        self._told.append(f"timeout {self._name}")


def keepalive(interval_s: float | None, timeout_s: float | None) -> tuple[Any, Keepalive]:
    loop: Any = Loop()
    return loop, Keepalive(loop, interval_s, timeout_s)


def test_everyone_is_asked_after_the_interval_and_given_time_to_answer() -> None:
    loop, pings = keepalive(20, 10)
    told: list[str] = []
    early, late = Client("early", told), Client("late", told)
    pings.heard(early)
    loop.advance(5)
    pings.heard(late)
    loop.advance(15)
    assert told == ["ping early"]
    loop.advance(5)
    pings.heard(early)  # 5 s after its ping
    loop.advance(10)
    assert told == ["ping early", "ping late", "timeout late"]
    loop.advance(9.9)
    assert told[3:] == []
    loop.advance(0.1)
    assert told[3:] == ["ping early"]


def test_an_answer_that_was_not_read_while_the_loop_was_held_counts() -> None:
    loop, pings = keepalive(20, 10)
    told: list[str] = []
    answers, silent = Client("answers", told), Client("silent", told)
    pings.heard(answers)
    pings.heard(silent)
    loop.advance(20)
    loop.hold(60)
    pings.heard(answers)  # read in the first turn after that
    loop.advance(0)
    assert told == ["ping answers", "ping silent", "timeout silent"]


def test_who_is_gone_is_not_asked() -> None:
    loop, pings = keepalive(20, 10)
    told: list[str] = []
    clients = [Client(str(number), told) for number in range(3)]
    for client in clients:
        pings.heard(client)
    pings.forget(clients[1])
    pings.forget(clients[1])
    loop.advance(20)
    pings.forget(clients[2])
    loop.advance(100)
    assert told == ["ping 0", "ping 2", "timeout 0"]
    assert not [timer for _, _, timer in loop.timers if not timer.is_cancelled]


def test_an_answer_that_could_not_be_read_has_its_time_again() -> None:
    loop, pings = keepalive(20, 10)
    told: list[str] = []
    client = Client("it", told)
    client.keepalive_timeout = lambda: pings.wait_again(client)  # type: ignore[method-assign]
    pings.heard(client)
    loop.advance(35)
    del client.keepalive_timeout
    assert told == ["ping it"]
    loop.advance(5)
    assert told == ["ping it", "timeout it"]


def test_who_closes_meanwhile_is_not_waited_for() -> None:
    loop, pings = keepalive(20, 10)
    told: list[str] = []
    pings.heard(Client("it", told, is_there=False))
    loop.advance(100)
    assert told == ["ping it"]


def test_without_a_timeout_the_next_ping_follows() -> None:
    loop, pings = keepalive(20, None)
    told: list[str] = []
    client = Client("it", told)
    pings.heard(client)
    loop.advance(60)
    pings.wait_again(client)
    assert told == ["ping it"] * 3


def test_without_an_interval_nobody_is_asked() -> None:
    loop, pings = keepalive(None, 10)
    told: list[str] = []
    client = Client("it", told)
    pings.heard(client)
    pings.wait_again(client)
    pings.forget(client)
    loop.advance(1_000)
    assert told == []
    assert loop.timers == []


def test_many_that_are_due_together_come_in_slices() -> None:
    loop: Any = Loop()
    rung: list[int] = []
    line: Line[int] = Line(loop, 20, rung.append)
    for number in range(AT_ONCE + 1):
        line.put(number)
    loop.advance(20)
    assert rung == list(range(AT_ONCE + 1))
    assert loop.rings == 2
