from __future__ import annotations

import logging

import pytest
from backend.tests.shared.conftest import WriteModule

from trading_api.shared.module_discovery import Found, discover

MODULE = """
class TradingModule:
    def get_ws_routers(self):
        return []
"""


def found() -> dict[str, Found]:
    return {one.name: one for one in discover()}


def test_the_modules_as_shipped_are_found() -> None:
    assert {name: type(one.module).__name__ for name, one in found().items()} == {
        "broker": "BrokerModule",
        "datafeed": "DatafeedModule",
    }


def test_a_module_is_found_by_its_class(write_module: WriteModule) -> None:
    """checklist 7: a class with get_ws_routers is enough; no base class."""
    write_module("trading", __init__=MODULE)
    module = found()["trading"].module
    assert module is not None
    assert module.get_ws_routers() == []


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"ws": "x = 1"}, r"no __init__.py. Write one with a class that has get_ws_routers\(\)"),
        ({"__init__": ""}, "must have one class .* seen: none"),
        (
            {"__init__": MODULE + "class OtherModule(TradingModule): ..."},
            "seen: OtherModule, TradingModule",
        ),
        ({"__init__": "class TradingModule"}, "SyntaxError"),
        ({"__init__": "from .ws import x", "ws": "y"}, "NameError: name 'y' is not defined"),
        (
            {"__init__": "from .ws import x", "ws": "from .ws_generated import TradeWsRouter"},
            "ws_generated.*Run `make generate-ws-routers` in backend/",
        ),
        ({"__init__": MODULE + "    def __init__(self, db): ..."}, "TypeError.*db"),
    ],
)
def test_half_written_is_skipped_and_said(
    files: dict[str, str],
    reason: str,
    write_module: WriteModule,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """checklist 28: the app goes on, and the log names the folder, the cause and the cure."""
    write_module("trading", **files)
    with caplog.at_level(logging.WARNING):
        skipped = found()["trading"]
    assert skipped.module is None
    assert "broker" in found()
    assert caplog.messages[0] == f"module trading is skipped: {skipped.reason}"
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(skipped.reason)


def test_what_is_no_module_folder_is_no_news(
    write_module: WriteModule, caplog: pytest.LogCaptureFixture
) -> None:
    write_module("_drafts", __init__="syntax error")
    write_module("not-a-name", __init__="syntax error")
    write_module("empty")
    assert set(found()) == {"broker", "datafeed"}
    assert caplog.messages == []


def test_an_imported_class_is_somebody_elses(write_module: WriteModule) -> None:
    text = "from trading_api.modules.broker import BrokerModule\n" + MODULE
    write_module("trading", __init__=text)
    assert type(found()["trading"].module).__name__ == "TradingModule"
