"""`scripts/python -m scripts.setup [part ...]`: installs what is missing, in this tree alone.

Runs on the machine's Python with nothing but the standard library. Every part is quick when it
is there already, and safe to run beside another set-up.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from scripts.setup import browser, node, poetry, python_env, shell
from scripts.setup.console import SetupError
from scripts.setup.stamp import one_at_a_time

PARTS: dict[str, Callable[[], None]] = {
    "python": python_env.ensure,
    "node": node.ensure,
    "packages": node.ensure_packages,
    "poetry": poetry.ensure,
    "browser": browser.ensure,
    "shell": shell.ensure,
}


def main() -> int:
    """Installs the parts named."""
    parser = argparse.ArgumentParser(prog="python -m scripts.setup", description=__doc__)
    parser.add_argument("part", nargs="+", choices=PARTS)
    parts: list[str] = parser.parse_args().part
    os.environ["PATH"] = f"{node.BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        with one_at_a_time():
            for part in parts:
                PARTS[part]()
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
