from __future__ import annotations

import inspect
import subprocess
import sys

import httpx
import pytest
from backend.tests.conftest import SETTINGS
from backend.tests.manual_clock import ManualClock
from backend.tests.serving import Served, serving
from fastapi import FastAPI

from topicwire import FastWSAdapter
from trading_api.app_factory import create_app
from trading_api.shared.config import Settings
from trading_api.shared.module_registry import UnknownModuleError

EVERY_ROUTE = ["bars", "quotes", "orders", "positions"]


def routes(ws_app: FastWSAdapter) -> list[str]:
    return [router.route for router in ws_app.routers]


async def get(app: FastAPI, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        return await client.get(path)


async def test_every_module_is_served() -> None:
    """checklist 8: create_app() gives the app and the adapter, with every module's routers."""
    api_app, ws_app = create_app(settings=SETTINGS)
    assert isinstance(api_app, FastAPI)
    assert isinstance(ws_app, FastWSAdapter)
    assert routes(ws_app) == EVERY_ROUTE
    health = await get(api_app, "/api/v1/health")
    assert health.json() == {"status": "ok", "modules": ["datafeed", "broker"], "degraded": []}


@pytest.mark.parametrize(
    ("enabled", "expected"),
    [(["datafeed"], EVERY_ROUTE[:2]), (["broker"], EVERY_ROUTE[2:]), ([], [])],
)
async def test_enabled_modules_alone_are_served(enabled: list[str], expected: list[str]) -> None:
    """checklist 8: create_app(enabled_modules)."""
    api_app, ws_app = create_app(enabled)
    assert routes(ws_app) == expected
    assert (await get(api_app, "/api/v1/health")).json()["modules"] == enabled
    status = (await get(api_app, "/api/v1/datafeed/time")).status_code
    assert status == (200 if "datafeed" in enabled else 404)


def test_the_environment_chooses_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLED_MODULES", "broker")
    assert routes(create_app()[1]) == EVERY_ROUTE[2:]
    assert routes(create_app(["datafeed"])[1]) == EVERY_ROUTE[:2]


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownModuleError, match=r"'datafead' cannot be enabled.*'datafeed'"):
        create_app(settings=Settings(enabled_modules=("datafead",)))


async def test_two_apps_in_one_process_share_nothing(clock: ManualClock) -> None:
    """checklist 8: an order of one is no order of the other."""
    one_app = create_app(settings=SETTINGS, clock=clock)
    other_app = create_app(["broker"], settings=SETTINGS, clock=clock)
    async with serving(one_app, clock) as one, serving(other_app, clock) as other:
        order = {"symbol": "AAPL", "side": 1, "type": 2, "qty": "10"}
        assert (await one.rest.post("/broker/orders", json=order)).status_code == 201
        assert len((await one.rest.get("/broker/orders")).json()) == 1
        assert (await other.rest.get("/broker/orders")).json() == []
        async with other.socket() as socket:
            await socket.send("bars.subscribe", {"symbol": "AAPL"})
            assert (await socket.receive())["payload"]["code"] == "no_matching_type"
    assert not {*one_app[1].routers} & {*other_app[1].routers}


async def test_version(served: Served) -> None:
    version = (await served.rest.get("/version")).json()
    assert version == {"name": "Trading API", "version": "0.1.0", "api": "v1"}


async def test_the_document_answers(served: Served) -> None:
    """checklist 17, 36: the document is at the address that is printed, with tags and all."""
    document = (await served.rest.get("/ws/asyncapi.json")).json()
    assert document["servers"]["ws"]["host"] == f"127.0.0.1:{served.port}"
    assert document | {"servers": {}} == served.ws_app.asyncapi() | {"servers": {}}
    for route in EVERY_ROUTE:
        for operation in ("subscribe", "unsubscribe", "update"):
            assert f"{route}.{operation}" in document["operations"]
        assert document["operations"][f"{route}.subscribe"]["tags"]
    page = await served.rest.get("/ws/asyncapi")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]


async def test_the_rest_document_names_every_problem(served: Served) -> None:
    document = (await served.rest.get("/openapi.json")).json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status.startswith("4"):
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}, path


def test_the_factory_reads_like_the_specification() -> None:
    """checklist 8: Step 6 inserts a line after lines that it prints; they are here, as printed."""
    lines = [line.strip() for line in inspect.getsource(create_app).splitlines()]
    printed = [
        "registry.register(DatafeedModule())",
        "registry.register(BrokerModule())",
        "for ws_router in module.get_ws_routers():",
        "ws_app.include_router(ws_router)",
        "return api_app, ws_app",
    ]
    assert [line for line in lines if line in printed] == printed


PROGRAM = """
import sys
import topicwire.asyncapi.document, trading_api.modules.broker, trading_api.modules.datafeed
from trading_api.app_factory import create_app

events = []
SOURCE = (".py", ".pyc", ".pyi")

def hook(event, arguments):
    if event.startswith("socket.") or event in {"subprocess.Popen", "_thread.start_new_thread"}:
        events.append(event)
    if event == "open" and not str(arguments[0]).endswith(SOURCE):
        events.append(f"open {arguments[0]}")

sys.addaudithook(hook)
api_app, ws_app = create_app()
assert ws_app.asyncapi()["channels"] and api_app.openapi()["paths"]
print(events)
"""


def test_exporting_the_documents_opens_no_file_and_no_socket() -> None:
    """checklist 7."""
    command = [sys.executable, "-c", PROGRAM]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (told.stdout.strip(), told.stderr) == ("[]", "")
