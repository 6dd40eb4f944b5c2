"""Generated code is imported, checked by both type checkers, and used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from packages.topicwire.tests.codegen.sample import (
    GENERATED,
    IMPORTS,
    TEMPLATE_PATH,
    WS_PATH,
    Sample,
)

ROOT = Path(__file__).parents[4]
PYRIGHT = ROOT / "node_modules/.bin/pyright"

MANY = (
    IMPORTS
    + """\
from typing import Literal

from acme.models import market
from acme.models.market import Client as Account

if TYPE_CHECKING:
    TradeWsRouter: TypeAlias = WsRouter[TradeRequest, Trade]
    ListWsRouter: TypeAlias = WsRouter[TradeRequest, list[Trade]]
    UnionWsRouter: TypeAlias = WsRouter[TradeRequest, Trade | market.Client | None]
    ClientWsRouter: TypeAlias = WsRouter[market.Client, market.Client]
    AccountWsRouter: TypeAlias = WsRouter[
        Account,
        dict[Literal["a", "b"], market.Trade.Venue],  # a comment
    ]
    AliasWsRouter: TypeAlias = "WsRouter[TradeRequest, market.Trades]"
else:
    from .ws_generated import (
        AccountWsRouter,
        AliasWsRouter,
        ClientWsRouter,
        ListWsRouter,
        TradeWsRouter,
        UnionWsRouter,
    )

trades = TradeWsRouter(route="trades", tags=["trading"])
accounts = AccountWsRouter(route="accounts")
trades_topic_builder = trades.topic_builder
"""
)


DIRECT = """\
from .ws_generated import TradeWsRouter

router = TradeWsRouter(route="trades", tags=["trading"])
trades_topic_builder = router.topic_builder
"""


def generated(root: Path, **files: str) -> Sample:
    """An application with its output; `files` are of its module `trading`."""
    app = Sample(root).populate()
    app.write("src/acme/modules/trading/__init__.py", "")
    for stem, text in files.items():
        app.write(f"src/acme/modules/trading/{stem}.py", text)
    app.generate()
    return app


def removed_export(app: Sample) -> None:
    app.edit(f"{GENERATED}/__init__.py", "from .tradewsrouter import TradeWsRouter\n", "")
    app.edit(f"{GENERATED}/__init__.py", '    "TradeWsRouter",\n', "")


def changed_payload(app: Sample) -> None:
    app.edit(WS_PATH, ", Trade]", ", list[Trade]]")


def changed_request(app: Sample) -> None:
    app.edit(WS_PATH, "[TradeRequest, ", "[Trade, ")


CHANGES = {one.__name__: one for one in (removed_export, changed_payload, changed_request)}


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a declaration of each kind, one that imports its router directly, changed ones."""
    folder = tmp_path_factory.mktemp("apps")
    generated(folder / "each_kind", ws=MANY)
    generated(folder / "direct", routes=DIRECT)
    for name, change in CHANGES.items():
        change(generated(folder / name))
    return folder


@pytest.fixture(scope="module")
def checked(apps: Path) -> Sample:
    """An application with a declaration of each kind, generated."""
    return Sample(apps / "each_kind")


@pytest.fixture(scope="module")
def told(apps: Path) -> dict[str, str]:
    """What pyright says of each, from one run."""
    return pyright(apps)


def mypy(app: Sample, cache: Path) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file="),
            *("--explicit-package-bases", "--no-error-summary", f"--cache-dir={cache}", "src"),
        ],
        cwd=app.root,
        env={**os.environ, "MYPYPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def pyright(folder: Path) -> dict[str, str]:
    """What it says of each application in a folder, by the name of its own folder."""
    names = sorted(path.name for path in folder.iterdir())
    apps = [{"root": f"{name}/src", "extraPaths": [f"{name}/src"]} for name in names]
    settings = {"typeCheckingMode": "strict", "include": names, "executionEnvironments": apps}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [str(PYRIGHT), "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert f"\n{len(errors)} error" in f"\n{done.stdout}", done.stdout + done.stderr
    return {name: "\n".join(e for e in errors if f"/{name}/src/" in e) for name in names}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def test_mypy_and_pyright_in_strict_mode_accept_it(
    checked: Sample, cache: Path, told: dict[str, str]
) -> None:
    """checklist 4, checklist 16, checklist 23: Pattern 1 shows checkers the generic class."""
    assert mypy(checked, cache) == ""
    assert told["each_kind"] == ""


USE = """
import json, inspect
from typing import Generic
from pydantic import TypeAdapter
from acme.modules.trading import ws, ws_generated
from acme.models.market import Trade, TradeRequest
from acme.shared.ws.generic_route import WsRouter

print(json.dumps({
    "exported": ws_generated.__all__,
    "generic": [
        name for name in ws_generated.__all__
        if Generic in getattr(ws_generated, name).__mro__
        or issubclass(getattr(ws_generated, name), WsRouter)
    ],
    "same class": ws.TradeWsRouter is ws_generated.TradeWsRouter,
    "operations": sorted(ws.trades.operations),
    "request": ws.trades.operations["subscribe"].payload_type is TradeRequest,
    "data": ws.trades.operations["update"].payload_type is Trade,
    "accounts": str(ws.accounts.operations["update"].payload_type),
    "alias": str(ws_generated.AliasWsRouter().operations["update"].payload_type),
    "topics": list(ws.trades_topic_builder.topics(TradeRequest(symbols=["A"]))),
    "source": inspect.getsourcefile(ws.TradeWsRouter).endswith("ws_generated/tradewsrouter.py"),
}))
"""


def test_it_is_used(checked: Sample) -> None:
    """checklist 1, checklist 4, checklist 6, checklist 20"""
    used = json.loads(checked.python(USE))
    assert used == {
        "exported": sorted(used["exported"]),
        "generic": [],
        "same class": True,
        "operations": ["subscribe", "update"],
        "request": True,
        "data": True,
        "accounts": "dict[typing.Literal['a', 'b'], acme.models.market.trades.Trade.Venue]",
        "alias": "list[acme.models.market.trades.Trade]",
        "topics": ['trades:{"symbols":["A"]}'],
        "source": True,
    }
    assert len(used["exported"]) == 6


def test_the_direct_import_needs_no_guard(apps: Path, cache: Path, told: dict[str, str]) -> None:
    """checklist 16: Pattern 2, in any other file than the one that declares."""
    app = Sample(apps / "direct")
    assert mypy(app, cache) == ""
    assert told["direct"] == ""
    code = "from acme.modules.trading.routes import router; print(router.route)"
    assert app.python(code) == "trades"


@pytest.mark.parametrize("change", CHANGES)
def test_checkers_see_through_the_guard(
    tmp_path: Path, cache: Path, told: dict[str, str], change: str
) -> None:
    """checklist 4: without regeneration, a missing export or another type is an error."""
    app = generated(tmp_path / "app")
    assert mypy(app, cache) == ""
    CHANGES[change](app)
    assert f"{GENERATED}/_conformance.py" in mypy(app, cache)
    assert f"{GENERATED}/_conformance.py" in told[change]
    app.generate()
    assert mypy(app, cache) == ""


def test_a_template_with_other_parameters_has_no_conformance_check(app: Sample) -> None:
    app.edit(TEMPLATE_PATH, "Generic[_TRequest, _TData]", "Generic[_TRequest, _TData, _TMore]")
    app.edit(TEMPLATE_PATH, "_TData = Type", '_TMore = TypeVar("_TMore")\n_TData = Type')
    app.declare("X: TypeAlias = WsRouter[TradeRequest, Trade, int]")
    app.generate()
    assert sorted(path.rpartition("/")[2] for path in app.generated()) == [
        "__init__.py",
        "topicwire.json",
        "x.py",
    ]
