"""What a client sends, message by message, from its transport to its connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from topicwire.close_codes import INTERNAL_ERROR, MESSAGE_TOO_BIG
from topicwire.hub.transport import Transport
from topicwire.wire.frames import size_is_over

if TYPE_CHECKING:
    from topicwire.hub.hub import Hub

MAX_READS_IN_A_ROW: Final = 16
"""After so many the reader lets others run: a server's `receive` may never wait while it has some.
"""


class Read(Protocol):
    """The connection, as its reader sees it."""

    id: str

    @property
    def is_ended(self) -> bool:
        """Nothing more is taken from the client."""
        ...

    def heard(self) -> None:
        """The client has given a sign of life."""
        ...

    def received(self, data: str | bytes) -> None:
        """Take a message."""
        ...

    def end(self, code: int | None = None, reason: str = "") -> None:
        """End the connection; without a code when the client is gone."""
        ...


class Reader:
    """Gives a connection its messages, in order, until it ends or its client is gone.

    A transport that can tell of messages when they come is asked to, which saves a task; what
    others have is received.

    Args:
        hub: runs the task.
        transport: of the client.
        connection: takes the messages.
    """

    __slots__ = ("_connection", "_hub", "_is_over", "_task", "_transport")

    def __init__(self, hub: Hub, transport: Transport, connection: Read) -> None:
        self._hub = hub
        self._transport = transport
        self._connection = connection
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    def begin(self) -> None:
        """Read from now on."""
        if not self._transport.listen(self._take, self._left):
            self._task = self._hub.spawn(self._read())

    def close(self) -> None:
        """Read no longer."""
        self._is_over = True
        if self._task is not None:
            self._task.cancel()

    async def _read(self) -> None:
        received = 0
        try:
            while (message := await self._transport.receive()) is not None:
                self._take(message)
                received += 1
                if received % MAX_READS_IN_A_ROW == 0:
                    await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - one connection alone ends
            self._failed(error)
        finally:
            self._connection.end()

    def _take(self, message: str | bytes) -> None:
        limit = self._hub.settings.max_message_bytes
        if self._is_over:
            return
        try:
            if size_is_over(message, limit):
                self._is_over = True
                reason = f"a message is larger than {limit} bytes"
                self._connection.end(MESSAGE_TOO_BIG, reason)
            else:
                self._connection.heard()
                self._connection.received(message)
        except Exception as error:  # noqa: BLE001 - one connection alone ends
            self._is_over = True
            self._failed(error)

    def _left(self) -> None:
        if not self._is_over:
            self._connection.end()

    def _failed(self, error: Exception) -> None:
        connection = self._connection
        if not connection.is_ended:
            self._hub.logger.error(
                "connection %s: its reader failed",
                connection.id,
                exc_info=error,
                extra={"connection": connection.id},
            )
            connection.end(INTERNAL_ERROR, "internal error")
