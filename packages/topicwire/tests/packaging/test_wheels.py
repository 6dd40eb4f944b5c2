"""Both packages as they are installed: the framework's wheel, and a client that it writes."""

from __future__ import annotations

import asyncio
import email
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
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
ROOT = FRAMEWORK.parents[1]

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
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution, and with the wheel that is built of that."""
    folder = tmp_path_factory.mktemp("built")
    command = ["uv", "build", "--offline", "--no-build-isolation", "--quiet"]
    subprocess.run(
        [*command, "--python", sys.executable, "--out-dir", folder, FRAMEWORK], check=True
    )
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("topicwire-*.whl"))


# What others wrote, with the file that says on which terms; see THIRD_PARTY.md.
OF_OTHERS = {
    "asyncapi/schema/asyncapi-3.1.0.json": ("asyncapi/schema/LICENSE", "asyncapi/schema/NOTICE"),
    "asgi/static/asyncapi-react.js.gz": (
        "asgi/static/LICENSE",
        "asgi/static/asyncapi-react.js.LICENSE.txt",
    ),
    "asgi/static/asyncapi-react.css.gz": ("asgi/static/LICENSE",),
}


def test_the_wheel_says_on_which_terms(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    information = next(one for one in names if one.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(archive.read(information))
    assert metadata["License-Expression"] == "MIT AND Apache-2.0 AND BSD-3-Clause"
    licences = f"{information.rpartition('/')[0]}/licenses"
    assert archive.read(f"{licences}/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert sorted(metadata.get_all("License-File", [])) == sorted(
        ["LICENSE"]
        + [
            f"src/topicwire/{one}"
            for one in {text for texts in OF_OTHERS.values() for text in texts}
        ]
    )
    for listed in metadata.get_all("License-File", []):
        assert f"{licences}/{listed}" in names
    shipped = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    for path, texts in OF_OTHERS.items():
        assert f"topicwire/{path}" in names
        assert path.partition(".")[0] in shipped
        for text in texts:
            assert f"topicwire/{text}" in names
    foreign = {one for one in names if one.endswith((".gz", ".json")) and "/page/" not in one}
    assert foreign == {f"topicwire/{path}" for path in OF_OTHERS}
    assert "pip install" in str(metadata.get_payload())  # README.md


def test_the_source_distribution_has_the_source_alone(built: Path, wheel: Path) -> None:
    (path,) = built.glob("topicwire-*.tar.gz")
    with tarfile.open(path) as archive:
        names = {one.partition("/")[2] for one in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "src/topicwire/py.typed"} < names
    assert {one.partition("/")[0] for one in names} <= {
        *("src", "LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore"),
        *("hatch_build.py", "native.py"),
    }
    packaged = {one for one in zipfile.ZipFile(wheel).namelist() if one.startswith("topicwire/")}
    packaged -= {one for one in packaged if one.endswith(".so")}
    assert {f"src/{one}" for one in packaged} == {one for one in names if one.startswith("src/")}


def test_a_wheel_with_parts_in_c_is_for_its_platform_and_any_other_for_all(
    built: Path, wheel: Path, tmp_path: Path
) -> None:
    def compiled(one: Path) -> list[str]:
        return [name for name in zipfile.ZipFile(one).namelist() if name.endswith(".so")]

    has_compiler = shutil.which("cc") is not None
    assert ("-cp311-abi3-" in wheel.name) is has_compiler
    assert compiled(wheel) == ["topicwire/hub/_sending.abi3.so"] * has_compiler
    (source,) = built.glob("topicwire-*.tar.gz")
    # no program is found there: as on a machine without a compiler
    variables = {**os.environ, "PATH": str(tmp_path)}
    options = ["--offline", "--no-build-isolation", "--wheel", "--python", sys.executable]
    uv = shutil.which("uv")
    assert uv is not None
    done = subprocess.run(
        [uv, "build", *options, "--out-dir", tmp_path / "without", source],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "without its parts in C" in done.stdout + done.stderr
    (pure,) = (tmp_path / "without").glob("*.whl")
    assert pure.name.endswith("-py3-none-any.whl")
    assert compiled(pure) == []


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
