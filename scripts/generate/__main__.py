"""`python -m scripts.generate [name ...]`: writes generated files, all or those named, anew."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from scripts.generate.artifacts import ARTIFACTS, Artifact, chosen
from scripts.generate.lock import held
from scripts.repository import tool_environment


def main() -> int:
    """Runs the generators in making order; stops at the first that fails, with its exit code."""
    listed = "\n".join(f"  {artifact.name:12} {artifact.what}" for artifact in ARTIFACTS)
    parser = argparse.ArgumentParser(
        prog="python -m scripts.generate",
        description=f"{__doc__}\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = [artifact.name for artifact in ARTIFACTS]
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(known)}")
    names: list[str] = parser.parse_args().name
    for name in names:
        if name not in known:
            parser.error(f"nothing named '{name}' is generated; known: {', '.join(known)}")
    with held():
        return _run(chosen(names))


def _run(artifacts: Sequence[Artifact]) -> int:
    for artifact in artifacts:
        print(f"generate: {artifact.what}", flush=True)
        done = subprocess.run(
            artifact.command,
            cwd=artifact.cwd,
            env=tool_environment(),
            check=False,
        )
        if done.returncode != 0:
            print(f"generate: {artifact.name} failed, the rest was not run", file=sys.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
