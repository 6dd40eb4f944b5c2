"""`topicwire new route`: Steps 1 to 5 of the Quick Start, and the snippet of Step 8."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.apps import add_app, named
from topicwire.cli.console import (
    WRONG_INPUT,
    add_command,
    add_group,
    add_json,
    fail,
    refusals,
    refuse,
    say,
    say_json,
    shown_here,
    styled,
)

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.codegen.config import AppConfig
    from topicwire.scaffold.apply import Applied
    from topicwire.scaffold.route import NewRoute

_QUESTIONS = {
    "module": "Module, the folder in modules/ (trading): ",
    "name": "Route, as clients will call it (trades): ",
    "request": "What a client asks for (symbols:list[str]); empty for nothing: ",
    "payload": "What it is sent (symbol:str price:float): ",
}


def add_new(commands: Commands) -> None:
    """Adds `topicwire new route`."""
    summary = "write a new route: models, declaration, module"
    things = add_group(commands, "new", "THING", summary, "topicwire new route --help")
    parser = add_command(things, "route", route, summary, checks=False)
    for option, metavar, what in (
        ("module", "NAME", "the module it belongs to: a folder in modules/, new or there"),
        ("name", "NAME", "the route, as clients call it: trades"),
        ("request", "FIELDS", "what a client asks for: 'symbols:list[str]'; '' for nothing"),
        ("payload", "FIELDS", "what it is sent: 'symbol:str price:float=0.0'"),
        ("model", "NAME", "the class of an update (default: Trade for trades)"),
        ("models", "NAME", "the package in models/ for the file (default: the module's name)"),
    ):
        parser.add_argument(f"--{option}", metavar=metavar, help=what)
    parser.add_argument(
        "--no-service",
        action="store_false",
        dest="service",
        help="without a service that sends sample values: updates come from publish() alone",
    )
    parser.add_argument(
        "--snippet", type=Path, metavar="FILE", help="write the page's lines to this file too"
    )
    add_app(parser, "it is refused where there are several")
    add_json(parser)


def route(
    *,
    module: str | None,
    name: str | None,
    request: str | None,
    payload: str | None,
    model: str | None,
    models: str | None,
    service: bool,
    snippet: Path | None,
    as_json: bool,
    project: Path,
    app: str | None,
) -> None:
    """Write a new route: its models and their exports, its declaration, its module; then generate.

    On a terminal it asks for what is not given, unless with --json. Existing files are edited at
    the places that concern the route, and nothing is written unless all of it can be.

    Example: `topicwire new route --module trading --name trades --request 'symbols:list[str]'
    --payload 'symbol:str price:float'`.
    """
    given = {"module": module, "name": name, "request": request, "payload": payload}
    answers = _asked(given, as_json=as_json)
    with refusals("Nothing was written.", project, as_json=as_json, app=app):
        from topicwire.codegen.config import load_config  # noqa: PLC0415 - start-up time
        from topicwire.scaffold.apply import apply  # noqa: PLC0415
        from topicwire.scaffold.route import RouteRequest, plan_route  # noqa: PLC0415
        from topicwire.scaffold.snippet import snippet as page_lines  # noqa: PLC0415

        config = load_config(project, app=app)
        wanted = RouteRequest(**answers, model=model, models=models, with_service=service)
        planned = plan_route(config, wanted)
        lines = page_lines(planned.names, planned.request, planned.payload)
        applied: Applied | None = None
        if planned.there is None:
            if snippet is not None and snippet.exists():
                _refuse_snippet(snippet)
            applied = apply(config, planned)
    if applied is not None and snippet is not None:
        snippet.parent.mkdir(parents=True, exist_ok=True)
        snippet.write_text(lines, encoding="utf-8")
    if as_json:
        say_json(_machine(config, planned, applied, lines))
    elif applied is None:
        where = shown_here(config.root, planned.there or "")
        say(f"The route {planned.names.route!r} is there already: {where}. Nothing to do.")
    else:
        _report(config, planned, applied, snippet)
        say(f"\nIn a page:\n\n{lines}", end="")


def _asked(given: dict[str, str | None], *, as_json: bool) -> dict[str, str]:
    missing = [option for option, value in given.items() if value is None]
    if missing and (as_json or not sys.stdin.isatty()):
        refuse(
            f"Not given: {', '.join(f'--{one}' for one in missing)}. (On a terminal this command "
            "asks.) Example: topicwire new route --module trading --name trades "
            "--request 'symbols:list[str]' --payload 'symbol:str price:float'",
            as_json=as_json,
        )
    answers = {}
    for option, value in given.items():
        try:
            answers[option] = input(_QUESTIONS[option]).strip() if value is None else value
        except (EOFError, KeyboardInterrupt):
            fail("\nNothing was written.", WRONG_INPUT)
    return answers


def _machine(
    config: AppConfig, planned: NewRoute, applied: Applied | None, lines: str
) -> dict[str, object]:
    files = applied.files if applied else {}

    def shown(paths: Iterable[Path]) -> list[str]:
        return [Path(os.path.relpath(one, config.root)).as_posix() for one in sorted(paths)]

    return {
        **named(config),
        "ok": True,
        "there": planned.there,
        "names": planned.names.fields(),
        "written": shown(one for one, is_new in files.items() if is_new),
        "changed": shown(one for one, is_new in files.items() if not is_new),
        "generated": shown(applied.generated if applied else ()),
        "served": applied.served if applied else None,
        "notes": planned.notes,
        "left": _left(config, planned, applied),
        "snippet": lines,
    }


def _refuse_snippet(snippet: Path) -> None:
    from topicwire.scaffold.errors import ScaffoldError  # noqa: PLC0415 - start-up time

    raise ScaffoldError(f"--snippet: {snippet} exists. Name a file that does not, or move it.")


def _report(config: AppConfig, planned: NewRoute, applied: Applied, snippet: Path | None) -> None:
    rows = [
        (_relative(config, path), "written" if is_new else "changed")
        for path, is_new in sorted(applied.files.items())
    ]
    rows += [(_relative(config, path), "generated") for path in sorted(applied.generated)]
    if snippet is not None:
        rows.append((str(snippet), "written"))
    width = max(len(path) for path, _ in rows)
    for path, state in rows:
        say(f"{path.ljust(width)}   {styled(state, 'dim' if state == 'generated' else 'green')}")
    for note in planned.notes:
        say(f"\n{note}")
    left = _left(config, planned, applied)
    if left:
        say("\nLeft to you, since there was no safe place for it:\n" + "\n".join(left))


def _left(config: AppConfig, planned: NewRoute, applied: Applied | None) -> list[str]:
    left = list(planned.left)
    if applied is not None and applied.served is False and not left:
        names = planned.names
        left = [
            f"{config.table} app = {config.app!r} does not serve the route yet. Include it:",
            f"    for router in {names.module_class}().get_ws_routers():",
            "        ws.include_router(router)",
        ]
    return left


def _relative(config: AppConfig, path: Path) -> str:
    return shown_here(config.root, Path(os.path.relpath(path, config.root)).as_posix())
