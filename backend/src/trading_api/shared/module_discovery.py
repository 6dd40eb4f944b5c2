"""Finding the modules in `trading_api/modules`; a half-written one harms nobody."""

import logging
from dataclasses import dataclass
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path
from types import ModuleType
from typing import Any

from trading_api.shared.module_interface import Module

logger = logging.getLogger(__name__)

PACKAGE = "trading_api.modules"


@dataclass(frozen=True, slots=True)
class Found:
    """A folder in `modules/`: the module in it, or why there is none."""

    name: str
    module: Module | None
    reason: str = ""


def discover(package: str = PACKAGE) -> list[Found]:
    """Every folder of the package that might hold a module, by name.

    Never raises for what a folder holds: a folder that cannot be used is logged and comes back with
    the reason. One that is being written (no `__init__.py` yet, not generated yet) is therefore
    passed over until it is ready.
    """
    found: list[Found] = []
    for folder in _folders(import_module(package)):
        module, reason = _load(package, folder)
        if reason:
            logger.warning("module %s is skipped: %s", folder.name, reason)
        found.append(Found(folder.name, module, reason))
    return found


def _folders(package: ModuleType) -> list[Path]:
    folders = (folder for root in package.__path__ for folder in Path(root).iterdir())
    return sorted(filter(_may_hold_a_module, folders), key=lambda folder: folder.name)


def _may_hold_a_module(folder: Path) -> bool:
    if not folder.name.isidentifier() or folder.name.startswith("_"):
        return False
    # What another branch leaves behind, compiled files alone, is nobody's work.
    return any(folder.glob("*.py"))


def _load(package: str, folder: Path) -> tuple[Module | None, str]:
    if not (folder / "__init__.py").is_file():
        return (
            None,
            f"{folder} has no __init__.py. Write one with a class that has get_ws_routers().",
        )
    name = f"{package}.{folder.name}"
    try:
        loaded = import_module(name)
        classes: list[type[Any]] = [
            cls for _, cls in getmembers(loaded, isclass) if _is_module_class(cls, name)
        ]
        if len(classes) != 1:
            seen = ", ".join(cls.__name__ for cls in classes) or "none"
            return (
                None,
                f"{name} must have one class with get_ws_routers(), named ...Module; seen: {seen}.",
            )
        module: Module = classes[0]()
    except Exception as error:  # noqa: BLE001 any fault of one folder is that folder's alone
        return None, f"{type(error).__name__}: {error}{_cure(error)}"
    return module, ""


def _is_module_class(cls: type[Any], name: str) -> bool:
    mine = cls.__module__ == name or cls.__module__.startswith(f"{name}.")
    return (
        mine and cls.__name__.endswith("Module") and callable(getattr(cls, "get_ws_routers", None))
    )


def _cure(error: Exception) -> str:
    if isinstance(error, ImportError) and "ws_generated" in str(error):
        return ". Run `make generate-ws-routers` in backend/."
    return ""
