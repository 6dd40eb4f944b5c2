"""An application's authenticator that a test drives: a token is `subject`, or `subject:seconds`."""

from __future__ import annotations

import asyncio
import time

from topicwire import ANONYMOUS, Principal
from topicwire.identity import Handshake

NOBODY = "nobody"


class Tokens:
    """Takes every token but `bad`; a second part says in how many seconds it expires."""

    cookie = "session"

    def __init__(self) -> None:
        self.gate: asyncio.Event | None = None
        self.error: BaseException | None = None
        self.handshakes: list[Handshake] = []
        self.asked = asyncio.Event()

    async def authenticate(self, websocket: Handshake) -> Principal | None:
        self.handshakes.append(websocket)
        token = websocket.bearer or websocket.cookies.get(self.cookie)
        return None if token is None else await self.authenticate_token(token)

    async def authenticate_token(self, token: str) -> Principal | None:
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        subject, _, seconds = token.partition(":")
        if subject == "bad":
            return None
        if subject == NOBODY:
            return ANONYMOUS
        return Principal(subject, expires_at=time.time() + float(seconds) if seconds else None)
