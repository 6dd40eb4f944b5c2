"""The corpus's declarations in an environment that has a compared tool and nothing of ours.

Imported by the scripts that run there: the corpus's own package would import the framework.
"""

from __future__ import annotations

import sys
import types
import warnings
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

ROOT = Path(__file__).parents[2]
CORPUS = "packages.topicwire.tests.corpus"


def declared(annotation: str) -> Any:
    """The type that a construct's annotation names."""
    names = {one: import_module(f"{CORPUS}.{one}") for one in _MODULES}
    return eval(annotation, {"Annotated": Annotated, "Field": Field, **names})  # noqa: S307 - ours


_MODULES = ("models", "scalars", "structures", "behaviours")
warnings.simplefilter("ignore")
sys.path[:0] = [str(ROOT), str(ROOT / "packages/topicwire/src")]
_package = types.ModuleType(CORPUS)  # without what its __init__ imports
_package.__path__ = [str(ROOT / CORPUS.replace(".", "/"))]
sys.modules[CORPUS] = _package
