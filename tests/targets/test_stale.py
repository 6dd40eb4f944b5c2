"""`make check` does not let a generated file and its source part ways."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.quickstart.checkout import Checkout, environment

DATAFEED = "backend/src/trading_api/modules/datafeed"


def _check(checkout: Checkout) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "check", "ARGS=--only fresh"],
        cwd=checkout.path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _remove_an_export(root: Path) -> None:
    index = root / DATAFEED / "ws_generated/__init__.py"
    lines = index.read_text().splitlines(keepends=True)
    index.write_text("".join(line for line in lines if "BarWsRouter" not in line))


def _change_a_payload_type(root: Path) -> None:
    declared = "WsRouter[BarsSubscriptionRequest, Bar]"
    _replace(root / DATAFEED / "ws.py", declared, "WsRouter[BarsSubscriptionRequest, QuoteData]")


def _change_a_model(root: Path) -> None:
    model = root / "backend/src/trading_api/models/market/bars.py"
    _replace(model, "revision: int", "revision: str")


def _change_the_template(root: Path) -> None:
    template = root / "backend/src/trading_api/shared/ws/generic_route.py"
    _replace(template, '"Subscribed"', '"Welcome"')


def _remove_a_router(root: Path) -> None:
    (root / DATAFEED / "ws_generated/barwsrouter.py").unlink()


def _edit_a_type(root: Path) -> None:
    types = root / "frontend/src/clients/ws-types-generated/index.ts"
    types.write_text(types.read_text() + "export type Added = string\n")


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        (_remove_an_export, "routers"),
        (_remove_a_router, "routers"),
        (_change_a_payload_type, "routers"),
        (_change_the_template, "routers"),
        (_change_a_model, "documents"),
        (_edit_a_type, "ws-client"),
    ],
)
def test_a_change_without_regeneration_fails(
    checkout: Checkout, change: Callable[[Path], None], stale: str
) -> None:
    """checklist 22: also as the pre-commit hook, which runs the same step."""
    change(checkout.path)
    done = _check(checkout)
    assert done.returncode != 0
    assert f"--- fresh: {stale}: failed" in done.stdout
    assert "make generate" in done.stdout


def test_files_as_they_are_pass(checkout: Checkout) -> None:
    done = _check(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
