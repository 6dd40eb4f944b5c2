"""What a watcher looks at: which folders, which files in them, and their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import topicwire
from topicwire.codegen.config import AppConfig
from topicwire.codegen.toolconfig import settings_files
from topicwire.codegen.watch.stages import Snapshot

SETTINGS = frozenset({"pyproject.toml", "ruff.toml", ".ruff.toml", "setup.cfg", "tox.ini"})
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
TOOL = Path(topicwire.__path__[0])


def source_folder(config: AppConfig) -> Path:
    """Return the folder that is watched as a whole.

    That is `src`; where it is the project's own folder, with its environments and its page, the
    package alone.
    """
    is_own = any(config.src.samefile(folder) for folder in (config.root, config.base))
    return config.package_dir if is_own else config.src


def snapshot(config: AppConfig, outputs: Iterable[Path]) -> Snapshot:
    """Read everything that matters, as it is now. Dates do not matter."""
    generated = frozenset(outputs)
    sources = (path for path in python_files(source_folder(config)) if path not in generated)
    return Snapshot(
        sources=_digests(path for path in sources if path.parent.name != config.output),
        settings=_digests(settings_files(config)),
        tool=_digests(python_files(TOOL)),
        outputs=_digests(generated),
    )


def digest(content: bytes) -> str:
    """Return what a snapshot says of a file with this content."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def python_files(folder: Path) -> Iterator[Path]:
    """Yield the Python below a folder; hidden folders and caches left out."""
    for where, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in _SKIPPED and not one.startswith(".")]
        yield from (Path(where, name) for name in names if name.endswith(".py"))


def may_matter(path: str, roots: Iterable[Path]) -> bool:
    """Say whether an event at this path is worth looking at everything."""
    file = Path(path)
    root = next((one for one in roots if file.is_relative_to(one)), None)
    folders = file.parent.relative_to(root).parts if root else ()
    if any(part in _SKIPPED or part.startswith(".") for part in folders):
        return False
    # A name without a suffix may be a folder that was moved as a whole.
    return file.name in SETTINGS or file.suffix in {".py", ".typed", ".ts", ".json", ""}


def git_lock(folder: Path) -> Path | None:
    """Return the file that exists while git rewrites the working tree; None outside of one."""
    for one in (folder, *folder.parents):
        git = one / ".git"
        if git.is_dir():
            return git / "index.lock"
        if git.is_file():  # a linked working tree
            target = git.read_text("utf-8", errors="replace").removeprefix("gitdir:").strip()
            return one / target / "index.lock"
    return None


def git_at_work(folder: Path) -> int | None:
    """Return what is another number when git has made or removed its lock; None without git."""
    lock = git_lock(folder)
    try:
        return None if lock is None else lock.parent.stat().st_mtime_ns
    except OSError:  # a working tree whose repository has gone
        return None


def _digests(paths: Iterable[Path]) -> dict[Path, str]:
    found: dict[Path, str] = {}
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError:  # removed since it was listed
            continue
        found[path] = digest(content)
    return found
