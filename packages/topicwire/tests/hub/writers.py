"""Every `write_each` there is: the one in Python, and where there is a compiler the one in C."""

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


@cache
def writers() -> dict[str, WriteEach]:
    """Name → `write_each`; the one in C is compiled of the sources as they are."""
    found: dict[str, WriteEach] = {"in Python": write_each_in_python}
    native = runpy.run_path(str(NATIVE))
    with tempfile.TemporaryDirectory() as folder:
        try:
            (part,) = native["compile_into"](Path(folder))
        except native["NotCompiledError"]:
            return found
        spec = importlib.util.spec_from_file_location("topicwire.hub._sending", part)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found["in C"] = module.write_each
    return found
