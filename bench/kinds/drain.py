"""Clients that read and look at nothing: a process of its own, which counts bytes.

Each line that it is told is an order: `connect KIND COUNT`, or `count`; it answers with JSON.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from typing import Final

from bench.kinds.choice import KINDS, Choice

_BUFFER: Final = memoryview(bytearray(1 << 18))
_MASK: Final = bytes(4)


class Clients:
    """All clients, by their descriptors."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._poll = select.epoll()
        self._sockets: dict[int, tuple[str, socket.socket]] = {}
        self.counts = dict.fromkeys((one.name for one in KINDS), 0)

    def connect(self, kind: Choice, count: int) -> None:
        """Bring in so many of a kind, which subscribe."""
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", self._port))
            one.sendall(kind.handshake.encode())
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += one.recv(1)
            asked = kind.subscribe
            one.sendall(bytes([kind.opcode, 0x80 | len(asked)]) + _MASK + asked)
            one.setblocking(False)
            self._sockets[one.fileno()] = (kind.name, one)
            self._poll.register(one, select.EPOLLIN)

    def serve(self) -> None:
        """Read, and do as told, until nothing more is told."""
        by_name = {one.name: one for one in KINDS}
        self._poll.register(sys.stdin, select.EPOLLIN)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor != sys.stdin.fileno():
                    name, one = self._sockets[descriptor]
                    self.counts[name] += one.recv_into(_BUFFER)
                    continue
                words = sys.stdin.readline().split()
                if not words:
                    return
                if words[0] == "connect":
                    self.connect(by_name[words[1]], int(words[2]))
                sys.stdout.write(json.dumps(self.counts) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    Clients(int(sys.argv[1])).serve()
