"""An application that reads all sorts of things while it is imported, and what may become of them.

Run as a program it makes the document, which is remembered, then does each thing of `CASES` and
undoes it, and prints for each whether the record still held: in one process, because a record is of
one interpreter, one folder and one `sys.path`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

PYPROJECT = '[tool.topicwire]\npackage = "acme"\napp = "acme.main:ws"\n'
MAIN = """\
import os
import pkgutil
from pathlib import Path

import library
from acme.models import Ask, Tick
from topicwire import FastWSAdapter, WsRouter

ELSEWHERE = Path(os.environ["ELSEWHERE"])
try:
    NOTE = (ELSEWHERE / "note.txt").read_text()
except FileNotFoundError:
    NOTE = "none"
with open(ELSEWHERE / "written.log", "a") as log:
    log.write("imported\\n")
PLUGINS = sorted(one.name for one in pkgutil.iter_modules([str(ELSEWHERE / "plugins")]))
TITLE = (Path(__file__).parent / "title.txt").read_text()
SAID = [NOTE, *PLUGINS, os.environ.get("STAGE", ""), library.VERSION]
if (ELSEWHERE / "flag").exists():
    SAID.append("flagged")
SAID.append(str(os.environ.pop("CHANGED_BY_THE_APPLICATION", "")))
ws = FastWSAdapter(title=TITLE, version="1", description=" ".join(SAID))
ws.include_router(WsRouter[Ask, Tick](route="ticks"))
"""
MODELS = """\
from pydantic import BaseModel


class Ask(BaseModel):
    symbol: str


class Tick(BaseModel):
    price: float
"""
FILES = {
    "app/pyproject.toml": PYPROJECT,
    "app/src/acme/__init__.py": "",
    "app/src/acme/main.py": MAIN,
    "app/src/acme/models.py": MODELS,
    "app/src/acme/title.txt": "Acme",
    "libraries/library.py": "VERSION = '1'\n",
    "elsewhere/data.txt": "one",
    "elsewhere/plugins/first.py": "",
}


def populate(root: Path) -> Path:
    """Write the application and what it reads below `root`. Returns the project's folder."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root / "app"


def environment(root: Path) -> dict[str, str]:
    """What the application needs; `PYTHONPATH` goes on with what is there already."""
    before = os.environ.get("PYTHONPATH", "")
    return {
        "PYTHONPATH": os.pathsep.join([str(root / "libraries"), *([before] if before else [])]),
        "ELSEWHERE": str(root / "elsewhere"),
        "CHANGED_BY_THE_APPLICATION": "before",
        "UNREAD": "",
    }


Case = Callable[[], AbstractContextManager[object]]


@contextmanager
def written(name: str, text: str | None) -> Iterator[None]:
    """A file with another text, a new one, or None for none."""
    path = Path("..", name)
    before = path.read_text("utf-8") if path.is_file() else None
    try:
        _put(path, text)
        yield
    finally:
        _put(path, before)


def _put(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@contextmanager
def moved() -> Iterator[None]:
    """Another current folder, from which relative paths lead elsewhere."""
    here = Path.cwd()
    os.chdir("src")
    try:
        yield
    finally:
        os.chdir(here)


@contextmanager
def path_added() -> Iterator[None]:
    """Another folder that modules are looked for in."""
    sys.path.append(str(Path("../elsewhere").resolve()))
    try:
        yield
    finally:
        sys.path.pop()


def variable(name: str, value: str) -> Case:
    """A variable of the environment with another value, or a new one."""
    return partial(patch.dict, os.environ, {name: value})


def replaced(name: str, text: str | None) -> Case:
    """As `written`, later."""
    return partial(written, name, text)


DOCUMENT = "app/generated/asyncapi.json"
RECORD = "app/.topicwire_cache/documents.json"
CHANGING: dict[str, Case] = {
    "the application": replaced("app/src/acme/main.py", MAIN + "\n"),
    "a model, to another of the same size": replaced(
        "app/src/acme/models.py", MODELS.replace("float", "bytes")
    ),
    "a package is a package no more": replaced("app/src/acme/__init__.py", None),
    "a module that nothing imports yet": replaced("app/src/acme/other.py", ""),
    "a file in a new folder below src": replaced("app/src/acme/more/notes.txt", ""),
    "a data file beside a module": replaced("app/src/acme/title.txt", "Other"),
    "a file that was not there when it was opened": replaced("elsewhere/note.txt", "new"),
    "a module in a folder that is searched": replaced("elsewhere/plugins/second.py", ""),
    "a module less in it": replaced("elsewhere/plugins/first.py", None),
    "a library": replaced("libraries/library.py", "VERSION = '2'\n"),
    "another library": replaced("libraries/acme_plugin.py", ""),
    "a variable that was asked for": variable("STAGE", "production"),
    "a variable that the application itself changes": variable("CHANGED_BY_THE_APPLICATION", ""),
    "a variable that Python reads": variable("PYTHONWARNINGS", "ignore"),
    "a variable that the C library reads": variable("TZ", "Asia/Tokyo"),
    "the settings": replaced("app/pyproject.toml", PYPROJECT + "\n"),
    "the document": replaced(DOCUMENT, "{}"),
    "no document": replaced(DOCUMENT, None),
    "the manifest": replaced("app/generated/topicwire.json", "{}"),
    "the current folder": moved,
    "where modules are looked for": path_added,
    "the tool's version": partial(
        patch, "topicwire.codegen.remembered.maker", lambda: "topicwire 0.0.1"
    ),
    "the interpreter": partial(patch.object, sys, "version", "3.99"),
    "a record that is cut": replaced(RECORD, "[{"),
    "a record of another form": replaced(RECORD, '[{"of": 1}, 2]'),
    "no record": replaced(RECORD, "[]"),
}
"""After each of these the document may be another one, so the record does not hold."""

HARMLESS: dict[str, Case] = {
    "nothing": partial(patch.dict, os.environ, {}),
    "a variable that nothing asked for": variable("UNREAD", "else"),
    "a file that was only written": replaced("elsewhere/written.log", "anything"),
    "a file that was never opened": replaced("elsewhere/data.txt", "two"),
    "Python's own cache": replaced("app/src/acme/__pycache__/x.pyc", ""),
}
"""After each of these it is not, and the record holds."""


def main() -> None:
    """See the module."""
    from topicwire.cli import main as topicwire  # noqa: PLC0415 - not in the process of the tests
    from topicwire.codegen.config import load_config  # noqa: PLC0415
    from topicwire.codegen.remembered import Remembered, documents  # noqa: PLC0415

    path, variables = sys.path[:], dict(os.environ)
    topicwire(["spec"])
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(variables)

    def holds() -> bool:
        config = load_config(Path(), needs=("app",))
        subject = documents(config, [config.asyncapi.resolve()])
        return Remembered(config, subject, time.time_ns()).holds() is not None

    found: dict[str, list[bool]] = {}
    for name, case in (CHANGING | HARMLESS).items():
        before = holds()
        with case():
            during = holds()
        shutil.rmtree("src/acme/more", ignore_errors=True)
        found[name] = [before, during]
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
