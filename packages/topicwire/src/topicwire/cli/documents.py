"""`topicwire spec` and `topicwire client typescript`: the documents, and what is made from them."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from topicwire.cli.apps import add_app, in_apps, in_process, nothing_written
from topicwire.cli.console import (
    add_command,
    add_group,
    add_json,
    application_speaks,
    refusals,
    refuse,
    say,
    styled,
)
from topicwire.cli.python_client import add_python
from topicwire.cli.written import listed, report, report_stale, report_unchanged, stale_files

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.codegen.application import Application
    from topicwire.codegen.config import AppConfig, TypeScriptConfig
    from topicwire.codegen.manifest import Kind
    from topicwire.codegen.output import Changes


def add_spec(commands: Commands) -> None:
    """Adds `topicwire spec`."""
    parser = add_command(commands, "spec", spec, "write the AsyncAPI document")
    add_app(parser)
    add_json(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="instead of the configured file; - for stdout",
    )
    parser.add_argument(
        "--anew",
        action="store_true",
        help="with --check: import the application even if nothing that it read has changed",
    )
    parser.add_argument(
        "--openapi", type=Path, metavar="FILE", help="write the OpenAPI document too, to this file"
    )


def add_client(commands: Commands) -> None:
    """Adds `topicwire client typescript` and `topicwire client python`."""
    summary = "write a typed client from the AsyncAPI document"
    example = "topicwire client typescript --help"
    languages = add_group(commands, "client", "LANGUAGE", summary, example)
    parser = add_command(languages, "typescript", typescript, "types and the map of routes")
    add_app(parser)
    add_json(parser)
    parser.add_argument(
        "--document",
        metavar="FILE_OR_ADDRESS",
        help="instead of the configured AsyncAPI document",
    )
    parser.add_argument(
        "--anew",
        action="store_true",
        help="with --check: make the client even if nothing that it is made from has changed",
    )
    for name, what in (("types", "the types"), ("client", "the map of routes")):
        parser.add_argument(
            f"--{name}", type=Path, metavar="FOLDER", help=f"for {what}, instead of the configured"
        )
    parser.add_argument(
        "--validators",
        type=Path,
        metavar="FOLDER",
        help="write validators of what the server sends, too, for the option `validate`",
    )
    parser.add_argument(
        "--scalars",
        type=Path,
        metavar="FILE",
        help="which types stand for formats: a TOML file like [tool.topicwire.typescript.scalars]",
    )

    add_python(languages)


def spec(
    *,
    check: bool,
    anew: bool,
    output: Path | None,
    openapi: Path | None,
    as_json: bool,
    project: Path,
    app: str | None,
) -> None:
    """Write the AsyncAPI document of the application, without starting a server.

    The document is checked by the official schema and by our own rules before it is written.
    With --check the application is imported when anything that it read has changed since the
    document was right; with --anew in any case. docs/checks.md has the rule.

    Example: `topicwire spec --openapi generated/openapi.json`, and in CI `topicwire spec --check`.
    """
    started, started_ns = time.perf_counter(), time.time_ns()
    if as_json and output == Path("-"):
        refuse("--json and -o - both print to stdout: give one of them.", as_json=True)
    flags = {"--check": check, "--anew": anew, "--json": as_json}
    again = ["spec", *(flag for flag, is_given in flags.items() if is_given)]
    of_one = {"--output": output, "--openapi": openapi}
    run = in_process(again, project)
    if in_apps(project, ("app",), run, app=app, as_json=as_json, of_one=of_one):
        return
    gc.disable()  # thousands of classes are made and kept, and then the process ends
    with refusals("" if check else nothing_written(app), project, as_json=as_json, app=app):
        from topicwire.codegen.config import load_config  # noqa: PLC0415 - start-up time
        from topicwire.codegen.reading import Reading  # noqa: PLC0415
        from topicwire.codegen.remembered import Remembered, documents  # noqa: PLC0415
        from topicwire.codegen.unserved import routers_on_disk, unserved  # noqa: PLC0415

        config = load_config(project, needs=("app",), app=app)
        paths = [(output or config.asyncapi).resolve()]
        paths += [] if openapi is None else [openapi.resolve()]
        remembered = Remembered(config, documents(config, paths), started_ns)
        if check and not anew and remembered.holds() is not None:
            report_unchanged(config, "document", paths, as_json=as_json, started=started)
            return
        reading = Reading()
        with application_speaks(), reading.watched():
            application = _application(config)
            texts = [application.asyncapi()]
            texts += [] if openapi is None else [application.openapi()]
        notes = unserved(config, application.adapter, routers_on_disk(config))
        for note in notes:
            sys.stderr.write(f"{styled('note:', 'dim', err=True)} {note}\n")
        if output == Path("-"):
            say(texts[0], end="")
            return
        files = dict(zip(paths, texts, strict=True))
        made = _Made("document" if output is None else None, files)
        command = "topicwire spec"
        _apply(config, made, check=check, as_json=as_json, command=command, started=started)
        if not notes:  # they are to be said at each check
            remembered.note(reading, files)


def _application(config: AppConfig) -> Application:
    from topicwire.codegen.application import load_application  # noqa: PLC0415 - start-up time
    from topicwire.codegen.staged import StagedImports, compiled  # noqa: PLC0415

    # From its source: Python takes a compiled file for right by the second of a date.
    StagedImports(config.src, None, compiled).install()
    return load_application(config)


def typescript(
    *,
    check: bool,
    anew: bool,
    document: str | None,
    types: Path | None,
    client: Path | None,
    validators: Path | None,
    scalars: Path | None,
    as_json: bool,
    project: Path,
    app: str | None,
) -> None:
    """Write the TypeScript types and the map of routes, from the document alone.

    The folders are `tool.topicwire.typescript` of pyproject.toml. Run `topicwire spec` first.
    With --document, --types and --client no application and no pyproject.toml is needed.
    With --validators, or `validators` in that table, what is received can be checked in the client.
    With --scalars, or a table `scalars` in that table, formats have types of your own, like Date.
    With --check nothing is made where all that it is made from is as it was when it was right;
    with --anew it is made in any case.

    Example: `topicwire client typescript --document http://localhost:8000/api/v1/ws/asyncapi.json`.
    """
    started, started_ns = time.perf_counter(), time.time_ns()
    given = {"types": types, "client": client}
    missing = [name for name, folder in given.items() if folder is None]
    is_alone = document is not None and not missing

    def of(name: str) -> None:
        typescript(
            check=check,
            anew=anew,
            document=None,
            types=None,
            client=None,
            validators=None,
            scalars=scalars,
            as_json=as_json,
            project=project,
            app=name,
        )

    of_one = {
        "--document": document,
        "--types": types,
        "--client": client,
        "--validators": validators,
    }
    needs = ("types", "client")
    if not is_alone and in_apps(project, needs, of, app=app, as_json=as_json, of_one=of_one):
        return
    gc.disable()  # as above
    with refusals("" if check else nothing_written(app), project, as_json=as_json, app=app):
        from dataclasses import replace  # noqa: PLC0415 - start-up time

        from topicwire.codegen.config import (  # noqa: PLC0415 - start-up time
            TypeScriptConfig,
            bare_config,
            load_config,
        )
        from topicwire.codegen.reading import Reading  # noqa: PLC0415
        from topicwire.codegen.remembered import Remembered  # noqa: PLC0415
        from topicwire.codegen.remembered_clients import typescript_client  # noqa: PLC0415
        from topicwire.codegen.scalars import read_scalars  # noqa: PLC0415

        config = bare_config(project) if is_alone else load_config(project, missing, app)
        used = {
            name: (folder or getattr(config.typescript, name)).resolve()
            for name, folder in given.items()
        }
        folders = TypeScriptConfig(used["types"], used["client"])
        if config.typescript is not None:
            validators = validators or config.typescript.validators
            folders = replace(folders, scalars=config.typescript.scalars)
        if validators is not None:
            folders = replace(folders, validators=validators.resolve())
        if scalars is not None:
            folders = replace(folders, scalars=read_scalars(scalars))
        source = document or str(config.asyncapi)
        remembered = Remembered(config, typescript_client(source, folders), started_ns)
        same = remembered.holds() if check and not anew else None
        if same is not None:
            report_unchanged(config, "client", same, as_json=as_json, started=started)
            return
        reading = Reading()
        with reading.watched():
            made = _client(config, folders, source, document or config.shown(config.asyncapi))
        command = "topicwire client typescript"
        changes = _apply(
            config, made, check=check, as_json=as_json, command=command, started=started
        )
        remembered.note(reading, made.files, changes.extra)


def _client(config: AppConfig, folders: TypeScriptConfig, document: str, shown: str) -> _Made:
    from topicwire.codegen.clients import (  # noqa: PLC0415 - start-up time
        DocumentSource,
        modules_found,
        owned_typescript,
        typescript_files,
    )
    from topicwire.codegen.documents import read_our_document, text_of  # noqa: PLC0415

    content = read_our_document(document)
    source = DocumentSource(shown, text_of(document) if folders.scalars else None)
    files = typescript_files(config, folders, content, source)
    kind: Kind | None = "typescript" if config.keeps_cache else None
    return _Made(kind, files, owned_typescript(files) | modules_found(folders))


class _Made(NamedTuple):
    """What a command makes.

    Attributes:
        kind: as the manifest calls it; None where it does not go where the project has it.
        files: all of them.
        owned: those that were made before and are there, wanted still or not.
    """

    kind: Kind | None
    files: Mapping[Path, str]
    owned: Mapping[Path, str] = MappingProxyType({})


def _apply(
    config: AppConfig, made: _Made, *, check: bool, as_json: bool, command: str, started: float
) -> Changes:
    from topicwire.codegen.manifest import noted, other_maker  # noqa: PLC0415 - start-up time
    from topicwire.codegen.output import compare, locked, write  # noqa: PLC0415

    changes = compare(made.files, made.owned)
    if check:
        other = None if made.kind is None else other_maker(config, made.kind)
        stale = [*stale_files(changes), *([] if other is None else [(config.manifest, other)])]
        report_stale(config, stale, command, as_json=as_json)
    else:
        with locked(config):
            files = dict(made.files)
            if made.kind is not None:
                files[config.manifest] = noted(config, made.kind)
            changes = compare(files, made.owned)
            write(config, changes)
    report(config, changes, listed(made.files), check=check, as_json=as_json, started=started)
    return changes
