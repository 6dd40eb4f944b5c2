"""An application is imported as it is to be, from memory and from its source."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import pytest

from topicwire.codegen.staged import StagedImports


@pytest.fixture
def src(tmp_path: Path) -> Iterator[Path]:
    """A package `staged_app` of one module, with a generated one beside it; undone afterwards."""
    package = tmp_path / "staged_app"
    (package / "made").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "made/__init__.py").write_text("value = 'on disk'")
    (package / "made/gone.py").write_text("value = 'on disk'")
    (package / "own.py").write_text("from .made import value\nnumber = 1\n")
    path, finders, modules = sys.path[:], sys.meta_path[:], set(sys.modules)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path[:], sys.meta_path[:] = path, finders
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def compiled(content: bytes, path: str) -> CodeType:
    return compile(content, path, "exec", dont_inherit=True)


def again(name: str, src: Path, files: dict[Path, str] | None, how: Callable[..., CodeType]) -> int:
    for module in [one for one in sys.modules if one.startswith("staged_app")]:
        del sys.modules[module]
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, StagedImports)]
    StagedImports(src, files, how).install()
    number: int = importlib.import_module(name).number
    return number


def test_what_is_staged_comes_before_what_is_on_disk(src: Path) -> None:
    files = {src / "staged_app/made/__init__.py": "value = 'to be'"}
    again("staged_app.own", src, files, compiled)
    assert sys.modules["staged_app.own"].value == "to be"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("staged_app.made.gone")
    again("staged_app.own", src, None, compiled)
    assert sys.modules["staged_app.own"].value == "on disk"
    assert importlib.import_module("staged_app.made.gone").value == "on disk"


def test_a_save_in_the_same_second_and_of_the_same_size_is_seen(src: Path) -> None:
    """Python alone would take the compiled file, which it knows by date and size."""
    own = src / "staged_app/own.py"
    assert again("staged_app.own", src, None, compiled) == 1
    date = own.stat().st_mtime_ns
    own.write_text(own.read_text().replace("number = 1", "number = 2"))
    os.utime(own, ns=(date, date))
    assert again("staged_app.own", src, None, compiled) == 2
    assert not list(src.rglob("*.pyc"))


def test_modules_from_elsewhere_are_left_to_python(src: Path) -> None:
    seen: list[str] = []

    def noting(content: bytes, path: str) -> CodeType:
        seen.append(Path(path).name)
        return compiled(content, path)

    (src / "staged_app/own.py").write_text("import this_is_from_elsewhere\nnumber = 3\n")
    elsewhere = src.parent / f"{src.name}-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "this_is_from_elsewhere.py").touch()
    sys.path.append(str(elsewhere))
    assert again("staged_app.own", src, None, noting) == 3
    assert seen == ["__init__.py", "own.py"]
