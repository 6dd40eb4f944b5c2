"""`topicwire generate`: a concrete router for every declaration."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.apps import add_app, in_apps, named, nothing_written
from topicwire.cli.console import (
    DOES_NOT_HOLD,
    WRONG_INPUT,
    add_command,
    add_json,
    fail,
    refusals,
    say,
    say_json,
    shown_here,
    styled,
)
from topicwire.errors import TopicwireError

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.codegen.config import AppConfig
    from topicwire.codegen.generate import Plan


def add_generate(commands: Commands) -> None:
    """Adds `topicwire generate`."""
    parser = add_command(commands, "generate", generate, "write a router for each declaration")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="write, then format, lint, type-check and import what was written: nine steps",
    )
    add_app(parser)
    add_json(parser)
    parser.add_argument(
        "--watch",
        action="store_true",
        help="generate routers, document and clients, and again after each save, until Ctrl-C",
    )
    parser.add_argument(
        "--openapi",
        type=Path,
        metavar="FILE",
        help="with --watch: write the OpenAPI document too, to this file",
    )


def generate(
    *,
    check: bool,
    verify: bool,
    as_json: bool,
    watch: bool,
    openapi: Path | None,
    project: Path,
    app: str | None,
) -> None:
    """Write a concrete router for each `X: TypeAlias = WsRouter[Request, Data]` in modules/*/ws.py.

    Settings: [tool.topicwire] of the nearest pyproject.toml, from --project upwards. Where several
    applications have [[tool.topicwire.app]] tables there, it is for each, or for one by --app.

    Example: `topicwire generate`, in CI `topicwire generate --check`, and while you edit
    `topicwire generate --watch`.
    """
    if check + verify + watch > 1:
        fail(
            "--check writes nothing, --verify writes once, --watch goes on: give one of them.",
            WRONG_INPUT,
        )
    if openapi and not watch:
        fail("--openapi is for --watch; otherwise: topicwire spec --openapi FILE.", WRONG_INPUT)
    if watch:
        from topicwire.cli.watch import watch as follow  # noqa: PLC0415 - start-up time

        follow(project, openapi=openapi, as_json=as_json, app=app)
        return

    def one(name: str | None) -> None:
        _generate(project, name, check=check, verify=verify, as_json=as_json)

    if not in_apps(project, ("package",), one, app=app, as_json=as_json):
        one(app)


def _generate(project: Path, app: str | None, *, check: bool, verify: bool, as_json: bool) -> None:
    started = time.perf_counter()
    if as_json:
        _generate_as_json(project, app, check=check, verify=verify)
        return
    if verify:
        _verify(project, app)
        return
    with refusals("" if check else nothing_written(app), project):
        from topicwire.codegen.config import load_config  # noqa: PLC0415 - start-up time
        from topicwire.codegen.generate import generate as write  # noqa: PLC0415
        from topicwire.codegen.generate import plan  # noqa: PLC0415

        config = load_config(project, app=app)
        if check:
            planned = plan(config)
            _report_check(config, planned, time.perf_counter() - started)
        else:
            planned = write(config)
            _report(config, planned, time.perf_counter() - started)


def _note_nothing(config: AppConfig, planned: Plan) -> None:
    """Say what was looked for where nothing was found: it is allowed, and seldom meant."""
    if planned.declarations:
        return
    from topicwire.codegen.discover import declaring_files  # noqa: PLC0415 - start-up time

    looked_for = _shown(config, config.package_dir / config.declarations)
    files = [_shown(config, path) for path in declaring_files(config)]
    if files:
        what = f"{', '.join(files)}: nothing like `X: TypeAlias = WsRouter[Request, Data]` in it."
    else:
        what = (
            f"there is no file {looked_for}. Are they called otherwise? Set `declarations` in "
            f"{config.table.rstrip(':')}. `topicwire new route` writes one."
        )
    sys.stderr.write(f"{styled('note:', 'dim', err=True)} {what}\n")


def _verify(project: Path, app: str | None) -> None:
    from topicwire.codegen.checks import StepFailedError, verify  # noqa: PLC0415 - start-up time
    from topicwire.codegen.config import load_config  # noqa: PLC0415

    started = time.perf_counter()
    with refusals(nothing_written(app), project):
        config = load_config(project, app=app)
        try:
            planned = verify(config, lambda text: say(text, end=""))
        except StepFailedError as error:
            say("FAILED")
            fail(str(error), DOES_NOT_HOLD)
        except TopicwireError:
            say("FAILED")
            raise
        _report(config, planned, time.perf_counter() - started)


def _report(config: AppConfig, planned: Plan, took_s: float) -> None:
    for row in _rows(config, planned):
        say(row)
    changes = planned.changes
    say(
        f"{_count(len(planned.declarations), 'router')}, "
        f"{_count(len(changes.written), 'file')} written, "
        f"{len(changes.extra)} removed, {took_s * 1000:.0f} ms"
    )
    _note_nothing(config, planned)


def _rows(config: AppConfig, planned: Plan) -> list[str]:
    written = set(planned.changes.written)
    cells = [
        (
            f"{shown_here(config.root, one.shown)}:{one.line}",
            one.name,
            one.signature,
            "written" if planned.file_of(config, one) in written else "unchanged",
        )
        for one in planned.declarations
    ]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    rows = [
        "   ".join(
            [
                *(text.ljust(width) for text, width in zip(row, widths, strict=False)),
                styled(row[3], "green" if row[3] == "written" else "dim"),
            ]
        )
        for row in cells
    ]
    return [*rows, *(f"{_shown(config, path)}   removed" for path in planned.changes.extra)]


def _shown(config: AppConfig, path: Path) -> str:
    return shown_here(config.root, config.shown(path))


def _report_check(config: AppConfig, planned: Plan, took_s: float) -> None:
    from topicwire.codegen.stale import stale_reasons  # noqa: PLC0415 - start-up time

    reasons = stale_reasons(config, planned)
    if reasons:
        lines = [f"{shown_here(config.root, reason.path)}: {reason.what}" for reason in reasons]
        fail("\n".join([*lines, f"Stale. Run: {config.command}"]), DOES_NOT_HOLD)
    say(f"{_count(len(planned.declarations), 'router')}, all fresh, {took_s * 1000:.0f} ms")
    _note_nothing(config, planned)


def _generate_as_json(project: Path, app: str | None, *, check: bool, verify: bool) -> None:
    from topicwire.codegen.config import load_config  # noqa: PLC0415 - start-up time
    from topicwire.codegen.generate import generate as write  # noqa: PLC0415
    from topicwire.codegen.generate import plan  # noqa: PLC0415
    from topicwire.codegen.stale import stale_reasons  # noqa: PLC0415

    with refusals(as_json=True, app=app):
        config = load_config(project, app=app)
        planned = _verified_as_json(config) if verify else (plan if check else write)(config)
    written = set(planned.changes.written)
    reasons = stale_reasons(config, planned) if check else []
    say_json(
        {
            **named(config),
            "ok": not reasons,
            "routers": [
                {
                    "path": one.shown,
                    "line": one.line,
                    "name": one.name,
                    "types": [argument.text for argument in one.arguments],
                    "output": config.shown(planned.file_of(config, one)),
                    "fresh": planned.file_of(config, one) not in written,
                }
                for one in planned.declarations
            ],
            "written": [] if check else [config.shown(path) for path in planned.changes.written],
            "removed": [] if check else [config.shown(path) for path in planned.changes.extra],
            "stale": [{"path": reason.path, "what": reason.what} for reason in reasons],
        }
    )
    if reasons:
        raise SystemExit(DOES_NOT_HOLD)


def _verified_as_json(config: AppConfig) -> Plan:
    from topicwire.codegen.checks import StepFailedError  # noqa: PLC0415 - start-up time
    from topicwire.codegen.checks import verify as in_steps  # noqa: PLC0415

    try:
        return in_steps(config, sys.stderr.write)  # what the steps say is no result
    except StepFailedError as error:
        say_json({**named(config), "ok": False, "errors": [{"message": str(error)}]})
        raise SystemExit(DOES_NOT_HOLD) from None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
