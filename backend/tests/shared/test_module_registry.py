from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest
from backend.tests.shared.conftest import WriteModule
from fastapi import APIRouter

from trading_api.modules.broker import BrokerModule
from trading_api.shared.context import AppContext
from trading_api.shared.module_interface import Module
from trading_api.shared.module_registry import ModuleRegistry, UnknownModuleError
from trading_api.shared.ws.router_interface import WsRouterInterface


class BareModule:
    """The least that a module is."""

    def get_ws_routers(self) -> Sequence[WsRouterInterface]:
        return []


class FullModule(BareModule):
    name = "full"
    enabled = True

    def __init__(self) -> None:
        self.calls: list[str] = []

    def bind(self, context: AppContext) -> None:
        self.calls.append(f"bind {context.settings.market_seed}")

    def get_api_routers(self) -> Sequence[APIRouter]:
        return [APIRouter()]

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")


@pytest.fixture
def registry() -> ModuleRegistry:
    registry = ModuleRegistry()
    registry.begin()
    return registry


def names(registry: ModuleRegistry) -> list[str]:
    return [module.name for module in registry.get_enabled_modules()]


def test_found_and_registered_modules_are_enabled(registry: ModuleRegistry) -> None:
    """checklist 8: registry.register and registry.get_enabled_modules."""
    registry.register(BareModule())
    assert names(registry) == ["bare", "broker", "datafeed"]


def test_a_module_registered_by_hand_replaces_the_one_that_was_found(
    registry: ModuleRegistry,
) -> None:
    mine = BrokerModule()
    registry.register(mine)
    registry.register(mine)
    broker, datafeed = registry.get_enabled_modules()
    assert broker.module is mine
    assert (broker.name, datafeed.name) == ("broker", "datafeed")


def test_listing_modules_constructs_no_service(registry: ModuleRegistry) -> None:
    """checklist 7: a service is made when routers are asked for, not before."""
    registry.register(BrokerModule())
    for listed in registry.get_enabled_modules():
        assert "service" not in vars(listed.module)
        listed.get_ws_routers()
        assert "service" in vars(listed.module)


def test_chosen_modules_alone_are_enabled(registry: ModuleRegistry) -> None:
    registry.choose(["datafeed"])
    assert names(registry) == ["datafeed"]
    registry.choose(None)
    assert names(registry) == ["broker", "datafeed"]


def test_a_module_may_switch_itself_off(registry: ModuleRegistry) -> None:
    module = FullModule()
    module.enabled = False
    registry.register(module)
    assert names(registry) == ["broker", "datafeed"]


def test_an_unknown_name_says_which_there_are(registry: ModuleRegistry) -> None:
    told = r"'datafed' cannot be enabled.*broker, datafeed\. did you mean 'datafeed'"
    with pytest.raises(UnknownModuleError, match=told):
        registry.choose(["datafed"])


def test_a_skipped_name_says_why(write_module: WriteModule) -> None:
    write_module("trading", ws="x = 1")
    registry = ModuleRegistry()
    registry.begin()
    with pytest.raises(UnknownModuleError, match=r"'trading' cannot be enabled.*no __init__\.py"):
        registry.choose(["trading"])


def test_instances_serve_one_app(registry: ModuleRegistry) -> None:
    """checklist 8: two apps in one process share no module."""
    registry.register(BareModule())
    first = {module.module for module in registry.get_enabled_modules()}
    registry.begin()
    registry.register(BareModule())
    second = {module.module for module in registry.get_enabled_modules()}
    assert len(first) == len(second) == 3
    assert not first & second


def test_what_was_registered_before_the_app_is_made_is_in_it() -> None:
    registry = ModuleRegistry()
    registry.register(BareModule())
    registry.begin()
    assert "bare" in names(registry)
    registry.begin()
    assert "bare" not in names(registry)


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (object(), "object is no module: it has no method get_ws_routers"),
        (BareModule, "BareModule\\(\\)"),
    ],
)
def test_what_is_no_module_is_refused(module: Module, told: str, registry: ModuleRegistry) -> None:
    with pytest.raises(TypeError, match=told):
        registry.register(module)


async def test_a_bare_module_has_defaults(registry: ModuleRegistry) -> None:
    """checklist 7: get_ws_routers alone is required."""
    registry.register(BareModule())
    bare = registry.get_enabled_modules()[0]
    bare.bind(AppContext())
    await bare.start()
    await bare.stop()
    assert (bare.name, bare.enabled, bare.get_api_routers()) == ("bare", True, ())


async def test_what_a_module_offers_is_used(registry: ModuleRegistry, context: AppContext) -> None:
    module = FullModule()
    registry.register(module)
    full = registry.get_enabled_modules()[0]
    full.bind(context)
    await full.start()
    await full.stop()
    assert full.name == "full"
    assert len(full.get_api_routers()) == 1
    assert module.calls == ["bind test", "start", "stop"]


def test_rest_routers_are_taken_from_the_package(write_module: WriteModule) -> None:
    module = "class TradingModule:\n    def get_ws_routers(self): return []\n"
    api = "from fastapi import APIRouter\nrouter = APIRouter()\n"
    write_module("trading", __init__=module, api=api)
    registry = ModuleRegistry()
    registry.begin()
    trading = registry.get_enabled_modules()[-1]
    assert trading.name == "trading"
    assert len(trading.get_api_routers()) == 1


STEP_5_WITHOUT_ITS_ELIDED_MEMBERS = """
class TradingModule:
    def __init__(self):
        self._service = None
        self._enabled = True

    def get_ws_routers(self):
        return [self.service]
"""


def test_a_found_module_that_cannot_give_its_routers_harms_nobody(
    write_module: WriteModule, caplog: pytest.LogCaptureFixture
) -> None:
    write_module("trading", __init__=STEP_5_WITHOUT_ITS_ELIDED_MEMBERS)
    registry = ModuleRegistry()
    registry.begin()
    with caplog.at_level(logging.ERROR):
        modules = list(registry.get_enabled_modules())
        for module in modules:
            module.get_ws_routers()
    [trading] = [module for module in modules if module.name == "trading"]
    told = (
        "serves no WebSocket routes: get_ws_routers() raised AttributeError: "
        "'TradingModule' object has no attribute 'service'"
    )
    assert f"module trading {told}" in caplog.text
    assert trading.faults == [told]


def test_a_module_registered_by_hand_that_cannot_give_its_routers_is_an_error(
    registry: ModuleRegistry,
) -> None:
    class BrokenModule(BareModule):
        def get_ws_routers(self) -> Sequence[WsRouterInterface]:
            raise RuntimeError("no database")

    registry.register(BrokenModule())
    with pytest.raises(RuntimeError, match="no database"):
        registry.get_enabled_modules()[0].get_ws_routers()
