"""The module of routes: a class for each, its operations as methods, and the client itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from topicwire.asyncapi.contract import Contract, OperationContract, RouteContract
from topicwire.asyncapi.shapes import NEVER, ObjectOf, Shape
from topicwire.codegen.client_python.annotations import Annotator
from topicwire.codegen.client_python.models import SOURCES
from topicwire.codegen.client_python.names import (
    free,
    operation_names,
    pascal,
    route_names,
)
from topicwire.codegen.client_python.source import (
    described,
    docstring,
    import_blocks,
    one_line,
)
from topicwire.codegen.client_python.types import Place, Types

_RAISES: Final = """Raises:
    RefusedError: the server refuses; `code` says why.
    ClientError: there was no answer: see `topicwire.client`."""


@dataclass(slots=True)
class _Module:
    """What the text of the module needs."""

    annotator: Annotator
    imported: set[tuple[str, str]]
    adapters: dict[str, str]
    """For types that are no class: what validates them, by the annotation."""

    taken: set[str]

    def value(self, shape: Shape, place: Place) -> tuple[str, str]:
        """Return the annotation of a type, and the expression that stands for it at run time."""
        text = self.annotator.text(shape, place)
        if self.annotator.types.names_class(shape):
            return text, text
        if text not in self.adapters:
            name = free(f"_{snake_upper(place.name)}", self.adapters.values())
            self.adapters[text] = name
            self.imported |= {("pydantic", "TypeAdapter"), ("topicwire.client.generated", "STRICT")}
        return text, self.adapters[text]


def snake_upper(name: str) -> str:
    """Return a class name as a constant's: `OrdersPreview` is `ORDERS_PREVIEW`."""
    return "".join(f"_{c}" if c.isupper() else c for c in name).strip("_").upper()


def routes(contract: Contract, types: Types, client: str) -> str:
    """Return the text of the module, below its header and docstring.

    Args:
        contract: what the document promises.
        types: of the module of models.
        client: the name of the client's class.
    """
    module = _Module(
        Annotator(types.elsewhere()),
        {
            ("typing_extensions", "Unpack"),
            ("topicwire.client", "Client"),
            ("topicwire.client", "ClientOptions"),
        },
        {},
        {client},
    )
    names = route_names(route.name for route in contract.routes)
    classes: dict[str, str] = {}
    body = ""
    for route in contract.routes:
        classes[route.name] = free(f"{pascal(route.name)}Route", module.taken)
        module.taken.add(classes[route.name])
        body += _route(module, route, classes[route.name])
    body += _client(contract, names, classes, client)
    used = {SOURCES[name] for name in module.annotator.types.used if name in SOURCES}
    if "models." in body or any("models." in one for one in module.adapters):
        module.imported.add((".", "models"))
    adapters = "".join(
        f"{name}: TypeAdapter[{text}] = TypeAdapter({text}, config=STRICT)\n"
        for text, name in module.adapters.items()
    )
    return f"{import_blocks(module.imported | used)}\n{adapters}\n\n{body}"


def _route(module: _Module, route: RouteContract, name: str) -> str:
    is_subscribed = route.request != NEVER
    types = module.annotator.types
    request, request_value = ("Payload", "Payload")
    data, data_value = ("Payload", "Payload")
    if is_subscribed:
        place = Place(pascal(route.name) + "Request", is_sent=True)
        request, request_value = module.value(route.request, place)
        place = Place(pascal(route.name) + "Data", is_sent=False)
        data, data_value = module.value(route.data, place)
    else:
        module.imported.add(("topicwire.client.generated", "Payload"))
    asked = types.resolved(route.request)
    fields = ""
    text = ""
    if types.names_class(route.request):
        fields = free(f"{name.removesuffix('Route')}Fields", module.taken)
        module.taken.add(fields)
        text += _fields(module, fields, asked, request)
    base = "RouteOf" if is_subscribed else "OperationsOf"
    module.imported.add(("topicwire.client.generated", base))
    head = f"{base}[{request}, {data}]" if is_subscribed else base
    told = described(route.docs, *route.promises)
    text += f"class {name}({head}):\n{docstring(told or f'The route `{route.name}`.', '    ')}\n"
    arguments = f", {request_value}, {data_value}" if is_subscribed else ""
    text += (
        "    def __init__(self, client: Client) -> None:\n"
        f"        super().__init__(client, {route.name!r}{arguments})\n\n"
    )
    if fields:
        module.imported.add(("topicwire.client", "UpdateStream"))
        text += _deprecation(module, route.docs.deprecated, f"The route `{route.name}`")
        text += (
            f"    def __call__(self, **fields: Unpack[{fields}]) -> UpdateStream[{data}]:\n"
            '        """Return the updates as a loop; `stream` and `subscribe` take options."""\n'
            f"        return self.stream({request}(**fields))\n\n"
        )
    methods = operation_names(one.name for one in route.operations)
    for one in route.operations:
        text += _operation(module, route, one, methods[one.name])
    return f"{text}\n"


def _fields(module: _Module, name: str, asked: Shape, request: str) -> str:
    own = request.removeprefix("models.")
    fields = asked.fields if isinstance(asked, ObjectOf) else ()
    names = module.annotator.types.attributes[own]
    module.imported.add(("typing_extensions", "TypedDict"))
    text = f"class {name}(TypedDict):\n"
    text += docstring(f"What `{request}` is made of.", "    ") + "\n"
    for one in fields:
        place = Place(own, is_sent=True).inside(one.name)
        value = module.annotator.annotation(one.shape, place).text
        if not one.required:
            module.imported.add(("typing_extensions", "NotRequired"))
            value = f"NotRequired[{value}]"
        text += f"    {names[one.name]}: {value}\n{docstring(one.docs.text, '    ')}"
    return f"{text}\n\n"


def _operation(module: _Module, route: RouteContract, one: OperationContract, name: str) -> str:
    place = pascal(route.name) + pascal(one.name)
    parameters, payload = "", ""
    if one.request is not None:
        request, _ = module.value(one.request, Place(f"{place}Request", is_sent=True))
        parameters, payload = f" payload: {request},", ", payload"
    reply, reply_value = "None", "NOTHING"
    if one.reply is not None:
        reply, reply_value = module.value(one.reply, Place(f"{place}Reply", is_sent=False))
    else:
        module.imported.add(("topicwire.client.generated", "NOTHING"))
    told = described(one.docs) or f"Ask `{route.name}.{one.name}`."
    asking = f"self.ask({one.name!r}, {reply_value}{payload}, timeout_s=timeout_s)"
    return (
        _deprecation(module, one.docs.deprecated, f"`{route.name}.{one.name}`")
        + f"    async def {name}(self,{parameters} *, timeout_s: float | None = None) -> {reply}:\n"
        + docstring(f"{told}\n\n{_RAISES}", "        ")
        + f"        {'return ' if one.reply is not None else ''}await {asking}\n\n"
    )


def _deprecation(module: _Module, is_deprecated: bool, what: str) -> str:  # noqa: FBT001 - as read
    if not is_deprecated:
        return ""
    module.imported.add(("typing_extensions", "deprecated"))
    return f"    @deprecated({f'{what} is deprecated.'!r})\n"


def _client(
    contract: Contract, names: Mapping[str, str], classes: Mapping[str, str], client: str
) -> str:
    first = next(iter(_examples(contract, names)), "")
    example = (
        f'\n\n    async with {client}("wss://…", token=token) as ws:\n{first}' if first else ""
    )
    told = (
        f"{one_line(contract.title)} {contract.version}, over one connection that heals itself."
        f"{example}\n\nArgs:\n    url: of the server's WebSocket: `wss://host/path`.\n"
        "    options: `topicwire.client.ClientOptions`: `token`, `timeout_s`, …"
    )
    text = f"class {client}(Client):\n{docstring(told, '    ')}\n"
    text += "    def __init__(self, url: str, **options: Unpack[ClientOptions]) -> None:\n"
    text += "        super().__init__(url, **options)\n"
    for route in contract.routes:
        text += f"        self.{names[route.name]} = {classes[route.name]}(self)\n"
    return text


def _examples(contract: Contract, names: Mapping[str, str]) -> Iterator[str]:
    for route in contract.routes:
        if route.request != NEVER:
            yield f"        async for update in ws.{names[route.name]}(...):\n            ..."
