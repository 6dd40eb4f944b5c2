"""The load generator, as the driver speaks with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from bench.fanout.process import Child

PATIENCE_S: Final = 900.0
AT_ONCE: Final = 64
"""Clients that connect at a time."""


@dataclass(frozen=True)
class Dialect:
    """How a client of a server becomes a subscriber. `{i}` is the client's number.

    Attributes:
        path: of the endpoint.
        steps: what is awaited (`?text`) and said (`!text`) after the handshake, in order.
        protocol: the subprotocol that is offered.
        header: one more line of the handshake.
        mark: stands once in each update, before the time.
        ping: a message of the server's own that is answered by `pong`.
        pong: the answer.
        refusal: what a reply says that ends all waiting: the client is lost.
        frames: "text", or "binary".
        control: the option that names the control port: `--control`, or `--nats`.
    """

    path: str = "/ws"
    steps: tuple[str, ...] = ('!{"type":"quotes.subscribe","payload":{}}', "?response")
    protocol: str = ""
    header: str = ""
    mark: str = '"at":'
    ping: str = ""
    pong: str = ""
    refusal: str = ""
    frames: str = "text"
    control: str = "--control"

    def options(self, ready: dict[str, Any], *, is_tls: bool = False) -> list[str]:
        """The command line for a server that has said its ports."""
        said = {
            "--port": ready["port"],
            self.control: ready["control"],
            "--path": self.path,
            "--protocol": self.protocol,
            "--header": self.header,
            "--mark": self.mark,
            "--ping": self.ping,
            "--pong": self.pong,
            "--refusal": self.refusal,
            "--frames": self.frames,
        }
        options = [str(one) for pair in said.items() if pair[1] for one in pair]
        for step in self.steps:
            options += ["--say" if step[0] == "!" else "--await", step[1:]]
        return options + (["--tls", "yes"] if is_tls else [])


class GeneratorError(RuntimeError):
    """An update did not reach every client exactly once, or a client was lost."""


@dataclass
class Generator:
    """Many clients of one server, in a process on a core of its own."""

    child: Child
    clients: int = field(default=0)

    def connect(self, count: int, at_once: int = AT_ONCE) -> float:
        """Bring in so many more clients; returns how long that took, in seconds."""
        answer = self._command(f"connect {count} {at_once}")
        self.clients += count
        return float(answer["seconds"])

    def leave(self) -> None:
        """Hang up for all clients."""
        self._command("leave")
        self.clients = 0

    def burst(self, ticks: int, per_tick: int) -> dict[str, Any]:
        """Have updates sent as fast as the server can, tick by tick."""
        return self._command(f"burst {ticks} {per_tick}")

    def paced(self, hz: float, ticks: int) -> dict[str, Any]:
        """Have updates sent at a rate."""
        return self._command(f"paced {hz} {ticks}")

    def _command(self, line: str) -> dict[str, Any]:
        self.child.tell(line)
        answer = self.child.hear(PATIENCE_S)
        if "error" in answer:
            raise GeneratorError(f"{line}: {answer['error']}")
        return answer
