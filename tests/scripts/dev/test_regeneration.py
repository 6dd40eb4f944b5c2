"""What `make dev` says of what it generated."""

from __future__ import annotations

from pathlib import Path

from scripts.dev.regeneration import told
from scripts.repository import BACKEND, FRONTEND

ROUTERS = BACKEND / "src/trading_api/modules/trading/ws_generated"


def test_one_line_for_each_thing_that_was_written() -> None:
    before = {
        BACKEND / "generated/openapi.json": b"{}",
        Path(ROUTERS / "old.py"): b"class Old: ...",
    }
    after = {
        BACKEND / "generated/openapi.json": b"{}",
        BACKEND / "generated/asyncapi.json": b"{}",
        ROUTERS / "__init__.py": b"",
        ROUTERS / "orderwsrouter.py": b"class OrderWsRouter(Base):\n    ...\n",
        ROUTERS / "tradewsrouter.py": b"class TradeWsRouter(Base):\n    ...\n",
        FRONTEND / "src/clients/ws-types-generated/index.ts": b"",
    }
    assert told(before, after) == [
        "wrote backend/generated/asyncapi.json",
        "wrote modules/trading/ws_generated (OrderWsRouter, TradeWsRouter)",
        "wrote frontend/src/clients/ws-types-generated/index.ts",
        "removed backend/src/trading_api/modules/trading/ws_generated/old.py",
    ]


def test_nothing_is_said_of_what_stayed() -> None:
    same = {BACKEND / "generated/openapi.json": b"{}"}
    assert told(same, same) == []
