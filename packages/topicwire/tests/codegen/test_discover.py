"""Which declarations are found, and what is found in them."""

from __future__ import annotations

import pytest
from packages.topicwire.tests.codegen.sample import IMPORTS, WS, WS_PATH, Sample


def found(app: Sample) -> list[tuple[str, str]]:
    return [(one.name, one.signature) for one in app.declarations()]


@pytest.mark.parametrize(
    "declaration",
    [
        "X: TypeAlias = WsRouter[TradeRequest, Trade]",
        "X : TypeAlias=WsRouter [ TradeRequest,Trade, ]  # a comment",
        "X: TypeAlias = WsRouter[\n    TradeRequest,\n    Trade,\n]",
        "X: TypeAlias = WsRouter[\n    # what is asked for\n    TradeRequest,  # A]\n    Trade\n]",
        "X: TypeAlias = (\n    WsRouter[TradeRequest, Trade]\n)",
        "X: TypeAlias = \\\n    WsRouter[TradeRequest, Trade]",
        'X: "TypeAlias" = WsRouter[TradeRequest, Trade]',
        'X: TypeAlias = "WsRouter[TradeRequest, Trade]"',
        'X: TypeAlias = WsRouter["TradeRequest", "Trade"]',
        "X: TypeAlias = WsRouter[(TradeRequest, Trade)]",
        "X = WsRouter[TradeRequest, Trade]",
        "type X = WsRouter[TradeRequest, Trade]",
        "type X = WsRouter[\n    TradeRequest, Trade\n]",
        "if TYPE_CHECKING:\n    X: TypeAlias = WsRouter[TradeRequest, Trade]",
        "if TYPE_CHECKING:\n    type X = WsRouter[TradeRequest, Trade]",
        "if not TYPE_CHECKING:\n    pass\nelse:\n    X: TypeAlias = WsRouter[TradeRequest, Trade]",
        "try:\n    X: TypeAlias = WsRouter[TradeRequest, Trade]\nexcept ImportError:\n    pass",
        "a = 1; X = WsRouter[TradeRequest, Trade]; b = 2",
    ],
)
def test_every_form_of_a_declaration_is_found(app: Sample, declaration: str) -> None:
    """checklist 14, pitfall 20"""
    app.declare(declaration)
    assert found(app) == [("X", "TradeRequest → Trade")]


@pytest.mark.parametrize(
    ("imports", "router"),
    [
        ("from acme.shared.ws.generic_route import WsRouter", "WsRouter"),
        ("from acme.shared.ws.generic_route import WsRouter as Route", "Route"),
        ("from acme.shared.ws import generic_route", "generic_route.WsRouter"),
        ("from acme.shared.ws import generic_route as g", "g.WsRouter"),
        ("import acme.shared.ws.generic_route", "acme.shared.ws.generic_route.WsRouter"),
        ("import acme.shared.ws.generic_route as g", "g.WsRouter"),
        ("from ...shared.ws.generic_route import WsRouter", "WsRouter"),
        ("from ...shared.ws import generic_route", "generic_route.WsRouter"),
        ("if TYPE_CHECKING:\n    from acme.shared.ws.generic_route import WsRouter", "WsRouter"),
        ("from acme.shared.ws.generic_route import *", "WsRouter"),
    ],
)
def test_the_router_may_be_imported_in_any_way(app: Sample, imports: str, router: str) -> None:
    app.declare(
        imports,
        f"X: TypeAlias = {router}[TradeRequest, Trade]",
        imports=IMPORTS.replace("from acme.shared.ws.generic_route import WsRouter\n", ""),
    )
    assert found(app) == [("X", "TradeRequest → Trade")]


def test_the_router_may_be_re_exported(app: Sample) -> None:
    app.write("src/acme/shared/ws/__init__.py", "from .generic_route import WsRouter as WsRouter\n")
    app.edit(WS_PATH, "acme.shared.ws.generic_route", "acme.shared.ws")
    assert found(app) == [("TradeWsRouter", "TradeRequest → Trade")]


@pytest.mark.parametrize(
    ("imports", "argument", "expected"),
    [
        ("from acme.models import market", "market.Trade", "market.Trade"),
        ("import acme.models.market as m", "m.Trade", "m.Trade"),
        ("import acme.models.market", "acme.models.market.Trade", "acme.models.market.Trade"),
        ("from acme.models.market.trades import Trade as T", "T", "T"),
        ("from ...models.market import Trade as T", "T", "T"),
        ("", "list[Trade]", "list[Trade]"),
        ("", "Trade | None", "Trade | None"),
        ("", "Trade | TradeRequest", "Trade | TradeRequest"),
        ("", "dict[str, list[Trade]]", "dict[str, list[Trade]]"),
        ("", 'list["Trade"]', "list['Trade']"),
        ("", "Trade.Venue", "Trade.Venue"),
        (
            "from typing import Annotated\nfrom pydantic import Field",
            "Annotated[list[Trade], Field(min_length=1)]",
            "Annotated[list[Trade], Field(min_length=1)]",
        ),
        ("from typing import Literal", 'Literal["a", "b"]', "Literal['a', 'b']"),
        ("import typing as t", "t.Optional[Trade]", "t.Optional[Trade]"),
        ("from decimal import Decimal", "Decimal", "Decimal"),
        ("from acme.models.market import Trades", "Trades", "Trades"),
        ("from acme.models.market import *", "Client", "Client"),
    ],
)
def test_payloads_of_every_kind(app: Sample, imports: str, argument: str, expected: str) -> None:
    """checklist 14, pitfall 20"""
    app.declare(imports, f"X: TypeAlias = WsRouter[TradeRequest, {argument}]")
    assert found(app) == [("X", f"TradeRequest → {expected}")]


@pytest.mark.parametrize(
    "text",
    [
        '"""\nX: TypeAlias = WsRouter[TradeRequest, Trade]\n"""',
        "def f() -> None:\n    '''X: TypeAlias = WsRouter[TradeRequest, Trade]'''",
        "# X: TypeAlias = WsRouter[TradeRequest, Trade]",
        "text = 'X: TypeAlias = WsRouter[TradeRequest, Trade]'",
        "router = WsRouter[TradeRequest, Trade](route='trades')",
        "def make(router: WsRouter[TradeRequest, Trade]) -> None: ...",
        "X: TypeAlias = list[Trade]",
        "X = Trade",
    ],
)
def test_what_is_no_declaration_is_left_alone(app: Sample, text: str) -> None:
    """pitfall 20"""
    app.declare(text)
    assert found(app) == []


def test_a_router_of_the_framework_needs_no_generation(app: Sample) -> None:
    app.declare(
        "from topicwire import WsRouter as Plain", "X: TypeAlias = Plain[TradeRequest, Trade]"
    )
    assert found(app) == []


def test_all_modules_are_scanned_and_each_may_declare_several(app: Sample) -> None:
    """checklist 5"""
    app.declare(
        "B: TypeAlias = WsRouter[TradeRequest, Trade]",
        "A: TypeAlias = WsRouter[TradeRequest, list[Trade]]",
    )
    app.write("src/acme/modules/broker/ws.py", WS.replace("TradeWsRouter", "OrderWsRouter"))
    app.write("src/acme/modules/broker/other.py", WS.replace("TradeWsRouter", "OtherWsRouter"))
    app.write("src/acme/modules/account/__init__.py", "")
    assert [(one.shown, one.line, one.name) for one in app.declarations()] == [
        ("src/acme/modules/broker/ws.py", 7, "OrderWsRouter"),
        (WS_PATH, 6, "B"),
        (WS_PATH, 7, "A"),
    ]


def test_the_infrastructure_is_not_scanned(app: Sample) -> None:
    """checklist 5"""
    app.write("src/acme/shared/ws/ws.py", WS)
    app.edit("pyproject.toml", 'package = "acme"', 'package = "acme"\ndeclarations = "*/*/ws.py"')
    assert [one.shown for one in app.declarations()] == [WS_PATH]


def test_the_same_name_in_two_modules_is_two_routers(app: Sample) -> None:
    app.write("src/acme/modules/broker/ws.py", WS)
    assert len(app.declarations()) == 2


def test_declaring_files_are_never_imported(app: Sample) -> None:
    app.edit(WS_PATH, "trade_router =", "raise SystemExit('imported')\ntrade_router =")
    app.edit("src/acme/models/market/trades.py", "class TradeR", "1 / 0\n\n\nclass TradeR")
    assert found(app) == [("TradeWsRouter", "TradeRequest → Trade")]


def test_a_folder_without_init_is_fine(app: Sample) -> None:
    """checklist 6: Step 4 of the Quick Start comes before Step 5."""
    assert not (app.root / "src/acme/modules/trading/__init__.py").exists()
    assert found(app) == [("TradeWsRouter", "TradeRequest → Trade")]
