"""The folders are those that the specification draws."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import trading_api.models
import trading_api.models.market

PACKAGE = Path(trading_api.__file__).parent
SPECIFICATION = PACKAGE / "shared/ws/WS-ROUTER-GENERATION.md"


def drawn() -> list[Path]:
    """Every file and folder of the tree under "Backend Architecture", but for the Quick Start's."""
    text = SPECIFICATION.read_text(encoding="utf-8")
    tree = text.split("## Backend Architecture", 1)[1].split("```")[1]
    folders: list[str] = []
    paths: list[Path] = []
    for line in tree.strip().splitlines()[1:]:
        found = re.match(r"^([│ ]*)[├└]── ([\w.-]+/?)", line)
        if found is None:
            continue
        depth = len(found[1]) // 4
        folders[depth:] = [found[2].rstrip("/")]
        paths.append(Path(*folders))
    return [path for path in paths if not {"trading", "..."} & {*path.parts}]


@pytest.mark.parametrize("path", drawn(), ids=str)
def test_it_is_there(path: Path) -> None:
    """checklist 12."""
    assert (PACKAGE / path).exists()


def test_the_tree_was_read() -> None:
    """checklist 12: a changed drawing must not pass by being unreadable."""
    assert Path("shared/ws/WS-ROUTER-GENERATION.md") in drawn()
    assert Path("modules/datafeed/ws_generated/barwsrouter.py") in drawn()
    assert len(drawn()) > 15


def test_the_names_of_the_quick_start_are_free() -> None:
    """checklist 3: Trade, TradeSubscriptionRequest and the module trading are the user's to add."""
    assert not hasattr(trading_api.models, "Trade")
    assert not hasattr(trading_api.models.market, "TradeSubscriptionRequest")
    assert not (PACKAGE / "models/market/trades.py").exists()
    assert not (PACKAGE / "modules/trading").exists()


@pytest.mark.parametrize(
    "name", ["Bar", "BarsSubscriptionRequest", "QuoteData", "QuoteDataSubscriptionRequest"]
)
def test_models_are_exported_twice(name: str) -> None:
    """checklist 3: from trading_api.models, and from the package that defines them."""
    market = importlib.import_module("trading_api.models.market")
    assert getattr(trading_api.models, name) is getattr(market, name)
    assert name in market.__all__
    assert name in trading_api.models.__all__


def test_models_are_pydantic_alone() -> None:
    """They may be imported, and documented, without the rest of the application."""
    for path in (PACKAGE / "models").rglob("*.py"):
        imported = re.findall(r"^(?:from|import) ([\w.]+)", path.read_text(), re.MULTILINE)
        allowed = ("pydantic", "typing", "enum", "trading_api.models", ".")
        assert all(name.startswith(allowed) for name in imported), path


def test_generated_classes_have_lower_case_files() -> None:
    """checklist 24."""
    from trading_api.modules.broker.ws_generated import OrderWsRouter  # noqa: PLC0415
    from trading_api.modules.datafeed.ws_generated import BarWsRouter  # noqa: PLC0415

    assert OrderWsRouter.__module__.endswith(".broker.ws_generated.orderwsrouter")
    assert BarWsRouter.__module__.endswith(".datafeed.ws_generated.barwsrouter")
