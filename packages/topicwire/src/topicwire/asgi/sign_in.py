"""The first message of a client that could put no token into its handshake."""

from __future__ import annotations

from collections.abc import Callable

from topicwire.asgi.door import Door, unknown
from topicwire.asgi.places import Places
from topicwire.errors import CommandError
from topicwire.hub.clock import Deadline
from topicwire.hub.hub import Hub
from topicwire.hub.identity import VerifyToken, auth_response, recognize, token_of
from topicwire.hub.transport import Transport
from topicwire.types import Direction, Message, Principal
from topicwire.wire.codecs import Codec
from topicwire.wire.frames import Frame, size_is_over

Observe = Callable[[Direction, str], None] | None


class SignIn:
    """Waits for one `auth` message, and answers it. Nothing else is read, answered or kept.

    Args:
        hub: whose clock and limits count.
        door: counts the principal.
        verify: who the bearer of a token is.
    """

    def __init__(self, hub: Hub, door: Door, verify: VerifyToken) -> None:
        self._hub = hub
        self._door = door
        self._verify = verify

    async def principal(
        self, transport: Transport, places: Places, codec: Codec, observe: Observe
    ) -> Principal:
        """Return who signs in; `places` counts its connection.

        Raises:
            CommandError: it is refused, and may have been told so: close the connection.
            OSError: the client is gone.
        """
        message, text = await self._first_message(transport, codec)
        try:
            token = token_of(message)
        except CommandError:
            raise _not_auth() from None
        if observe is not None:
            observe("to_server", text)

        async def answer(frame: Frame) -> None:
            if observe is not None:
                observe("to_client", frame.text)
            for sent in codec.messages([frame]):
                await transport.send(sent)

        try:
            principal = await recognize(self._hub, self._verify, token)
            if principal is None:
                raise unknown()
            self._door.count(principal, places)
        except CommandError as refusal:
            await answer(auth_response(message.id, refusal))
            raise
        await answer(auth_response(message.id, principal))
        return principal

    async def _first_message(self, transport: Transport, codec: Codec) -> tuple[Message, str]:
        settings = self._hub.settings
        deadline = Deadline(self._hub.clock, settings.auth_timeout_s)
        try:
            async with deadline:
                data = await transport.receive()
        except TimeoutError:
            if not deadline.has_passed:
                raise
            raise CommandError(
                f"No auth came within {settings.auth_timeout_s:g} s", code="unauthenticated"
            ) from None
        if data is None:
            raise ConnectionError("the client left before it had signed in")
        limit = settings.max_message_bytes
        if size_is_over(data, limit):
            raise CommandError(f"a message is larger than {limit} bytes", code="too_large")
        try:
            message, text = codec.read(data)
        except CommandError:
            raise _not_auth() from None
        if message.type != "auth":
            raise _not_auth()
        return message, text


def _not_auth() -> CommandError:
    return CommandError("Sign in: the first message is auth, with a token", code="unauthenticated")
