"""`topicwire client python`: an installable client from the document alone."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from topicwire.cli.apps import add_app, in_apps, nothing_written
from topicwire.cli.console import add_command, add_json, refusals, shown_here
from topicwire.cli.written import report, report_stale, stale_files

if TYPE_CHECKING:
    from topicwire.cli.console import Commands
    from topicwire.codegen.config import AppConfig


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

    Example: `topicwire client python --document http://host/ws/asyncapi.json --folder trading`,
    then `pip install ./trading`.
    """
    started = time.perf_counter()
    is_alone = document is not None and folder is not None

    def of(name: str) -> None:
        python(
            check=check,
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
    with refusals("" if check else nothing_written(app), project, as_json=as_json, app=app):
        from topicwire.codegen.client_python.folder import owned_files  # noqa: PLC0415 - start-up time
        from topicwire.codegen.client_python.package import generate, naming  # noqa: PLC0415
        from topicwire.codegen.config import bare_config, load_config  # noqa: PLC0415
        from topicwire.codegen.documents import read_our_document  # noqa: PLC0415
        from topicwire.codegen.output import compare, locked, write  # noqa: PLC0415

        needs = () if folder is not None else ("folder",)
        config = bare_config(project) if is_alone else load_config(project, needs, app)
        configured = config.python
        if folder is None and configured is not None:
            folder = configured.folder
        root = (folder or Path()).resolve()
        content = read_our_document(document or str(config.asyncapi))
        names = naming(
            content,
            package or (configured.package if configured else None),
            client or (configured.client if configured else None),
        )
        files = {root / path: text for path, text in generate(content, names).items()}
        changes = compare(files, owned_files(root, _shown(config, root), files))
        if check:
            command = "topicwire client python"
            report_stale(config, stale_files(changes), command, as_json=as_json)
        else:
            with locked(config):
                write(config, changes)
        report(config, changes, files, check=check, as_json=as_json, started=started)


def _shown(config: AppConfig, path: Path) -> str:
    # A generated client is often beside the project's folder, not below.
    return shown_here(config.root, Path(os.path.relpath(path, config.root)).as_posix())
