"""Routers that are declared and generated, and of which the application includes none.

It is allowed, and usually forgotten: the route is then in no document and in no client.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.codegen.config import AppConfig

if TYPE_CHECKING:
    from topicwire.asgi.adapter import FastWSAdapter


def unserved(config: AppConfig, adapter: FastWSAdapter, files: Iterable[Path]) -> Sequence[str]:
    """Return a note for each generated router that the application does not serve.

    Args:
        config: of the application.
        adapter: that it has made.
        files: the generated files: `routers_on_disk`, or those that are to be.
    """
    included = {cls.__module__ for one in adapter.routers for cls in type(one).__mro__}
    return [
        f"{config.shown(path)}: the application includes no such router, so the route is in no "
        "document and in no client. `topicwire doctor` says what to do."
        for path in sorted(files)
        if _is_router(config, path) and _module(config, path) not in included
    ]


def routers_on_disk(config: AppConfig) -> list[Path]:
    """Return every generated file beside the declaring ones."""
    if not config.package:
        return []
    declaring = config.package_dir.glob(config.declarations)
    folders = {path.parent / config.output for path in declaring}
    return [path for folder in sorted(folders) for path in sorted(folder.glob("*.py"))]


def _is_router(config: AppConfig, path: Path) -> bool:
    is_one = path.suffix == ".py" and not path.name.startswith("_")
    return is_one and path.parent.name == config.output and path.is_relative_to(config.src)


def _module(config: AppConfig, path: Path) -> str:
    return ".".join(path.relative_to(config.src).with_suffix("").parts)
