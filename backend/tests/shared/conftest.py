"""A second folder of modules beside the real one, for modules that come and go."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import trading_api.modules

WriteModule = Callable[..., None]


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteModule]:
    """`write_module(name, **files)`: a folder that `trading_api.modules` has, too."""
    before = set(sys.modules)
    monkeypatch.setattr(
        trading_api.modules, "__path__", [*trading_api.modules.__path__, str(tmp_path)]
    )

    def write(name: str, **files: str) -> None:
        for stem, text in files.items():
            path = tmp_path / name / f"{stem}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        importlib.invalidate_caches()

    yield write
    for name in set(sys.modules) - before:
        if name.startswith("trading_api.modules."):
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent == "trading_api.modules":
                monkeypatch.delattr(trading_api.modules, child, raising=False)
