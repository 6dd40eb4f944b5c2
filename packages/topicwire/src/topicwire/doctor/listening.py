"""A client that subscribes to a running server, and waits for the first update."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from pydantic import TypeAdapter

from topicwire.client.client import Client
from topicwire.client.effects import UpdateInfo
from topicwire.client.errors import (
    ClientError,
    LoginFailedError,
    OfflineError,
    RefusedError,
    ServerRefusesError,
)
from topicwire.doctor.updates import Counts, Heard, Wanted
from topicwire.hub.metrics import Metrics

Count = Callable[[], Counts | None]
"""Returns what a server has counted of a route; None where it does not tell."""

TOKEN: Final = "TOPICWIRE_TOKEN"  # noqa: S105 - the name of a variable
_ANYTHING: Final[TypeAdapter[Any]] = TypeAdapter(Any)
_METRICS_TIMEOUT_S: Final = 5.0
_NO_SOCKET: Final = (
    "Start the server, or correct --url. Where its document can be read and its WebSocket cannot: "
    "uvicorn needs websockets (pip install 'topicwire[uvicorn]'), and a proxy is to pass `Upgrade` "
    "on."
)
_SAMPLE: Final = re.compile(r"topicwire_(\w+?)(?:_total)?\{([^}]*)\} (\S+)")


async def listen(
    url: str, wanted: Wanted, *, token: str | None, wait_s: float, count: Count
) -> Heard:
    """Subscribe, and wait for the first update.

    Args:
        url: of the WebSocket.
        wanted: what to subscribe to.
        token: of the client; None for none.
        wait_s: for the connection, and for the update, from the server's reply on.
        count: what the server has counted of the route; called in a thread.
    """
    loop = asyncio.get_running_loop()
    came: asyncio.Future[float] = loop.create_future()
    ended: list[ClientError] = []
    states: list[str] = []

    def update(_data: Any, info: UpdateInfo) -> None:
        if info.snapshot:
            states.append(info.topic)
        elif not came.done():
            came.set_result(loop.time())

    def error(reason: ClientError) -> None:
        ended.append(reason)
        if not came.done():
            came.cancel()

    before = await asyncio.to_thread(count)
    async with Client(url, token=token) as client:
        client.on_error(ended.append)
        opened = asyncio.Event()
        client.on_status(lambda status: opened.set() if status == "open" else None)
        route = client.route(wanted.route, _ANYTHING, _ANYTHING)
        asking = asyncio.ensure_future(
            route.subscribe(wanted.request, update, on_error=error, on_gap=lambda _: None)
        )
        try:
            await _first(asking, opened.wait(), timeout_s=wait_s)
            if not asking.done() and not opened.is_set():
                asking.cancel()
                raise OfflineError("there was no connection")
            held = await asking
        except ClientError as refusal:
            what, cure = _refused(refusal, ended)
            return Heard(wanted, url, wait_s, refusal=what, cure=cure)
        replied_s = loop.time()
        await asyncio.wait({came}, timeout=wait_s)
        after = await asyncio.to_thread(count)
        if came.cancelled():
            what, cure = _refused(ended[-1], ended)
            return Heard(wanted, url, wait_s, held.topics, refusal=what, cure=cure)
        return Heard(
            wanted,
            url,
            wait_s,
            held.topics,
            max(0.0, came.result() - replied_s) if came.done() else None,
            has_state=bool(states),
            before=before,
            after=after,
        )


async def _first(asking: asyncio.Future[Any], opened: Awaitable[Any], *, timeout_s: float) -> None:
    """Return when one of both is there, or it has taken too long."""
    waiting = asyncio.ensure_future(opened)
    either = {asking, waiting}
    await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _refused(error: ClientError, seen: list[ClientError]) -> tuple[str, str]:
    """Return what a client is told, and what to do."""
    if isinstance(error, OfflineError):
        why = f" ({seen[-1]})" if seen else ""
        return f"no WebSocket could be opened{why}.", _NO_SOCKET
    if isinstance(error, ServerRefusesError | LoginFailedError):
        return str(error), f"Say who you are, {TOKEN}=… in the environment; or correct --url."
    cures = {
        "no_matching_type": "Correct the name in --subscribe; or, where the source has the route: "
        "see `registered`, and start the server again.",
        "validation_error": "Correct the request in --subscribe, by the model of the route.",
        "unauthenticated": f"Say who you are: {TOKEN}=… in the environment.",
        "forbidden": f"This client may not have it: {TOKEN}=… in the environment, or the route's "
        "authorize.",
        "producer_failed": "create_topic raised or took too long: see the server's log.",
        "internal": "The route's code raised: see the server's log.",
    }
    said = "the server refuses" if isinstance(error, RefusedError) else "it failed"
    return (
        f"{said}: {error.code}: {error.message}",
        cures.get(error.code, "See what the server logs."),
    )


def counted_by(metrics: Metrics, route: str) -> Counts | None:
    """Return what an application of this process has counted."""
    one = metrics.routes.get(route)
    if one is None:
        return None
    return Counts(
        one.updates_published,
        one.updates_unwatched,
        one.updates_discarded,
        one.producers_ended,
        one.producers,
    )


def counted_at(address: str, route: str) -> Counts | None:
    """Return what a server tells at its metrics' address; None where it tells nothing."""
    try:
        with urlopen(address, timeout=_METRICS_TIMEOUT_S) as answer:  # noqa: S310 - http alone
            text = answer.read().decode()
    except HTTPError as error:
        error.close()  # it is the response, too
        return None
    except (OSError, ValueError):
        return None
    values: dict[str, int] = {}
    for name, labels, value in _SAMPLE.findall(text):
        if f'route="{route}"' in labels.split(","):
            values[name] = values.get(name, 0) + int(float(value))
    if "updates_published" not in values:
        return None
    return Counts(
        values["updates_published"],
        values.get("updates_unwatched", 0),
        values.get("updates_discarded", 0),
        values.get("producers_ended", 0),
        values.get("producers", 0),
    )


def metrics_address(url: str, path: str) -> str:
    """Return where the server of a WebSocket has its metrics."""
    parts = urlsplit(url)
    scheme = "https" if parts.scheme == "wss" else "http"
    return f"{scheme}://{parts.netloc}{path}"
