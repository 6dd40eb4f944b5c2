"""One generation, all in memory: for a process that is thrown away afterwards."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from topicwire.codegen.application import load_application
from topicwire.codegen.client_python.folder import configured_files
from topicwire.codegen.clients import DocumentSource, typescript_files
from topicwire.codegen.config import AppConfig, load_config
from topicwire.codegen.errors import GenerationError, Problem
from topicwire.codegen.faults import problem_in_application
from topicwire.codegen.generate import plan
from topicwire.codegen.manifest import maker, manifest_text, recorded
from topicwire.codegen.staged import Compile, StagedImports
from topicwire.codegen.unserved import routers_on_disk, unserved
from topicwire.codegen.watch.stages import Stage
from topicwire.errors import TopicwireError


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be made.

    Attributes:
        project: a folder of the application.
        sources: the folder whose Python is compiled beforehand.
        stages: what is due.
        openapi: where the OpenAPI document goes; None: it is not asked for.
        document: the digest of the document that the clients on disk are of.
        app: which of several applications.
    """

    project: Path
    sources: Path
    stages: Collection[Stage]
    openapi: Path | None = None
    document: str = ""
    app: str | None = None

    def to_json(self) -> str:
        """On one line."""
        values = asdict(self) | {"stages": sorted(self.stages)}
        return json.dumps(values, default=str)

    @classmethod
    def from_json(cls, text: str | bytes) -> Request:
        """What `to_json` made."""
        values: dict[str, Any] = json.loads(text)
        openapi = values["openapi"]
        return cls(
            Path(values["project"]),
            Path(values["sources"]),
            values["stages"],
            Path(openapi) if openapi else None,
            values["document"],
            values["app"],
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What was made, or why nothing was.

    Attributes:
        problems: empty where all went well.
        files: what is to be on disk, by path.
        routers: how many are declared; None where they were not due.
        read: the sources that decided the routers; None where they were not due.
        document: the digest of the document's text; "" where there is none.
        notes: what is worth knowing, and keeps nothing from being made.
    """

    problems: Sequence[Problem] = ()
    files: dict[str, str] = field(default_factory=dict)
    routers: int | None = None
    read: Sequence[str] | None = None
    document: str = ""
    notes: Sequence[str] = ()

    def to_json(self) -> str:
        """On one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Result:
        """What `to_json` made, read."""
        problems = [Problem(**one) for one in values["problems"]]
        return cls(**{**values, "problems": problems})


def build(request: Request, compiled: Compile) -> Result:
    """Make what is due. Nothing is written, and nothing that goes wrong is raised."""
    config: AppConfig | None = None
    try:
        config = load_config(request.project, app=request.app)
        return _built(request, config, compiled)
    except GenerationError as error:
        return Result(problems=error.problems)
    except TopicwireError as error:
        return Result(problems=[_nowhere(str(error))])
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever the application raises is the finding
        found = problem_in_application(config, error) if config else None
        return Result(problems=[found or _nowhere("".join(traceback.format_exception(error)))])


def _built(request: Request, config: AppConfig, compiled: Compile) -> Result:
    files: dict[Path, str] = {}
    result = Result(document=request.document)
    if "routers" in request.stages:
        planned = plan(config)
        files.update(planned.changes.files)
        read = [str(path) for path in planned.read]
        result = replace(result, routers=len(planned.declarations), read=read)
    if config.app and "document" in request.stages:
        staged = files if "routers" in request.stages else None
        StagedImports(config.src, staged, compiled).install()
        application = load_application(config)
        text = application.asyncapi()
        files[config.asyncapi] = text
        if request.openapi is not None:
            files[request.openapi] = application.openapi()
        result = replace(result, document=hashlib.sha256(text.encode()).hexdigest())
        if "clients" in request.stages or result.document != request.document:
            files.update(_clients(config, text))
        files[config.manifest] = _manifest(config, files)
        routers = files if staged is not None else routers_on_disk(config)
        result = replace(result, notes=unserved(config, application.adapter, routers))
    return replace(result, files={str(path): text for path, text in files.items()})


def _clients(config: AppConfig, document: str) -> dict[Path, str]:
    files: dict[Path, str] = {}
    if config.typescript is not None:
        source = DocumentSource(config.shown(config.asyncapi), document)
        parsed = json.loads(document)
        files.update(typescript_files(config, config.typescript, parsed, source))
    if config.python is not None:
        files.update(configured_files(config.python, json.loads(document)))
    return files


def _manifest(config: AppConfig, files: Mapping[Path, str]) -> str:
    """Return it as the commands leave it, whose work this is."""
    routers = files.get(config.manifest)
    content = recorded(config) if routers is None else dict(json.loads(routers))
    content["document"] = maker()
    if config.typescript is not None:
        content["typescript"] = maker()
    return manifest_text(content)


def _nowhere(message: str) -> Problem:
    return Problem("", 0, 0, 0, message.rstrip())


def compiling(codes: dict[tuple[str, bytes], Any]) -> Callable[[bytes, str], Any]:
    """Return what compiles a file's content, or finds it compiled in `codes`."""

    def compiled(content: bytes, path: str) -> Any:
        known = codes.get((path, hashlib.sha256(content).digest()))
        return compile(content, path, "exec", dont_inherit=True) if known is None else known

    return compiled
