"""Every `write_each` there is: in Python; where there is a compiler in C; and by io_uring."""

from __future__ import annotations

import importlib.util
import runpy
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from topicwire.hub.sending import write_each_in_python

NATIVE = Path(__file__).parents[2] / "native.py"

WriteEach: TypeAlias = Callable[..., Any]


def compiled_part(folder: Path) -> Path | None:
    """Compile the sources as they are into a folder; None where there is no compiler."""
    native = runpy.run_path(str(NATIVE))
    try:
        (part,) = native["compile_into"](folder)
    except native["NotCompiledError"]:
        return None
    return Path(part)


@cache
def writers() -> dict[str, WriteEach]:
    """Name → `write_each`."""
    found: dict[str, WriteEach] = {"in Python": write_each_in_python}
    with tempfile.TemporaryDirectory() as folder:
        part = compiled_part(Path(folder))
        if part is None:
            return found
        spec = importlib.util.spec_from_file_location("topicwire.hub._sending", part)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found["in C"] = module.write_one_by_one
        if module.has_batches():
            found["in C, by io_uring"] = module.write_each
    return found
