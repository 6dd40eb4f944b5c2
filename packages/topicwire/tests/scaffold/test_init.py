"""`topicwire init`: a project where there was nothing, and a first route where there was one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packages.topicwire.tests import forked

from topicwire.codegen.config import load_config
from topicwire.codegen.errors import GenerationError
from topicwire.codegen.version import GENERATOR_VERSION
from topicwire.errors import TopicwireError
from topicwire.scaffold.begin import begin
from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.project import plan_project

EXISTING = {
    "pyproject.toml": '[project]\nname = "my-shop"\ndependencies = ["fastapi"]  # mine\n',
    "src/my_shop/__init__.py": "",
    "src/my_shop/main.py": (
        '"""My own."""\n\nfrom fastapi import FastAPI\n\n'
        'app = FastAPI(\n    title="Mine",  # yes\n)\n\n\n'
        '@app.get("/hello")\ndef hello() -> str:\n    return "hello"\n'
    ),
    "src/my_shop/models.py": "X = 1\n",
    "src/my_shop/modules/__init__.py": "# somebody's\n",
}


def topicwire(folder: Path, *arguments: str) -> tuple[int, str]:
    done = forked.topicwire(folder, *arguments)
    return done.returncode, done.stdout + done.stderr


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".topicwire_cache", "__pycache__"} & set(path.parts)
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project with three routes: each kind of edit has been made in it."""
    root = tmp_path_factory.mktemp("new") / "shop"
    root.mkdir()
    code, said = topicwire(root, "init", "--page", "--json")
    assert code == 0, said
    made = json.loads(said)
    assert {*made["written"], *made["generated"]} == contents(root).keys()
    assert (made["new"], made["package"], made["changed"]) == (True, "shop", [])
    assert made["serve"] == "python -m shop"
    assert made["names"]["route"] == "ticks"
    for route in (
        ["--module=trading", "--name=trades", "--request=symbols:list[str]",
         "--payload=symbol:str price:float side:Literal['buy','sell'] at:int"],
        ["--module=trading", "--name=orderBooks", "--request=symbol:str depth:int=10",
         "--payload=symbol:str bids:list[tuple[float,float]] last:Trade|None=None"],
    ):  # fmt: skip
        code, said = topicwire(root, "new", "route", *route)
        assert code == 0, said
    return root


def test_a_new_project_is_served(shop: Path) -> None:
    code = """
import asyncio
from shop.app import create_app
from topicwire.testing import connect

async def main():
    app = create_app()
    async with connect(app, "/api/v1/ws") as client:
        for route, request in (
            ("ticks", {}), ("trades", {"symbols": ["X"]}), ("orderBooks", {"symbol": "Y"})
        ):
            reply = await client.request(f"{route}.subscribe", request)
            update = await client.receive()
            print(reply["payload"]["topic"], update["payload"]["seq"])

asyncio.run(main())
"""
    done = forked.python(shop, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        'ticks:{"zone":"UTC"} 1',
        'trades:{"symbols":["X"]} 1',
        'orderBooks:{"depth":10,"symbol":"Y"} 1',
    ]


def test_what_is_written_is_laid_out_and_fresh(shop: Path) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    for command in (
        [ruff, "check", "--no-cache", "."],
        [ruff, "format", "--check", "--no-cache", "."],
    ):
        done = subprocess.run(command, cwd=shop, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    for arguments in (["generate"], ["spec"], ["client", "typescript"]):
        code, said = topicwire(shop, *arguments, "--check")
        assert code == 0, said


def test_a_built_page_is_served_at_the_root(shop: Path) -> None:
    (shop / "page/dist").mkdir()
    (shop / "page/dist/index.html").write_text("<p>built</p>")
    code = """
from starlette.testclient import TestClient
from shop.app import create_app
print(TestClient(create_app()).get("/").text)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=shop,
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(shop / "page/dist")
    assert done.stdout.strip() == "<p>built</p>", done.stderr


def test_a_second_run_changes_nothing(shop: Path) -> None:
    before = contents(shop)
    code, said = topicwire(shop, "init")
    assert code == 0
    assert "has a [tool.topicwire] already" in said
    code, said = topicwire(shop, "init", "--json")
    assert (code, json.loads(said)["written"]) == (0, [])
    assert "already" in json.loads(said)["there"]
    assert contents(shop) == before


def test_the_application_is_called_after_its_package(shop: Path) -> None:
    assert 'FastAPI(title="Shop")' in (shop / "shop/app.py").read_text()
    assert json.loads((shop / "generated/asyncapi.json").read_text())["info"]["title"] == "Shop"


def test_the_page_names_this_version_of_the_client(shop: Path) -> None:
    assert f'"@topicwire/client": "{GENERATOR_VERSION}"' in (shop / "page/package.json").read_text()


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("existing")
    write(root, EXISTING)
    return root


def test_a_project_that_exists_gets_its_first_route(existing: Path) -> None:
    code, said = topicwire(existing, "init")
    assert code == 0, said
    now = contents(existing)
    same = {path for path, text in EXISTING.items() if now[path] == text.encode()}
    assert set(EXISTING) - same == {"pyproject.toml", "src/my_shop/main.py"}
    assert now["pyproject.toml"].decode().startswith(EXISTING["pyproject.toml"])
    assert now["src/my_shop/main.py"].decode() == EXISTING["src/my_shop/main.py"].replace(
        "import FastAPI\n", "import FastAPI\n\nfrom my_shop.ws_app import add_websocket\n"
    ).replace("# yes\n)\n", "# yes\n)\nadd_websocket(app)\n")
    lines = said.splitlines()
    changed = [line.split()[0] for line in lines if line.endswith("changed")]
    assert changed == ["pyproject.toml", "src/my_shop/main.py"]
    assert f'in your dependencies: "topicwire[codegen,uvicorn]>={GENERATOR_VERSION}"' in said
    config = load_config(existing)
    assert (config.app, config.declarations) == ("my_shop.main:app", "live/*/ws.py")
    assert '"ticks"' in config.asyncapi.read_text()
    assert json.loads(config.asyncapi.read_text())["info"]["title"] == "My shop"
    assert topicwire(existing, "generate", "--check")[0] == 0


def test_where_the_application_is_made_elsewhere_the_two_lines_are_printed(tmp_path: Path) -> None:
    made = "from fastapi import FastAPI\n\n\ndef make() -> FastAPI:\n    return FastAPI()\n"
    write(
        tmp_path,
        {
            "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["topicwire"]\n',
            "shop/__init__.py": "",
            "shop/main.py": made,
        },
    )
    code, said = topicwire(tmp_path, "init")
    assert code == 0, said
    assert (tmp_path / "shop/main.py").read_text() == made
    assert (
        "Left to you:\n"
        "in the file that makes your FastAPI application, after it is made:\n"
        "    from shop.ws_app import add_websocket\n"
        "    add_websocket(app)\n"
    ) in said
    assert load_config(tmp_path).app == "shop.ws_app:websocket"


@pytest.mark.parametrize(
    ("files", "package", "seen"),
    [
        ({"notes.txt": ""}, None, "neither empty nor a project"),
        ({"pyproject.toml": "[project"}, None, "this is not TOML"),
        ({"pyproject.toml": ""}, None, "Seen: none. Name it: --package NAME"),
        (
            {"pyproject.toml": "", "a/__init__.py": "", "b/__init__.py": ""},
            None,
            "Seen: a, b. Name it",
        ),
        ({"pyproject.toml": "", "a/__init__.py": ""}, None, "no file of a imports fastapi"),
        ({}, "my-shop", "--package: 'my-shop' is no name of a Python package"),
        (
            {"pyproject.toml": "", "a/__init__.py": "import fastapi", "a/shared.py": ""},
            None,
            "in the way of a folder `shared/`",
        ),
        (
            {"pyproject.toml": "", "a/__init__.py": "import fastapi", "a/ws_app.py": ""},
            None,
            "a/ws_app.py exists, and is somebody's work",
        ),
    ],
)
def test_refused_with_the_cure(
    tmp_path: Path, files: dict[str, str], package: str | None, seen: str
) -> None:
    write(tmp_path, files)
    with pytest.raises(ScaffoldError) as refused:
        plan_project(tmp_path, package, page=False)
    assert seen in str(refused.value)
    assert set(contents(tmp_path)) == set(files)


def test_a_folder_that_no_package_can_be_named_after(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    with pytest.raises(ScaffoldError, match="--package shop"):
        plan_project(tmp_path / "2026", None, page=False)


def test_where_the_first_route_cannot_be_made_the_folder_is_as_it_was(tmp_path: Path) -> None:
    """A class called `Tick` is there already: the last step of several refuses."""
    files = {
        "pyproject.toml": "[project]\nname = 'a'\n",
        "a/__init__.py": "import fastapi\n",
        "a/models/__init__.py": "Tick = 1\n__all__ = ['Tick']\n",
    }
    write(tmp_path, files)
    with pytest.raises((ScaffoldError, GenerationError), match="has a Tick already"):
        begin(plan_project(tmp_path, None, page=True))
    code, said = topicwire(tmp_path, "init")
    assert (code, "Traceback" in said) == (2, False)
    assert "has a Tick already" in said
    assert set(contents(tmp_path)) == set(files)
    assert not (tmp_path / "page").exists()


def test_an_application_that_fails_with_it_is_as_it_was(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'a'\n",
        "a/__init__.py": "",
        "a/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\nraise OSError('no port')\n",
    }
    write(tmp_path, files)
    with pytest.raises(TopicwireError, match="no port"):
        begin(plan_project(tmp_path, None, page=False))
    assert contents(tmp_path) == {path: text.encode() for path, text in files.items()}


BACKEND = Path(__file__).parents[4] / "backend"


@pytest.fixture(scope="module")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trading application of this repository, with the Quick Start's route and one more."""
    root = tmp_path_factory.mktemp("trading")
    shutil.copy(BACKEND.parent / "pyproject.toml", root)
    ignored = shutil.ignore_patterns(".*cache*", ".venv", "__pycache__", "tests")
    shutil.copytree(BACKEND, root / "backend", ignore=ignored)
    for route in (
        ["--module=trading", "--name=trades", "--models=market", "--request=symbols:list[str]",
         "--payload=symbol:str price:float quantity:float time:int side:str"],
        ["--module=datafeed", "--name=headlines", "--request=topics:set[str]",
         "--payload=text:str at:datetime"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "topicwire.cli", "new", "route", *route],
            cwd=root / "backend",
            env={**os.environ, "PYTHONPATH": _python_path(root / "backend/src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return root


def _python_path(*first: Path) -> str:
    rest = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([*map(str, first), *filter(None, rest)])


@pytest.mark.long
def test_the_trading_application_takes_routes_too(trading: Path) -> None:
    document = (trading / "backend/generated/asyncapi.json").read_text()
    assert '"trades.subscribe"' in document
    assert '"headlines.subscribe"' in document
    models = (trading / "backend/src/trading_api/models/market/trades.py").read_text()
    assert "    symbols: list[str]\n" in models
    ruff = str(Path(sys.executable).with_name("ruff"))
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [ruff, *command, "backend/src"],
            cwd=trading,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.long
def test_what_is_written_passes_mypy_strict(shop: Path, trading: Path, tmp_path: Path) -> None:
    """Both in one run: their packages have different names."""
    source = trading / "backend/src/trading_api"
    files = [
        shop / "shop",
        *(source / "modules/trading").rglob("*.py"),
        *(source / "modules/datafeed").rglob("*.py"),
        *(source / "models").rglob("*.py"),
    ]
    paths = [shop, trading / "backend/src", Path(__file__).parents[2] / "src"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases",
         "--namespace-packages", "--follow-imports=silent", "--no-error-summary",
         "--config-file=", f"--cache-dir={tmp_path}", *map(str, files)],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
