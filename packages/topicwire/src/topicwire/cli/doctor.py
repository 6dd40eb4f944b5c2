"""`topicwire doctor`: what keeps routes from working, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.console import (
    DOES_NOT_HOLD,
    add_command,
    add_json,
    refusals,
    say,
    say_json,
    styled,
)

if TYPE_CHECKING:
    from topicwire.cli.console import Commands


def add_doctor(commands: Commands) -> None:
    """Adds `topicwire doctor`."""
    parser = add_command(
        commands, "doctor", doctor, "find what keeps routes from working", checks=False
    )
    parser.add_argument(
        "--url", metavar="ADDRESS", help="of a running server: is its document this application's?"
    )
    add_json(parser)


def doctor(*, url: str | None, as_json: bool, project: Path) -> None:
    """Look for what the Quick Start's Troubleshooting lists, and say the cure of each finding.

    Exports, packages, imports, stale output, the application, routes that it does not include,
    topics that nobody has, versions that differ, and with --url a running server. It writes
    nothing. Exit code 1 when there is a finding.

    Example: `topicwire doctor --url http://127.0.0.1:8000`.
    """
    with refusals("", project, as_json=as_json):
        from topicwire.codegen.config import load_config  # noqa: PLC0415 - start-up time
        from topicwire.doctor.examine import examine  # noqa: PLC0415

        config = load_config(project)
        examination = examine(config, url)
    findings = examination.findings
    if as_json:
        from dataclasses import asdict  # noqa: PLC0415 - start-up time

        content = {
            "ok": not findings,
            "checks": examination.checks,
            "findings": [asdict(one) for one in findings],
        }
        say_json(content)
    else:
        width = max(map(len, examination.checks))
        for name, count in examination.checks.items():
            state = "not checked" if count is None else f"{count} found" if count else "ok"
            say(f"{name.ljust(width)}   {styled(state, 'red' if count else 'green')}")
        for finding in findings:
            say(f"\n{finding}")
    if findings:
        raise SystemExit(DOES_NOT_HOLD)
