"""Both packages as they are installed: the framework's wheel, and a client that it writes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packages.topicwire.tests.cli.test_foreign_documents import Ask, Tick
from packages.topicwire.tests.serving import serving
from starlette.applications import Starlette

from topicwire import FastWSAdapter, WsRouter, WsRouteService
from topicwire.asyncapi.document import build, dumps

FRAMEWORK = Path(__file__).parents[2]

USE = """
import asyncio, sys
import acme_client, topicwire
from acme_client import AcmeClient, models

async def main():
    async with AcmeClient(sys.argv[1]) as ws:
        tick = await anext(ws.ticks(symbol="AAPL"))
        assert isinstance(tick, models.Tick), tick
        print(tick.price, acme_client.__file__, topicwire.__file__)

asyncio.run(main())
"""


class Ticks(WsRouteService):
    """Has one update for whoever comes."""

    async def create_topic(self, topic: str, topic_update: Callable[[Tick], None]) -> None:
        del topic
        topic_update(Tick(price=1.5))

    def remove_topic(self, topic: str) -> None:
        pass


class Environment:
    """A virtual environment that has what this one has installed, and topicwire only as a wheel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        # none of the source folders that the tests themselves are run with
        self._variables = {key: one for key, one in os.environ.items() if key != "PYTHONPATH"}
        self.run("uv", "venv", "--offline", "--quiet", "--python", sys.executable, str(self.venv))
        others = self.site / "others.pth"
        others.write_text(f"{sysconfig.get_path('purelib')}\n")

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def site(self) -> Path:
        return next(self.venv.glob("lib*/python3.*/site-packages"))

    def program(self, name: str) -> str:
        return str(self.venv / "bin" / name)

    def install(self, what: Path) -> None:
        options = ["--offline", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
        self.run("uv", "pip", "install", *options, "--python", self.program("python"), str(what))

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.work,
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = ["uv", "build", "--wheel", "--offline", "--no-build-isolation", "--quiet"]
    subprocess.run(
        [*command, "--python", sys.executable, "--out-dir", folder, FRAMEWORK], check=True
    )
    return next(folder.glob("topicwire-*.whl"))


def test_the_wheel_has_what_its_commands_read(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "topicwire/asyncapi/schema/asyncapi-3.1.0.json" in names
    assert "topicwire/py.typed" in names
    assert not [one for one in names if "tests/" in one or "__pycache__" in one]


async def test_a_client_that_the_installed_wheel_writes_is_installed_and_connects(
    wheel: Path, tmp_path: Path
) -> None:
    environment = Environment(tmp_path)
    environment.install(wheel)
    adapter = FastWSAdapter(title="Acme", version="1.0.0")
    adapter.include_router(WsRouter[Ask, Tick](route="ticks", service=Ticks()))
    (environment.work / "asyncapi.json").write_text(dumps(build(adapter)))
    command = ("client", "python", "--document", "asyncapi.json", "--folder", "acme")
    environment.run(environment.program("topicwire"), *command)
    environment.install(environment.work / "acme")
    (environment.work / "use.py").write_text(USE)
    app = Starlette()
    adapter.setup(app)
    async with serving(app) as url:
        python = environment.program("python")
        said = await asyncio.to_thread(environment.run, python, "use.py", url)
    price, *places = said.split()
    assert price == "1.5"
    assert [Path(one).is_relative_to(environment.site) for one in places] == [True, True]
