"""Remembers which checks passed on what, so that unchanged inputs are not checked again.

Only the nine steps use it. `topicwire generate --check` never does: it compares everything anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

import topicwire
from topicwire.codegen.config import AppConfig
from topicwire.codegen.output import replace
from topicwire.codegen.toolconfig import settings_files


class Stamps:
    """What passed, in `.topicwire_cache/passed.json`. A lost or broken file only costs time."""

    def __init__(self, config: AppConfig) -> None:
        self._config = config
        self._file = config.cache_dir / "passed.json"
        self._passed = self._read()
        self._tools = _digest([_environment(), *_contents(settings_files(config))])
        self._application: str | None = None

    def due(self, step: str, files: Sequence[Path], *, whole: bool) -> list[Path]:
        """The files that a step has to look at: all of them or none for a `whole` one."""
        passed = self._passed.get(step, {})
        due = [
            path
            for path in files
            if passed.get(self._config.shown(path)) != self._stamp(path, whole=whole)
        ]
        return list(files) if whole and due else due

    def passed(self, step: str, files: Sequence[Path], *, whole: bool) -> None:
        """Notes that a step passed on these files as they are now."""
        stamps = {self._config.shown(path): self._stamp(path, whole=whole) for path in files}
        kept = self._passed.get(step, {})
        self._passed[step] = {
            name: stamp for name, stamp in kept.items() if (self._config.root / name).is_file()
        } | stamps
        text = json.dumps(self._passed, indent=1, sort_keys=True)
        replace(self._config, self._file, text.encode())

    def _stamp(self, path: Path, *, whole: bool) -> str:
        context = self._tools
        if whole:
            self._application = self._application or _digest(
                [*_sources(self._config.package_dir), *_sources(Path(topicwire.__path__[0]))]
            )
            context += self._application
        return _digest([context.encode(), path.read_bytes()])

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _environment() -> bytes:
    """The interpreter and the version of everything that is installed beside it."""
    installed = sorted(
        path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    )
    return "\n".join([sys.version, *installed]).encode()


def _contents(files: Iterable[Path]) -> Iterable[bytes]:
    return (path.read_bytes() for path in files)


def _sources(folder: Path) -> Iterable[bytes]:
    for path in sorted(folder.rglob("*.py")):
        yield str(path.relative_to(folder)).encode()
        yield path.read_bytes()


def _digest(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "big"))
        digest.update(piece)
    return digest.hexdigest()
