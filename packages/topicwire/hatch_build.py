# ruff: noqa: INP001 - a program, and no part of a package
"""Builds a wheel with the parts in C where they can be compiled, and without them elsewhere."""

from __future__ import annotations

import os
import runpy
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeParts(BuildHookInterface[Any]):
    """Compiles, and says for whom the wheel is then. `TOPICWIRE_PURE=1` leaves it for all."""

    _aside: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add what can be compiled; beside the sources where these are what is installed."""
        if os.environ.get("TOPICWIRE_PURE"):
            return
        native = runpy.run_path(str(Path(self.root, "native.py")))
        if version == "editable":
            folder = Path(self.root, "src")
        else:
            folder = self._aside = Path(tempfile.mkdtemp(prefix="topicwire-"))
        try:
            made = native["compile_into"](folder)
        except native["NotCompiledError"] as error:
            self.app.display_warning(f"topicwire is built without its parts in C: {error}")
            return
        if version != "editable":
            build_data["force_include"].update(
                {str(one): one.relative_to(folder).as_posix() for one in made}
            )
            build_data["pure_python"] = False
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"cp311-abi3-{platform}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        del version, build_data, artifact_path
        if self._aside is not None:
            shutil.rmtree(self._aside, ignore_errors=True)
