"""What the servers are made from, as fingerprints: a change is a change of content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

GENERATED = "ws_generated"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of the files that people write, and of the routers generated from them, apart.

    Apart, because generating changes the second: what somebody wrote while a generation ran
    must still be seen as a change.
    """

    written: str
    generated: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The Python below `folders`, and single `files` beside it."""

    folders: tuple[Path, ...]
    files: tuple[Path, ...] = ()

    def fingerprint(self) -> Fingerprint:
        """Of the files as they are now."""
        written: list[Path] = list(self.files)
        generated: list[Path] = []
        for path in self._python():
            (generated if GENERATED in path.parts else written).append(path)
        return Fingerprint(_digest(written), _digest(generated))

    def _python(self) -> Iterator[Path]:
        for folder in self.folders:
            yield from folder.rglob("*.py")


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = _content(path)
        if content is not None:
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # removed since it was listed
        return None
