"""Subscribes as a client does, to a server or to the application itself, and says what is wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from topicwire.codegen.application import Application
from topicwire.doctor.finding import Finding
from topicwire.doctor.listening import TOKEN, counted_at, counted_by, listen, metrics_address
from topicwire.doctor.running import publishes, served_here
from topicwire.doctor.server import document_address
from topicwire.doctor.updates import Heard, Wanted, explain

_DEFAULT_METRICS = "/metrics"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried.

    Attributes:
        wanted: the subscriptions, one after the other.
        url: of a server; None to serve the application here.
        wait_s: for the first update of each.
    """

    wanted: Sequence[Wanted]
    url: str | None
    wait_s: float


def tried(trial: Trial, application: Application | None) -> tuple[list[Heard], list[Finding]]:
    """Subscribe to each. Returns what was heard, and what keeps updates away.

    Args:
        trial: what to try.
        application: that the source gives; None where it cannot be made.

    Raises:
        ConfigError: it cannot be served here.
    """
    heard = asyncio.run(_tried(trial, application))
    services = {
        router.route: router.service is not None
        for router in (application.adapter.routers if application else ())
    }
    findings = [
        finding
        for one in heard
        for finding in explain(one, has_service=services.get(one.wanted.route))
    ]
    return heard, findings


async def _tried(trial: Trial, application: Application | None) -> list[Heard]:
    if trial.url is not None:
        address = document_address(trial.url, application)
        url = address.removesuffix("/asyncapi.json").replace("http", "ws", 1)
        path = application.adapter.metrics_path if application else None
        return [await _at(url, one, trial.wait_s, path) for one in trial.wanted]
    if application is None:
        return []
    async with served_here(application) as url:
        return [await _here(url, one, trial.wait_s, application) for one in trial.wanted]


async def _at(url: str, wanted: Wanted, wait_s: float, path: str | None) -> Heard:
    address = metrics_address(url, path or _DEFAULT_METRICS)
    return await listen(
        url, wanted, token=_token(), wait_s=wait_s, count=lambda: counted_at(address, wanted.route)
    )


async def _here(url: str, wanted: Wanted, wait_s: float, application: Application) -> Heard:
    adapter = application.adapter
    with publishes(adapter, wanted.route) as counts:
        heard = await listen(
            url,
            wanted,
            token=_token(),
            wait_s=wait_s,
            count=lambda: counted_by(adapter.metrics, wanted.route),
        )
        return replace(heard, url="this application", published=dict(counts))


def _token() -> str | None:
    return os.environ.get(TOKEN) or None
