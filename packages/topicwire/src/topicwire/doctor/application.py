"""Faults that the application shows when it is made: routes that are not served, documents."""

from __future__ import annotations

import ast
import inspect
import json
import os
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from topicwire.asyncapi.document import build, dumps
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.validate import validate
from topicwire.codegen.application import Application, load_application
from topicwire.codegen.client_python.folder import configured_files, owned_files
from topicwire.codegen.clients import (
    DocumentSource,
    modules_found,
    owned_typescript,
    typescript_files,
)
from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import GenerationError
from topicwire.codegen.generate import plan
from topicwire.codegen.output import Changes, compare
from topicwire.codegen.source import read_source
from topicwire.doctor.finding import Finding
from topicwire.errors import TopicwireError
from topicwire.routing.operations import SUBSCRIBE
from topicwire.routing.router import WsRouterInterface

_SPLITS = frozenset({"split", "rsplit", "partition", "rpartition", "removeprefix"})


def loaded(config: AppConfig) -> tuple[Application | None, list[Finding]]:
    """Make the application, or say why that cannot be done."""
    if not config.app:
        return None, [
            Finding(
                "application",
                config.shown(config.root / "pyproject.toml"),
                f"{config.table} names no `app`, so its routes and its document are not checked.",
                f'Say which: app = "{config.package}.main:app"',
            )
        ]
    try:
        return load_application(config), []
    except GenerationError as error:
        return None, [
            Finding(
                "application",
                f"{one.path}:{one.line}",
                f"the application cannot be made: {one.message}",
                one.cure.replace("\n", " ") or f"Correct this line: {one.excerpt.strip()}",
            )
            for one in error.problems
        ]
    except Exception as error:  # noqa: BLE001 - it is the application's code that is run
        what = f"{config.app} cannot be made: {type(error).__name__}: {error}"
        cure = "Correct it: `topicwire spec` shows all of the error."
        return None, [Finding("application", "", what, cure)]


def registered(config: AppConfig, application: Application) -> Iterator[Finding]:
    """Declared routers of which the application includes no instance."""
    try:
        declared = plan(config).declarations
    except TopicwireError:
        return  # `declarations` says why
    included = {
        (cls.__module__, cls.__name__)
        for router in application.adapter.routers
        for cls in type(router).__mro__
    }
    for one in declared:
        module = f"{one.module.rpartition('.')[0]}.{config.output}.{one.module_name}"
        if (module, one.name) not in included:
            yield Finding(
                "registered",
                f"{one.shown}:{one.line}",
                f"no {one.name} is included in the application, so its messages are answered with "
                '"No matching type".',
                "Return one from get_ws_routers() of the module's class, and let the application "
                "include what that returns: ws.include_router(router).",
            )


def fresh_documents(config: AppConfig, application: Application) -> Iterator[Finding]:
    """A document, or a client, that is not what the application gives now."""
    try:
        content = build(application.adapter)
        validate(content)
    except DocumentError as error:
        yield Finding("fresh documents", "", str(error), "Correct the type that it names.")
        return
    text = dumps(content)
    yield from _stale(config, compare({config.asyncapi: text}, {}), "topicwire spec")
    try:
        yield from _stale_clients(config, text)
    except GenerationError as error:
        for problem in error.problems:
            where = f"{problem.path}:{problem.line}" if problem.line else problem.path
            yield Finding("fresh documents", where, problem.message, problem.cure)
    except TopicwireError as error:
        yield Finding("fresh documents", "", str(error), "See the message.")


def _stale_clients(config: AppConfig, text: str) -> Iterator[Finding]:
    document = json.loads(text)
    if config.typescript is not None:
        source = DocumentSource(config.shown(config.asyncapi), text)
        files = typescript_files(config, config.typescript, document, source)
        owned = owned_typescript(files) | modules_found(config.typescript)
        yield from _stale(config, compare(files, owned), "topicwire client typescript")
    if config.python is not None:
        folder = config.python.folder
        files = configured_files(config.python, document)
        shown = Path(os.path.relpath(folder, config.root)).as_posix()
        owned = owned_files(folder, shown, files)
        yield from _stale(config, compare(files, owned), "topicwire client python")


def _stale(config: AppConfig, changes: Changes, command: str) -> Iterator[Finding]:
    for paths, what in (
        (changes.missing, "missing: nothing has written it yet."),
        (changes.changed, "stale: the application's routes or models have changed since."),
        (changes.extra, "extra: nothing makes it any longer."),
    ):
        for path in paths:
            shown = Path(os.path.relpath(path, config.root)).as_posix()
            yield Finding("fresh documents", shown, what, f"Run: {command}")


def topics(config: AppConfig, application: Application) -> Iterator[Finding]:
    """Topics that are written or read by hand where a route has the default ones.

    Those are the route, a colon and the request as JSON: `publish("trades:AAPL", …)` reaches
    nobody, and a service that splits them at colons does not get a symbol.
    """
    routers = {
        router.route: router
        for router in application.adapter.routers
        if getattr(getattr(router, "topic_builder", None), "is_default", False)
    }
    for path in sorted(config.package_dir.rglob("*.py")):
        if f"/{config.output}/" not in path.as_posix():
            yield from _published(config, path, routers)
    seen = set()
    for router in routers.values():
        service = type(router.service)
        if router.service is not None and service not in seen:
            seen.add(service)
            yield from _read_by_hand(config, service, router)


def _published(
    config: AppConfig, path: Path, routers: Mapping[str, WsRouterInterface]
) -> Iterator[Finding]:
    try:
        file = read_source(path, config.shown(path))
    except GenerationError:
        return  # `declarations` says why
    for node in ast.walk(file.tree):
        if not isinstance(node, ast.Call) or not node.args or _method(node) != "publish":
            continue
        text = _begins(node.args[0])
        route, colon, key = text.partition(":")
        if colon and route in routers and not key.startswith('{"'):
            yield Finding(
                "topics",
                f"{file.shown}:{node.lineno}",
                f"publishes to {ast.unparse(node.args[0])}, and a subscriber of {route!r} has a "
                f"topic such as {_example(routers[route])!r}: nobody receives it.",
                "Publish to the topic that create_topic was given, or to "
                "router.topic_builder(request); or give the router a topic_builder= that makes "
                "such topics.",
            )


def _read_by_hand(config: AppConfig, service: type, router: WsRouterInterface) -> Iterator[Finding]:
    method = getattr(service, "create_topic", None)
    try:
        path = Path(inspect.getsourcefile(method) or "")  # type: ignore[arg-type]  # refused below
        lines, first = inspect.getsourcelines(method)  # type: ignore[arg-type]
    except (OSError, TypeError):
        return
    text = textwrap.dedent("".join(lines))
    if "json" in text or "topic_request" in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _method(node) in _SPLITS:
            split = node.func.value if isinstance(node.func, ast.Attribute) else node.func
            if isinstance(split, ast.Name) and "topic" in split.id:
                yield Finding(
                    "topics",
                    f"{config.shown(path)}:{first + node.lineno - 1}",
                    f"takes the topic apart with {ast.unparse(node)}, and a topic of "
                    f"{router.route!r} is such as {_example(router)!r}.",
                    "Read it with topic_request(topic), from topicwire; or give the router a "
                    "topic_builder= that makes the topics that you expect.",
                )


def _method(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _begins(node: ast.expr) -> str:
    """Return what a string begins with: an f-string up to its first value."""
    if isinstance(node, ast.JoinedStr):
        first = node.values[0] if node.values else None
        return f"{_begins(first)} " if isinstance(first, ast.Constant) else ""
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _example(router: WsRouterInterface) -> str:
    fields = getattr(router.operations[SUBSCRIBE].payload_type, "model_fields", {})
    inner = ",".join(f'"{name}":…' for name in sorted(fields))
    return f"{router.route}:{{{inner}}}"
