"""Compares what is to be with what is on disk, and writes: everything, or nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from topicwire.codegen.config import AppConfig
from topicwire.errors import TopicwireError


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the files to be and those on disk.

    Attributes:
        files: every file to be, with its text.
        missing: not on disk.
        changed: on disk with another text.
        extra: on disk, generated once, declared no more.
    """

    files: Mapping[Path, str]
    missing: tuple[Path, ...]
    changed: tuple[Path, ...]
    extra: tuple[Path, ...]

    @property
    def written(self) -> tuple[Path, ...]:
        """What writing touches, removals apart."""
        return tuple(sorted((*self.missing, *self.changed)))

    def __bool__(self) -> bool:
        """Something differs."""
        return bool(self.missing or self.changed or self.extra)


def compare(files: Mapping[Path, str], owned: Mapping[Path, str]) -> Changes:
    """The files to be against those on disk; `owned` are the generated ones found there."""
    on_disk = dict(owned)
    for path in files:
        if path not in on_disk and path.is_file():
            on_disk[path] = path.read_bytes().decode(errors="replace")
    return Changes(
        files=files,
        missing=tuple(path for path in sorted(files) if path not in on_disk),
        changed=tuple(
            path for path in sorted(files) if path in on_disk and on_disk[path] != files[path]
        ),
        extra=tuple(path for path in sorted(owned) if path not in files),
    )


class OutputError(TopicwireError, OSError):
    """Output cannot be written, or is not what can be replaced. The files are as they were."""


def write(config: AppConfig, changes: Changes) -> None:
    """Makes the disk as `changes.files` say. On an error, everything is put back.

    All of it is written beside first, so that a disk which is full is noticed before anything is
    replaced; then each file is replaced in one step, so that a reader sees the old text or the new.

    Raises:
        OutputError: a file cannot be written; the files are as they were.
    """
    try:
        previous = {
            path: path.read_bytes() if path.is_file() else None
            for path in (*changes.written, *changes.extra)
        }
        _apply(config, changes, previous)
    except OSError as error:
        raise _refusal(config, error) from error


def _apply(config: AppConfig, changes: Changes, previous: Mapping[Path, bytes | None]) -> None:
    made = {folder for path in changes.written for folder in _missing_folders(path.parent)}
    staged = {path: _staged(config, path, at) for at, path in enumerate(changes.written)}
    try:
        prepare_cache(config)
        for path, beside in staged.items():
            beside.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(changes.files[path].encode())
        for path, beside in staged.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.replace(path)
        for path in changes.extra:
            path.unlink()
            remove_if_empty(path.parent)
    except BaseException:
        for beside in staged.values():
            beside.unlink(missing_ok=True)
        restore(config, previous)
        for folder in sorted(made, reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _missing_folders(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        yield folder
        folder = folder.parent


def _staged(config: AppConfig, path: Path, at: int = 0) -> Path:
    """Where a file is written before it takes its place: on the same disk, seen by nobody."""
    folder = config.cache_dir if config.keeps_cache else path.parent
    return folder / f".topicwire-staged-{os.getpid()}-{at}"


def _refusal(config: AppConfig, error: OSError) -> OutputError:
    named = [name for name in (error.filename2, error.filename) if isinstance(name, str | Path)]
    where = config.shown(Path(named[0])) if named else config.shown(config.root)
    return OutputError(
        f"{where}: error: this cannot be written: {error.strerror or error}. Make room, or let "
        "this user write there, or move away what is in the way; the files are as they were."
    )


def restore(config: AppConfig, previous: Mapping[Path, bytes | None]) -> None:
    """Puts files back as they were; None for one that did not exist."""
    for path, content in previous.items():
        if content is None and path.is_file():
            path.unlink()
            remove_if_empty(path.parent)
        elif content is not None and (not path.is_file() or path.read_bytes() != content):
            replace(config, path, content)


def replace(config: AppConfig, path: Path, content: bytes) -> None:
    """Writes one file in one step: no reader sees a part of it."""
    prepare_cache(config)
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
    staged = _staged(config, path)
    try:
        staged.write_bytes(content)
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)
        raise


def prepare_cache(config: AppConfig) -> None:
    """Makes the folder for locks, stamps and staged files, ignored by git."""
    ignore = config.cache_dir / ".gitignore"
    if config.keeps_cache and not ignore.is_file():
        config.cache_dir.mkdir(parents=True, exist_ok=True)
        ignore.write_text("*\n", encoding="utf-8")


def remove_if_empty(folder: Path) -> None:
    """Removes a folder that holds nothing but compiled files."""
    rest = list(folder.iterdir())
    if any(path.name != "__pycache__" for path in rest):
        return
    for cache in rest:
        for compiled in cache.iterdir():
            compiled.unlink()
        cache.rmdir()
    folder.rmdir()


@contextmanager
def locked(config: AppConfig) -> Iterator[None]:
    """One generator at a time for an application: a watcher and a manual run take turns.

    Waits as long as the other one lives; the system gives the lock back when a process ends.
    Without an application there is no watcher, and no folder for a lock.

    Raises:
        OutputError: the folder for it cannot be made.
    """
    if not config.keeps_cache:
        yield
        return
    try:
        prepare_cache(config)
        opened = (config.cache_dir / "lock").open("a+b")
    except OSError as error:
        raise _refusal(config, error) from error
    with opened as file:
        _lock(file.fileno())
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
