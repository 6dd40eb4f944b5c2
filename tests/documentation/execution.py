"""An example of the documentation, executed: `await` stands at its top level."""

from __future__ import annotations

import ast
import inspect
from typing import Any


async def execute(example: str, page: str, names: dict[str, Any]) -> None:
    """Run `example` with these names, and leave there what it defines."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(example, page, "exec", flags=flags, dont_inherit=True)
    result = eval(code, names)  # noqa: S307 - our own documentation
    if inspect.isawaitable(result):
        await result
