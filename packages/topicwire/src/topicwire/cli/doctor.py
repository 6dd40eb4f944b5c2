"""`topicwire doctor`: what keeps routes from working, and what to do about it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.apps import add_app, in_apps, in_process, named
from topicwire.cli.console import (
    DOES_NOT_HOLD,
    add_command,
    add_json,
    application_speaks,
    refusals,
    say,
    say_json,
    styled,
)

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.doctor.examine import Examination

_LONGEST_WAIT_S = 3600.0


def add_doctor(commands: Commands) -> None:
    """Adds `topicwire doctor`."""
    parser = add_command(
        commands, "doctor", doctor, "find what keeps routes from working", checks=False
    )
    parser.add_argument(
        "--url", metavar="ADDRESS", help="of a running server: is its document this application's?"
    )
    parser.add_argument(
        "--subscribe",
        action="append",
        default=[],
        metavar="ROUTE=REQUEST",
        help="subscribe as a client does, and say why no update comes; may be given again",
    )
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="for the first update of a subscription (default: 5)",
    )
    add_app(parser)
    add_json(parser)


def doctor(
    *,
    url: str | None,
    subscribe: list[str],
    wait: float,
    as_json: bool,
    project: Path,
    app: str | None,
) -> None:
    """Look for what the Quick Start's Troubleshooting lists, and say the cure of each finding.

    Exports, packages, imports, stale output, the application, routes that it does not include,
    topics that nobody has, versions that differ, and with --url a running server. It writes
    nothing. Exit code 1 when there is a finding.

    A client that gets no updates: --subscribe does as it does, at the server of --url. Without
    --url the application is served here for a moment, on a port that is free, and the topics that
    it publishes to are seen. TOPICWIRE_TOKEN in the environment is the client's token.

    Example: `topicwire doctor --url http://127.0.0.1:8000`, and
    `topicwire doctor --subscribe 'trades={"symbols": ["AAPL"]}'`.
    """
    command = ["doctor", "--wait", str(wait), *(["--json"] if as_json else [])]
    of_one = {"--url": url, "--subscribe": subscribe}
    run = in_process(command, project)
    if in_apps(project, ("package",), run, app=app, as_json=as_json, of_one=of_one):
        return
    with refusals("", project, as_json=as_json, app=app):
        from topicwire.codegen.config import load_config  # noqa: PLC0415 - start-up time
        from topicwire.doctor.examine import examine  # noqa: PLC0415
        from topicwire.doctor.live import Trial  # noqa: PLC0415
        from topicwire.doctor.updates import Wanted  # noqa: PLC0415

        config = load_config(project, app=app)
        trial = Trial([Wanted.parse(one) for one in subscribe], url, wait)
        with application_speaks():
            examination = examine(config, trial)
    if as_json:
        say_json({**named(config), **_machine(examination)})
    else:
        _report(examination)
    if examination.findings:
        raise SystemExit(DOES_NOT_HOLD)


def _report(examination: Examination) -> None:
    width = max(map(len, examination.checks))
    for name, count in examination.checks.items():
        state = "not checked" if count is None else f"{count} found" if count else "ok"
        say(f"{name.ljust(width)}   {styled(state, 'red' if count else 'green')}")
    for heard in examination.heard:
        if heard.first_s is not None:
            say(f"\n{heard}")
    for finding in examination.findings:
        say(f"\n{finding}")


def _machine(examination: Examination) -> dict[str, object]:
    from dataclasses import asdict  # noqa: PLC0415 - start-up time

    return {
        "ok": not examination.findings,
        "checks": examination.checks,
        "findings": [asdict(one) for one in examination.findings],
        "heard": [
            {
                "route": one.wanted.route,
                "request": one.wanted.request,
                "topics": one.topics,
                "first_s": one.first_s,
            }
            for one in examination.heard
        ],
    }


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= _LONGEST_WAIT_S:
        raise argparse.ArgumentTypeError(f"seconds: more than 0, at most {_LONGEST_WAIT_S:g}")
    return value
