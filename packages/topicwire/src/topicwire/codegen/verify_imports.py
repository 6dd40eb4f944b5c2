"""Step 9 of the nine, run as a process of its own: generated classes import and construct.

`python -m topicwire.codegen.verify_imports package.module:Class …`
"""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any


def verify_import(reference: str) -> None:
    """Imports one class and, where its constructor lets us, makes an instance.

    Raises:
        TypeError: it is not a class, or is generic still.
        Exception: whatever importing or constructing it raises.
    """
    module, _, name = reference.partition(":")
    found: Any = getattr(importlib.import_module(module), name)
    if not isinstance(found, type):
        raise TypeError(f"{reference} is {found!r}, not a class.")
    if getattr(found, "__parameters__", ()):
        raise TypeError(f"{reference} is generic still: it has the parameters of the template.")
    make: Callable[..., object] = found
    try:
        inspect.signature(make).bind(route="verify")
    except TypeError:
        return  # the template asks for more than a route: construction is the application's affair
    make(route="verify")


def main(references: Sequence[str]) -> int:
    """Verifies each; prints the traceback of the first that fails."""
    for reference in references:
        try:
            verify_import(reference)
        except Exception:  # noqa: BLE001 - whatever a module raises is the finding
            traceback.print_exc()
            sys.stderr.write(f"{reference} cannot be used.\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
