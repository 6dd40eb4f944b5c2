"""An app that knows its clients by a token: `good` is Ann's, `blocked` is refused, no other is any.

Served by the browser's tests alone: `uvicorn guarded_app:app`.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from topicwire import FastWSAdapter, Principal, Rejected, WsRouter
from topicwire.identity import Handshake


class Request(BaseModel):
    """What to subscribe to."""

    symbol: str


class Price(BaseModel):
    """What comes."""

    price: float


def who(websocket: Handshake) -> Principal | None:
    """Return Ann, for her token."""
    if websocket.bearer == "blocked":
        raise Rejected("This account is blocked")
    return Principal("ann") if websocket.bearer == "good" else None


app = FastAPI()
ws = FastWSAdapter(title="Guarded", version="1", authenticate=who)
ws.include_router(WsRouter[Request, Price](route="prices"))
ws.setup(app)


@app.get("/page")
async def page() -> HTMLResponse:
    """Give a page of this very origin."""
    return HTMLResponse("<!doctype html><title>page</title>")
