"""What documents were made from, so that a check of what has not changed need not import it again.

A record is believed where every byte that decided a document is as it was: what the process read
(`topicwire.codegen.reading`), which names there are below `src` and on `sys.path`, the settings,
the interpreter, and the documents themselves. It is in the cache's folder, which git ignores: a
fresh clone has none, and checks in full.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from topicwire.codegen.config import CACHE_FOLDER, AppConfig
from topicwire.codegen.manifest import maker, recorded
from topicwire.codegen.output import replace
from topicwire.codegen.reading import Reading

_FORM: Final = 1
_MOST_RECORDS: Final = 4
_MOST_BYTES: Final = 1 << 28
"""Reading more would take as long as importing the application."""

_CLOCK_STEP_NS: Final = 20_000_000
"""A file's date may be so much older than the moment at which it was saved."""

_READ_BY_C: Final = ("LANG", "LC_", "PYTHON", "TZ")


class Remembered:
    """The record of the documents that one command makes.

    Args:
        config: of the application.
        outputs: where its documents go.
        started_ns: when the command began, as `time.time_ns` says it.
    """

    def __init__(self, config: AppConfig, outputs: Iterable[Path], started_ns: int) -> None:
        self._config = config
        self._outputs = sorted(str(path) for path in outputs)
        self._started_ns = started_ns - _CLOCK_STEP_NS
        self._file = config.cache_dir / "documents.json"
        self._passed_over = {"__pycache__", CACHE_FOLDER}
        # Both as they are now: an application may change them while it is imported.
        self._environment = dict(os.environ)
        self._path = [str(Path(one).absolute()) for one in sys.path]
        self._of = _digest(
            [
                str(_FORM), maker(), sys.version, sys.prefix, repr(sys.flags), str(Path.cwd()),
                config.app, str(config.root), *self._path, "", *self._outputs,
            ]
        )  # fmt: skip

    def holds(self) -> bool:
        """Say whether everything is as it was when the documents were right."""
        texts = {path: _content(path) for path in self._outputs}
        return any(
            record["digest"] == self._digest(record, texts)
            for record in self._records()
            if record["of"] == self._of
        )

    def note(self, reading: Reading, files: Mapping[Path, str]) -> None:
        """Remember what these documents, which are on disk now, were made from.

        Nothing is remembered where that cannot be told: something was read that is in no file, or
        a file was saved meanwhile.
        """
        found = self._found(reading)
        if found is None:
            return
        texts: dict[str, bytes | None] = {str(path): one.encode() for path, one in files.items()}
        record = {"of": self._of, **found}
        record["digest"] = self._digest(record, texts)
        others = [one for one in self._records() if one["of"] != self._of]
        text = json.dumps([record, *others][:_MOST_RECORDS], indent=1)
        if _content(str(self._file)) != text.encode():
            replace(self._config, self._file, text.encode())

    def _found(self, reading: Reading) -> dict[str, Any] | None:
        if reading.beyond:
            return None
        files, folders = set(reading.inputs()), set(reading.folders)
        files.add(str(self._config.root / "pyproject.toml"))
        ours = {*self._outputs, str(self._config.manifest)}
        size = 0
        for path in sorted(files - ours):
            try:
                seen = os.stat(path)  # noqa: PTH116 - hundreds: a Path for each takes as long
            except OSError:
                continue  # it was not there, and is to be noticed when it is
            if stat.S_ISDIR(seen.st_mode):
                folders.add(path)
            elif not stat.S_ISREG(seen.st_mode) or self._is_younger(seen):
                return None
            size += seen.st_size
        folders |= set(self._path) | set(self._folders_below(self._config.src))
        for path in folders:
            try:
                is_younger = self._is_younger(os.stat(path))  # noqa: PTH116
            except OSError:
                continue
            if is_younger and path in reading.folders:
                return None
        folders.add(str(self._config.root))
        variables = None if reading.whole_environment else sorted(reading.variables)
        if size > _MOST_BYTES:
            return None
        return {"files": sorted(files - ours), "folders": sorted(folders), "variables": variables}

    def _is_younger(self, seen: os.stat_result) -> bool:
        return max(seen.st_mtime_ns, seen.st_ctime_ns) >= self._started_ns

    def _digest(self, record: Mapping[str, Any], texts: Mapping[str, bytes | None]) -> str:
        return _digest(self._pieces(record, texts))

    def _pieces(
        self, record: Mapping[str, Any], texts: Mapping[str, bytes | None]
    ) -> Iterator[str | bytes | None]:
        for path in self._outputs:
            yield path
            yield texts.get(path)
        yield recorded(self._config).get("document")
        for path in record["files"]:
            yield path
            yield _content(path)
        for path in record["folders"]:
            yield path
            yield from self._names(path)
            yield ""
        names = record["variables"]
        for name, value in sorted(self._environment.items()):
            if names is None or name in names or name.startswith(_READ_BY_C):
                yield name
                yield value

    def _folders_below(self, folder: Path) -> Iterator[str]:
        for path, folders, _ in os.walk(folder):
            folders[:] = [one for one in folders if one not in self._passed_over]
            yield path

    def _names(self, folder: str) -> list[str]:
        try:
            names = os.listdir(folder)  # noqa: PTH208
        except OSError:
            return []
        return sorted(one for one in names if one not in self._passed_over)

    def _records(self) -> Sequence[Mapping[str, Any]]:
        try:
            found = json.loads(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return []
        return [one for one in found if _is_record(one)] if isinstance(found, list) else []


def _is_record(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), str) for key in ("of", "digest"))
        and all(_are_texts(value.get(key)) for key in ("files", "folders"))
        and (value.get("variables", "") is None or _are_texts(value.get("variables")))
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - hundreds, as above
            return file.read()
    except OSError:
        return None


def _digest(pieces: Iterable[str | bytes | None]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        if piece is None:
            digest.update(b"-")
            continue
        content = piece if isinstance(piece, bytes) else piece.encode(errors="surrogateescape")
        digest.update(b"+%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()
