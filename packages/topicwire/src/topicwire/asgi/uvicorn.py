"""uvicorn's own WebSocket implementation, made to pass every case of the Autobahn suite.

    uvicorn app:app --ws topicwire.asgi.uvicorn:WebSocketProtocol

Needs uvicorn and websockets. The endpoint works on uvicorn's own implementations too; of these,
`websockets-sansio` (its default) fails case 7.1.5, and `wsproto` hangs in compressed ones.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol


class _ServerProtocol(ServerProtocol):
    """Takes a close frame between the fragments of a message for what it is.

    RFC 6455, section 5.4: "Control frames MAY be injected in the middle of a fragmented message."
    websockets answers such a close with 1002, as a violation; it is to be echoed. The message that
    it interrupts will never be whole, and is forgotten.
    """

    def recv_frame(self, frame: Frame) -> None:
        """Receive one frame."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's `websockets-sansio`, where a close is answered by its own code at any moment."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.conn: ServerProtocol = _ServerProtocol(
            extensions=self.conn.available_extensions,
            max_size=self.config.ws_max_size,
            logger=self.conn.logger,
        )
