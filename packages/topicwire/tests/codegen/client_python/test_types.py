"""What mypy and pyright, both strict, make of a generated client of the whole corpus."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from packages.topicwire.tests.codegen.client_python.generated_client import GeneratedClient
from packages.topicwire.tests.corpus import CONSTRUCTS, corpus_adapter
from pydantic import BaseModel

from topicwire.asyncapi.document import build
from topicwire.client.generated import RouteOf

USES = """
from typed import GeneratedClient, models
from topicwire.client import RefusedError, UpdateInfo


async def both_forms() -> None:
    async with GeneratedClient("wss://host/ws", token="t", timeout_s=3.0) as ws:
        async for update in ws.described(symbol="AAPL", qty=3):
            text: str = update.symbol
            print(text)
        stream = ws.described.stream(models.DescribedInput(symbol="A"), max_buffered=3)
        several: list[models.Plain] = await anext(ws.listOfModels())

        def take(update: models.Described, info: UpdateInfo) -> None:
            print(update.qty, info.seq, stream, several)

        subscription = await ws.described.subscribe(models.DescribedInput(symbol="A"), take)
        await subscription.unsubscribe()
        try:
            answer = await ws.described.echo(models.DescribedInput(symbol="A"), timeout_s=1.0)
        except RefusedError as refused:
            print(refused.code)
        else:
            print(answer.qty + 1)
"""

# Each line after the first marked one is to be refused.
MISUSES = """
from typed import GeneratedClient, models
from topicwire.client import UpdateInfo

class Wrong: ...

async def misuse(ws: GeneratedClient) -> None:
    def take(update: models.Plain, info: UpdateInfo) -> None: ...
    # from here
    ws.described()
    ws.described(symbol=1)
    ws.described(symbol="A", quantity=1)
    ws.described.stream(models.Plain(name="", count=1, ratio=1.0, active=True))
    await ws.described.subscribe(models.DescribedInput(symbol="A"), take)
    await ws.described.ecko(models.DescribedInput(symbol="A"))
    GeneratedClient("wss://host/ws", tocken="t")
    ws.nowhere
"""


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> GeneratedClient:
    """The corpus's client with uses of it, of which `misuses.py` is to be refused line by line."""
    made = GeneratedClient(tmp_path_factory.mktemp("typed"), build(corpus_adapter()), "typed")
    made.write("uses.py", USES)
    lines: list[str] = [*MISUSES.strip("\n").splitlines()]
    with made.imported() as package:
        routes = _routes(package)
        assert len(routes) == len(CONSTRUCTS)
        for name in routes:
            lines.append(f"    await ws.{name}.echo(Wrong())")
            lines.append(f"    wrong_{name}: Wrong = await anext(ws.{name}.stream(...))")
        for name, model in _models(package).items():
            lines.append(f"def fields_of_{name}(it: models.{name}) -> None:  # none")
            lines += [f"    it.{field} = Wrong()" for field in model.model_fields]
            lines.append("    print(it)  # none")
    made.write("misuses.py", "\n".join(lines))
    return made


def _routes(package: Any) -> list[str]:
    hints = vars(package.GeneratedClient("ws://localhost/"))
    return [name for name, value in hints.items() if isinstance(value, RouteOf)]


def _models(package: Any) -> dict[str, type[BaseModel]]:
    found = vars(package.models).items()
    return {
        name: one
        for name, one in found
        if isinstance(one, type) and issubclass(one, BaseModel) and one.__module__ == "typed.models"
    }


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_right_uses_pass_and_each_wrong_one_is_refused(
    typed: GeneratedClient, checker: str
) -> None:
    """checklist 2"""
    said: str = getattr(typed, checker)()
    complaints = re.findall(r"([\w/-]+)\.py:(\d+).*error", said)
    assert {Path(file).name for file, _ in complaints} == {"misuses"}, said
    lines = (typed.folder / "misuses.py").read_text().splitlines()
    begin = lines.index("    # from here") + 2
    wanted = {
        number
        for number, line in enumerate(lines, 1)
        if number >= begin and not line.endswith("# none")
    }
    found = {int(number) for _, number in complaints}
    assert len(wanted) > 3 * len(CONSTRUCTS)
    assert {number: lines[number - 1] for number in wanted - found} == {}


def test_nothing_is_left_untyped(typed: GeneratedClient) -> None:
    """checklist 2"""
    for text in typed.files.values():
        assert not {"Any", "cast"} & {*re.findall(r"\w+", text)}
    with typed.imported() as package:
        client = package.GeneratedClient("ws://localhost/")
        for name in _routes(package):
            hints = get_type_hints(type(getattr(client, name)).echo)
            assert {"payload", "return"} <= hints.keys()


@pytest.mark.parametrize("command", [("format", "--check"), ("check", "--select", "E4,E7,E9,F,I")])
def test_ruff_has_nothing_to_change(typed: GeneratedClient, command: tuple[str, ...]) -> None:
    """By the settings that the package itself brings."""
    run = subprocess.run(
        ["ruff", *command, "--no-cache", "pyproject.toml", typed.package],
        cwd=typed.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_same_document_gives_the_same_files(typed: GeneratedClient, tmp_path: Path) -> None:
    again = GeneratedClient(tmp_path, build(corpus_adapter()), "typed")
    assert again.files == typed.files
