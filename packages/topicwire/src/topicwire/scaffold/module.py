"""Steps 3 and 5: a module's `ws.py`, its class, and what makes the updates of a route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from topicwire.codegen.source import SourceFile
from topicwire.scaffold.fields import Field
from topicwire.scaffold.models import import_lines
from topicwire.scaffold.names import RouteNames
from topicwire.scaffold.samples import Samples, first
from topicwire.scaffold.syntax import (
    add_guarded,
    add_lines_after_imports,
    add_to_returned,
    add_to_sequence,
    binds,
    insert_before,
    reparsed,
)

ROUTERS = "ws_routers"
METHOD = "get_ws_routers"


@dataclass(frozen=True, slots=True)
class Imports:
    """Where the code of a module imports things from.

    Attributes:
        models: the package that exports the two models.
        template: the module of the generic router class.
        router: the class's name.
        interface: has `WsRouterInterface` and `WsRouteService`.
        module: the package of the module itself, `shop.modules.trading`.
        declaring: the name of the declaring file, `ws`.
        generated: the folder of generated routers, `ws_generated`.
    """

    models: str
    template: str
    router: str
    interface: str
    module: str
    declaring: str
    generated: str


def new_declarations(names: RouteNames, where: Imports) -> str:
    """Return a `ws.py` with one route."""
    imports = {
        "TYPE_CHECKING": "typing",
        "TypeAlias": "typing",
        names.model: where.models,
        names.request: where.models,
        where.router: where.template,
        "WsRouterInterface": where.interface,
    }
    return "\n".join(
        [
            f'"""Routes of the module {names.module}."""',
            "",
            *import_lines(imports),
            "",
            "if TYPE_CHECKING:",
            f"    {_alias(names, where)}",
            "else:",
            f"    from .{where.generated} import {names.router_class}",
            "",
            *_instances(names),
            "",
            f"{ROUTERS}: list[WsRouterInterface] = [{names.router}]",
            "",
        ]
    )


def more_declarations(file: SourceFile, names: RouteNames, where: Imports) -> tuple[str, list[str]]:
    """Return a `ws.py` with one route more, and what is left for a person to add."""
    needed = {
        "TYPE_CHECKING": "typing",
        "TypeAlias": "typing",
        names.model: where.models,
        names.request: where.models,
        where.router: where.template,
    }
    lines = import_lines({name: of for name, of in needed.items() if not binds(file, name)})
    if lines:
        file = reparsed(file, add_lines_after_imports(file, lines))
    guarded = add_guarded(file, _alias(names, where), names.router_class, where.generated)
    file = reparsed(file, guarded)
    placed = insert_before(file, ROUTERS, _instances(names))
    if placed is None:
        separator = "" if file.text.endswith("\n\n") else "\n"
        file = reparsed(file, file.text + separator + "\n".join(_instances(names)) + "\n")
        return file.text, []
    file = reparsed(file, placed)
    listed = add_to_sequence(file, ROUTERS, [names.router])
    if listed is None:
        return file.text, [f"{file.shown}: add `{names.router}` to {ROUTERS}"]
    return listed, []


def new_module(names: RouteNames, where: Imports, *, with_service: bool) -> str:
    """Return a module's `__init__.py`, with the class that has its routes."""
    imports = {
        names.router_class: f"{where.module}.{where.declaring}",
        "WsRouterInterface": where.interface,
    }
    if with_service:
        imports[names.service_class] = f"{where.module}.service"
    return "\n".join(
        [
            f'"""The module {names.module}."""',
            "",
            *import_lines(imports),
            "",
            "",
            f"class {names.module_class}:",
            f'    """The routes of {names.module}, each with what makes its updates."""',
            "",
            f"    def {METHOD}(self) -> list[WsRouterInterface]:",
            '        """Return the WebSocket routers, made for one app."""',
            f"        return [{_call(names, with_service=with_service)}]",
            "",
        ]
    )


def more_module(
    file: SourceFile, names: RouteNames, where: Imports, service: str | None
) -> tuple[str, list[str]]:
    """Return a module's `__init__.py` with one route more, and what is left to a person.

    Args:
        file: as it is.
        names: of the route.
        where: things are imported from.
        service: the module that defines the route's service, if it has one.
    """
    call = _call(names, with_service=service is not None)
    text = add_to_returned(file, METHOD, call, aliases=[ROUTERS])
    if text is None:
        return file.text, [
            f"{file.shown}: let {METHOD}() return one router more:",
            f"    {call},",
            *(f"    {line}" for line in _module_imports(names, where, service)),
        ]
    if text == file.text:
        return text, []
    file = reparsed(file, text)
    lines = [
        line
        for line in _module_imports(names, where, service)
        if not binds(file, line.rpartition(" ")[2])
    ]
    return add_lines_after_imports(file, lines), []


def service_module(
    names: RouteNames, where: Imports, made: Samples, request: Sequence[Field]
) -> str:
    """Return the file of a service that sends sample values, once a second."""
    asks = made.each is not None or made.echoes
    imports = {
        **made.imports,
        "Callable": "collections.abc",
        names.model: where.models,
        "WsRouteService": where.interface,
    }
    if asks:
        imports[names.request] = where.models
        imports["topic_request"] = "topicwire"
    given, passed = ("topic: str, ", "topic, ") if asks else ("", "")
    counted = "count()"
    variable = "number"
    if made.each is not None:
        plural, one = made.each
        field = next(field for field in request if field.name == plural)
        counted = f"enumerate(cycle(request.{plural} or {first(field)}))"
        variable = f"number, {one}"
        imports["cycle"] = "itertools"
    else:
        imports["count"] = "itertools"
    if not any("number" in argument for argument in made.arguments):
        variable = f"_{variable}"
    read = [
        f"        request = {names.request}.model_validate(topic_request(topic))",
    ]
    return "\n".join(
        [
            f'"""Where {names.words} come from."""',
            "",
            "import asyncio",
            *import_lines(imports),
            "",
            "",
            f"class {names.service_class}(WsRouteService):",
            '    """Makes the updates of a topic while it has a subscriber.',
            "",
            "    The values are samples: let your own source take the place of the loop's body.",
            '    """',
            "",
            "    async def create_topic(",
            f"        self, topic: str, topic_update: Callable[[{names.model}], None]",
            "    ) -> asyncio.Task[None]:",
            '        """Start a topic: the task is watched, and cancelled when the topic ends."""',
            *([] if asks else ["        del topic  # every topic is fed alike"]),
            f"        return asyncio.create_task(self._feed({passed}topic_update))",
            "",
            "    async def _feed(",
            f"        self, {given}topic_update: Callable[[{names.model}], None]",
            "    ) -> None:",
            *(read if asks else []),
            f"        for {variable} in {counted}:",
            f"            topic_update({names.model}({', '.join(made.arguments)}))",
            "            await asyncio.sleep(1)",
            "",
        ]
    )


def _module_imports(names: RouteNames, where: Imports, service: str | None) -> list[str]:
    lines = [f"from {where.module}.{where.declaring} import {names.router_class}"]
    if service is not None:
        lines.append(f"from {service} import {names.service_class}")
    return lines


def _alias(names: RouteNames, where: Imports) -> str:
    return f"{names.router_class}: TypeAlias = {where.router}[{names.request}, {names.model}]"


def _instances(names: RouteNames) -> list[str]:
    return [
        f'{names.router} = {names.router_class}(route="{names.route}", tags=["{names.module}"])',
        f"{names.topic_builder} = {names.router}.topic_builder",
    ]


def _call(names: RouteNames, *, with_service: bool) -> str:
    service = f", service={names.service_class}()" if with_service else ""
    return f'{names.router_class}(route="{names.route}", tags=["{names.module}"]{service})'
