"""A server that says what the test says, on sockets that open and end when the test says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from topicwire.client import Client, Loss, SocketEvents
from topicwire.testing import ManualClock

URL = "ws://test/api/v1/ws"


class TradesRequest(BaseModel):
    symbol: str = "AAPL"


class Trade(BaseModel):
    price: float


class FakeSocket:
    """One attempt to connect."""

    def __init__(self, url: str, subprotocols: Sequence[str], events: SocketEvents) -> None:
        self.url = url
        self.subprotocols = [*subprotocols]
        self.events = events
        self.sent: list[dict[str, Any]] = []
        self.close_code: int | None = None

    # What the client does

    def send(self, message: str | bytes) -> None:
        self.sent.append(json.loads(message))

    def close(self, code: int = 1000) -> None:
        self.close_code = code

    async def wait_closed(self) -> None:
        pass

    # What the test does

    def open(self, *, heartbeat_s: float = 0) -> None:
        self.events.opened("topicwire.v1+json")
        hello = {"version": 1, "session": "s", "heartbeat_s": heartbeat_s, "limits": {}}
        self.say({"type": "hello", "payload": hello})

    def say(self, *messages: dict[str, Any]) -> None:
        self.events.received("\n".join(map(json.dumps, messages)))

    def lose(self, code: int = 1006, reason: str = "") -> None:
        self.events.lost(Loss(code, reason))

    def last(self, type_name: str) -> dict[str, Any]:
        """Return the last command of this type."""
        return [one for one in self.sent if one["type"] == type_name][-1]

    def accept(self, topic: str = "t", seq: int = 0, **more: Any) -> None:
        """Answer the last `trades.subscribe` that is of this connection."""
        reply = {"status": "ok", "message": "", "topic": topic, "epoch": "e", "seq": seq, **more}
        self.answer("trades.subscribe", reply)

    def refuse(self, code: str) -> None:
        reply = {"status": "error", "message": "No", "topic": "", "code": code}
        self.answer("trades.subscribe", reply)

    def answer(self, type_name: str, payload: dict[str, Any]) -> None:
        command = self.last(type_name)
        self.say({"type": f"{type_name}.response", "id": command["id"], "payload": payload})

    def update(self, seq: int, price: Any = None, *, topic: str = "t", **more: Any) -> None:
        data = {"price": float(seq) if price is None else price}
        self.say({"type": "trades.update", "payload": update(topic, seq, data, more)})


def update(topic: str, seq: int, data: Any, more: dict[str, Any]) -> dict[str, Any]:
    return {"topic": topic, "seq": seq, "payload": data, **more}


class Bench:
    """A client, its clock, and the sockets that it has asked for."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.sockets: list[FakeSocket] = []
        self.errors: list[str] = []
        self.statuses: list[str] = []
        options.setdefault("random", lambda: 1.0)
        self.client = Client(URL, connector=self._connect, clock=self.clock, **options)
        self.client.on_error(lambda error: self.errors.append(error.code))
        self.client.on_status(self.statuses.append)
        self.trades = self.client.route("trades", TradesRequest, Trade)

    def _connect(self, url: str, subprotocols: Sequence[str], events: SocketEvents) -> FakeSocket:
        self.sockets.append(FakeSocket(url, subprotocols, events))
        return self.sockets[-1]

    @property
    def socket(self) -> FakeSocket:
        return self.sockets[-1]

    def reconnect(self, **hello: Any) -> FakeSocket:
        """Let the wait pass, and open the next socket."""
        before = len(self.sockets)
        while len(self.sockets) == before:
            assert self.clock.alarms, "nobody waits for another connection"
            self.clock.advance(0.5)
        self.socket.open(**hello)
        return self.socket
