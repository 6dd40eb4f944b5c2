"""The WebSocket endpoint, as a plain ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from topicwire.asgi.door import Door
from topicwire.asgi.places import Places
from topicwire.asgi.refusal import close_code, refuse
from topicwire.asgi.sign_in import SignIn
from topicwire.asgi.transport import AsgiTransport
from topicwire.errors import CommandError
from topicwire.hub.clock import in_a_task
from topicwire.hub.connection import Connection
from topicwire.hub.ending import CLOSE_TIMEOUT_S
from topicwire.hub.hub import Hub
from topicwire.hub.route import Command
from topicwire.identity.handshake import Handshake
from topicwire.types import Direction, Principal
from topicwire.wire.codecs import Codec, agreed


class _Client(NamedTuple):
    """One that has been let in."""

    places: Places
    observe: Callable[[Direction, str], None] | None
    codec: Codec
    principal: Principal


def _leave(
    places: Places,
    kept: Callable[[BaseException | None], None],
    failure: BaseException | None,
) -> None:
    try:
        kept(failure)
    finally:
        places.leave()


class Endpoint:
    """Lets a client in, agrees on the subprotocol, and hands the connection to the hub.

    Guarantee: for a client that is refused nothing is made and nothing is kept.

    Args:
        hub: serves the connection.
        door: says who is let in.
        commands: what its client may send, by type.
        observe: sees every message that is sent and every one that is accepted; None for nobody.
        bypass: as `AsgiTransport` has it.
    """

    def __init__(
        self,
        hub: Hub,
        door: Door,
        commands: Callable[[], Mapping[str, Command]],
        observe: Callable[[], Callable[[Direction, str], None] | None],
        *,
        bypass: bool | None = None,
    ) -> None:
        self._hub = hub
        self._door = door
        self._sign_in = None if door.verify is None else SignIn(hub, door, door.verify)
        self._commands = commands
        self._observe = observe
        self.bypass = bypass
        self._has_told_who_is_between = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection.

        A server that gives its socket sees this call return when the client has been let in: the
        connection goes on without what such a call keeps in memory.
        """
        if (await receive())["type"] != "websocket.connect":
            return
        transport = AsgiTransport(receive, send, scope, bypass=self.bypass)
        await self.enter(Handshake(scope), transport)

    async def enter(self, handshake: Handshake, transport: AsgiTransport) -> None:
        """Let a client in, or refuse it, and serve it, until the end or by whoever keeps it.

        May be begun without a task: where there is something to wait for, or a coroutine of the
        application's is to run, it yields for one (`in_a_task`).
        """
        client = await self._admitted(handshake, transport)
        if client is None:
            return
        if transport.wrapped_by and not self._has_told_who_is_between:
            self._tell_who_is_between(transport.wrapped_by)
        kept = transport.keep()
        if kept is not None:
            self._attend(transport, client, kept)
            return
        await in_a_task()
        serving = self._serve(transport, client)
        if not transport.go_on(serving):
            await serving

    async def _admitted(self, handshake: Handshake, transport: AsgiTransport) -> _Client | None:
        """Return a client that is let in; None when it is not."""
        codec = agreed(handshake.subprotocols)
        observe = self._observe()
        places = Places()
        client: _Client | None = None
        try:
            principal = await self._let_in(handshake, transport, places, codec, observe)
            if principal is not None:
                client = _Client(places, observe, codec, principal)
        except OSError:
            return None  # the client went away before it was let in
        finally:
            if client is None:
                places.leave()
        return client

    def _connect(self, transport: AsgiTransport, client: _Client) -> Connection:
        return self._hub.connect(
            transport,
            self._commands,
            codec=client.codec,
            observe=client.observe,
            principal=client.principal,
            verify=self._door.verify,
        )

    async def _serve(self, transport: AsgiTransport, client: _Client) -> None:
        try:
            await self._hub.serve(self._connect(transport, client))
        finally:
            client.places.leave()

    def _attend(
        self,
        transport: AsgiTransport,
        client: _Client,
        kept: Callable[[BaseException | None], None],
    ) -> None:
        over = partial(_leave, client.places, kept)
        try:
            connection = self._connect(transport, client)
        except Exception as error:  # noqa: BLE001 - the server tells it, and ends the connection
            over(error)
        else:
            self._hub.attend(connection, over)

    async def _let_in(
        self,
        handshake: Handshake,
        transport: AsgiTransport,
        places: Places,
        codec: Codec,
        observe: Callable[[Direction, str], None] | None,
    ) -> Principal | None:
        """Accept a client, and return who it is; None when it has been refused."""
        try:
            principal = await self._door.admit(handshake, places)
        except CommandError as refusal:
            self._tell(refusal)
            await refuse(handshake.scope, transport.give, refusal, codec.subprotocol)
            return None
        await transport.give({"type": "websocket.accept", "subprotocol": codec.subprotocol})
        if principal is not None or self._sign_in is None:
            return principal
        await in_a_task()
        try:
            return await self._sign_in.principal(transport, places, codec, observe)
        except CommandError as refusal:
            self._tell(refusal)
            async with asyncio.timeout(CLOSE_TIMEOUT_S):  # a TimeoutError is an OSError
                await transport.close(close_code(refusal), refusal.message)
            return None

    def _tell(self, refusal: CommandError) -> None:
        self._hub.metrics.refuse_login(refusal.code)
        self._hub.logger.info(
            "a client is refused: %s", refusal.message, extra={"code": refusal.code}
        )

    def _tell_who_is_between(self, names: tuple[str, ...]) -> None:
        self._has_told_who_is_between = True
        wrapping = " and ".join(dict.fromkeys(names))
        self._hub.logger.warning(
            "messages do not go straight to the server's sockets, which costs more for each: they "
            "go through %s. If it need not see them, say FastWSAdapter(bypass_middleware=True); if "
            "it is to, False. This is said once.",
            wrapping,
            extra={"wrapped_by": names},
        )
