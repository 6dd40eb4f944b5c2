"""`topicwire client python`: an installable client from the document alone."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.apps import add_app, in_apps, nothing_written
from topicwire.cli.console import add_command, add_json, refusals, shown_here
from topicwire.cli.written import report, report_stale, report_unchanged, stale_files

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.codegen.config import AppConfig
    from topicwire.codegen.output import Changes


def add_python(languages: Commands) -> None:
    """Adds `topicwire client python`."""
    parser = add_command(languages, "python", python, "an installable package, typed")
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
    parser.add_argument(
        "--folder", type=Path, metavar="FOLDER", help="of the package, instead of the configured"
    )
    parser.add_argument(
        "--package", metavar="NAME", help="to import; after the document's title by default"
    )
    parser.add_argument(
        "--class", dest="client", metavar="NAME", help="of the client; after the title by default"
    )


def python(
    *,
    check: bool,
    anew: bool,
    document: str | None,
    folder: Path | None,
    package: str | None,
    client: str | None,
    as_json: bool,
    project: Path,
    app: str | None,
) -> None:
    """Write a Python client as a package of its own, from the document alone.

    The folder is `tool.topicwire.python` of pyproject.toml. Run `topicwire spec` first.
    With --document and --folder no application and no pyproject.toml is needed.
    With --check nothing is made where all that it is made from is as it was when it was right;
    with --anew it is made in any case.

    Example: `topicwire client python --document http://host/ws/asyncapi.json --folder trading`,
    then `pip install ./trading`.
    """
    started, started_ns = time.perf_counter(), time.time_ns()
    is_alone = document is not None and folder is not None

    def of(name: str) -> None:
        python(
            check=check,
            anew=anew,
            document=None,
            folder=None,
            package=None,
            client=None,
            as_json=as_json,
            project=project,
            app=name,
        )

    of_one = {
        "--document": document,
        "--folder": folder,
        "--package": package,
        "--class": client,
    }
    if not is_alone and in_apps(project, ("folder",), of, app=app, as_json=as_json, of_one=of_one):
        return
    gc.disable()  # much is made and kept, and then the process ends
    with refusals("" if check else nothing_written(app), project, as_json=as_json, app=app):
        from topicwire.codegen.config import bare_config, load_config  # noqa: PLC0415 - start-up time
        from topicwire.codegen.format import ruff_executable  # noqa: PLC0415
        from topicwire.codegen.reading import Reading  # noqa: PLC0415
        from topicwire.codegen.remembered import Remembered  # noqa: PLC0415
        from topicwire.codegen.remembered_clients import python_client  # noqa: PLC0415

        needs = () if folder is not None else ("folder",)
        config = bare_config(project) if is_alone else load_config(project, needs, app)
        configured = config.python
        if folder is None and configured is not None:
            folder = configured.folder
        root = (folder or Path()).resolve()
        names = (
            package or (configured.package if configured else None),
            client or (configured.client if configured else None),
        )
        source = document or str(config.asyncapi)
        formatter = ruff_executable()
        subject = python_client(source, root, names, formatter)
        remembered = Remembered(config, subject, started_ns)
        same = remembered.holds() if check and not anew else None
        if same is not None:
            report_unchanged(config, "client", same, as_json=as_json, started=started)
            return
        reading = Reading([formatter])
        with reading.watched():
            changes = _changes(config, source, root, names)
        if check:
            command = "topicwire client python"
            report_stale(config, stale_files(changes), command, as_json=as_json)
        else:
            from topicwire.codegen.output import locked, write  # noqa: PLC0415

            with locked(config):
                write(config, changes)
        report(config, changes, changes.files, check=check, as_json=as_json, started=started)
        remembered.note(reading, changes.files, changes.extra)


def _changes(
    config: AppConfig, document: str, root: Path, names: tuple[str | None, str | None]
) -> Changes:
    from topicwire.codegen.client_python.folder import owned_files  # noqa: PLC0415 - start-up time
    from topicwire.codegen.client_python.package import generate, naming  # noqa: PLC0415
    from topicwire.codegen.documents import read_our_document  # noqa: PLC0415
    from topicwire.codegen.output import compare  # noqa: PLC0415

    content = read_our_document(document)
    texts = generate(content, naming(content, *names))
    files = {root / path: text for path, text in texts.items()}
    return compare(files, owned_files(root, _shown(config, root), files))


def _shown(config: AppConfig, path: Path) -> str:
    # A generated client is often beside the project's folder, not below.
    return shown_here(config.root, Path(os.path.relpath(path, config.root)).as_posix())
