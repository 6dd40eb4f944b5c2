from __future__ import annotations

from typing import Any

import httpx
from backend.tests.conftest import SETTINGS
from backend.tests.shared.conftest import WriteModule

from trading_api.app_factory import create_app


async def health_of(enabled: list[str] | None = None) -> dict[str, Any]:
    transport = httpx.ASGITransport(create_app(enabled, settings=SETTINGS)[0])
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        answer: dict[str, Any] = (await client.get("/api/v1/health")).json()
    return answer


async def test_health_names_modules_that_are_half_broken(write_module: WriteModule) -> None:
    write_module("half", __init__="class HalfModule:\n    def get_ws_routers(self): 1 / 0\n")
    write_module("none", __init__="import nowhere_at_all\n")
    health = await health_of()
    assert health["status"] == "degraded"
    assert health["modules"] == ["datafeed", "broker", "half"]
    half, none = health["degraded"]
    assert half == {
        "name": "half",
        "reason": "serves no WebSocket routes: get_ws_routers() raised "
        "ZeroDivisionError: division by zero",
    }
    assert none["name"] == "none"
    assert none["reason"].startswith("is skipped: ModuleNotFoundError: ")
    chosen = await health_of(["broker"])
    assert (chosen["status"], chosen["degraded"]) == ("ok", [])
