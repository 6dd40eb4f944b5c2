"""A stamp beside what was installed says from which inputs, so that a second run does nothing."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from scripts.repository import TOOLS


class Stamp:
    """Says whether what stands beside `file` was made from these inputs.

    Kept inside the folder it speaks of, so that removing the folder removes the stamp.
    """

    def __init__(self, file: Path, *inputs: Path | str) -> None:
        digest = hashlib.sha256()
        for item in inputs:
            content = item.read_bytes() if isinstance(item, Path) else item.encode()
            digest.update(len(content).to_bytes(8, "big") + content)
        self._file = file
        self._wanted = digest.hexdigest()

    def is_current(self) -> bool:
        """Whether the last `write` was for the same inputs."""
        try:
            return self._file.read_text(encoding="ascii").strip() == self._wanted
        except OSError:
            return False

    def write(self) -> None:
        """Call it last, when everything is in place."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(self._wanted + "\n", encoding="ascii")


@contextmanager
def one_at_a_time() -> Generator[None]:
    """Holds back a second set-up of this tree until the first is through.

    `make dev` in one terminal and `make generate` in another may start together.
    """
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
