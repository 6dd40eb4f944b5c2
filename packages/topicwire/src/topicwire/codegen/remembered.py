"""What documents and clients were made from, so that a check of what has not changed is quick.

A record is believed where every byte that decided the result is as it was: what the process read
(`topicwire.codegen.reading`), which names there are on `sys.path`, for documents those below `src`
too, the settings, the interpreter, and the result itself, files that are too many included. It is
in the cache's folder, which git ignores: a fresh clone has none, and checks in full.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from topicwire.codegen.config import CACHE_FOLDER, AppConfig
from topicwire.codegen.manifest import Kind, maker, recorded
from topicwire.codegen.output import replace
from topicwire.codegen.reading import Reading

_FORM: Final = 2
_MOST_RECORDS: Final = 4
_MOST_BYTES: Final = 1 << 28
"""Reading more would take as long as making it anew."""

_CLOCK_STEP_NS: Final = 20_000_000
"""A file's date may be so much older than the moment at which it was saved."""

_READ_BY_OTHERS: Final = ("LANG", "LC_", "PYTHON", "RUFF_", "TZ")
"""What begins so is read by C, by the interpreter or by Ruff, which tell nobody."""


def _nothing() -> Iterable[Path]:
    return ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What is made, and remembered.

    Attributes:
        file: where the records of such results are, in the cache's folder.
        kind: as the manifest calls it; None where the manifest says nothing of it.
        asked: what decides the result beside files and the environment: settings and options.
        sources: a folder; every name below it may be imported.
        lying: returns the files that are, now, where generated ones are looked for.
    """

    file: str
    kind: Kind | None
    asked: tuple[str, ...]
    sources: Path | None = None
    lying: Callable[[], Iterable[Path]] = _nothing


def documents(config: AppConfig, outputs: Iterable[Path]) -> Subject:
    """Return what `topicwire spec` makes: documents at these paths."""
    paths = sorted(str(path) for path in outputs)
    return Subject("documents.json", "document", (config.app, *paths), config.src)


class Remembered:
    """The record of what one command makes.

    Args:
        config: of the application.
        subject: what is made.
        started_ns: when the command began, as `time.time_ns` says it.
    """

    def __init__(self, config: AppConfig, subject: Subject, started_ns: int) -> None:
        self._config = config
        self._subject = subject
        self._started_ns = started_ns - _CLOCK_STEP_NS
        self._file = config.cache_dir / subject.file
        self._passed_over = {"__pycache__", CACHE_FOLDER}
        # All as they are now: an application may change them while it is imported.
        self._environment = dict(os.environ)
        self._path = [str(Path(one).absolute()) for one in sys.path]
        self._lay = self._lying()
        self._of = _digest(
            [
                str(_FORM), maker(), sys.version, sys.prefix, repr(sys.flags), str(Path.cwd()),
                str(config.root), *self._path, "", *subject.asked,
            ]
        )  # fmt: skip

    def holds(self) -> Sequence[Path] | None:
        """Return the files, where everything is as it was when they were right; else None."""
        for record in self._records():
            if record["of"] == self._of and record["digest"] == self._digest(record, {}, self._lay):
                return [Path(one) for one in record["outputs"]]
        return None

    def note(
        self, reading: Reading, files: Mapping[Path, str], removed: Iterable[Path] = ()
    ) -> None:
        """Remember what these files, which are on disk now, were made from.

        Nothing is remembered where that cannot be told: something was read that is in no file, or
        a file was saved, or one came or went, meanwhile.

        Args:
            reading: what was read for them.
            files: all that were made.
            removed: what lay beside them before.
        """
        if not self._config.keeps_cache:
            return
        texts: dict[str, bytes | None] = {str(path): one.encode() for path, one in files.items()}
        lie = self._lying()
        gone = {str(path) for path in removed}
        if lie | texts.keys() != (self._lay | texts.keys()) - gone:
            return
        found = self._found(reading, texts.keys(), lie)
        if found is None:
            return
        record = {"of": self._of, "outputs": list(texts), **found}
        record["digest"] = self._digest(record, texts, lie)
        others = [one for one in self._records() if one["of"] != self._of]
        text = json.dumps([record, *others][:_MOST_RECORDS], indent=1)
        if _content(str(self._file)) != text.encode():
            replace(self._config, self._file, text.encode())

    def _found(
        self, reading: Reading, outputs: Iterable[str], lie: frozenset[str]
    ) -> dict[str, Any] | None:
        if reading.beyond:
            return None
        # Of the folders of what was made it is known what came and went: see `note`.
        known = {str(Path(one).parent) for one in outputs if one in lie} - set(self._path)
        files, folders = set(reading.inputs()), set(reading.folders) - known
        files.add(str(self._config.root / "pyproject.toml"))
        ours = {*outputs, str(self._config.manifest)}
        size = 0
        for path in sorted((files | lie) - ours):
            try:
                seen = os.stat(path)  # noqa: PTH116 - hundreds: a Path for each takes as long
            except OSError:
                continue  # it was not there, and is to be noticed when it is
            if stat.S_ISDIR(seen.st_mode):
                folders.add(path)
            elif not stat.S_ISREG(seen.st_mode) or self._is_younger(seen):
                return None
            size += seen.st_size
        folders |= set(self._path)
        if self._subject.sources is not None:
            folders |= set(self._folders_below(self._subject.sources))
            folders.add(str(self._config.root))
        if size > _MOST_BYTES or any(self._has_changed(one) for one in reading.folders - known):
            return None
        variables = None if reading.whole_environment else sorted(reading.variables)
        return {"files": sorted(files - ours), "folders": sorted(folders), "variables": variables}

    def _has_changed(self, folder: str) -> bool:
        try:
            return self._is_younger(os.stat(folder))  # noqa: PTH116
        except OSError:
            return False

    def _is_younger(self, seen: os.stat_result) -> bool:
        return max(seen.st_mtime_ns, seen.st_ctime_ns) >= self._started_ns

    def _lying(self) -> frozenset[str]:
        return frozenset(str(path) for path in self._subject.lying())

    def _digest(
        self, record: Mapping[str, Any], texts: Mapping[str, bytes | None], lie: frozenset[str]
    ) -> str:
        return _digest(self._pieces(record, texts, lie))

    def _pieces(
        self, record: Mapping[str, Any], texts: Mapping[str, bytes | None], lie: frozenset[str]
    ) -> Iterator[str | bytes | None]:
        for path in sorted({*lie, *record["outputs"]}):
            yield path
            yield texts[path] if path in texts else _content(path)
        if self._subject.kind is not None:
            yield recorded(self._config).get(self._subject.kind)
        for path in record["files"]:
            yield path
            yield _content(path)
        for path in record["folders"]:
            yield path
            yield from self._names(path)
            yield ""
        names = record["variables"]
        for name, value in sorted(self._environment.items()):
            if names is None or name in names or name.startswith(_READ_BY_OTHERS):
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
        and all(_are_texts(value.get(key)) for key in ("files", "folders", "outputs"))
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
