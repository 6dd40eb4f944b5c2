"""`python -m scripts.checks PLAN`: every step by name, output only of what fails."""

from __future__ import annotations

import argparse
import os
import sys

from scripts.checks import runner, steps

# Tests and formatters have the machine, or the files, to themselves.
_PLANS = {
    "check": (steps.check, max(2, os.cpu_count() or 2)),
    "test": (steps.test, 1),
    "test-long": (steps.test_long, 1),
    "format": (steps.format_, 1),
}


def main() -> int:
    """Exits 0 when every chosen step passed."""
    parser = argparse.ArgumentParser(prog="python -m scripts.checks", description=__doc__)
    parser.add_argument("plan", choices=_PLANS)
    parser.add_argument("-v", "--verbose", action="store_true", help="print all output")
    parser.add_argument("--list", action="store_true", help="print the steps, run none")
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        default=[],
        help="run the steps whose name holds this, or of this group (python, typescript)",
    )
    arguments = parser.parse_args()
    plan, jobs = _PLANS[arguments.plan]
    only: list[str] = arguments.only
    chosen = [
        step
        for step in plan()
        if not only or any(part in step.name or part == step.group for part in only)
    ]
    if not chosen:
        names = ", ".join(step.name for step in plan())
        parser.error(f"no step is named like {only}; there are: {names}")
    if arguments.list:
        for step in chosen:
            print(f"{step.group or 'all':12} {step.name}")
        return 0
    runner.end_like_ctrl_c()
    return runner.run(chosen, jobs=jobs, verbose=arguments.verbose)


if __name__ == "__main__":
    sys.exit(main())
