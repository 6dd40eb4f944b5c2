"""What a new route and its module may be called, and what is named after them."""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass

from topicwire.errors import DeclarationError
from topicwire.scaffold.errors import ScaffoldError
from topicwire.wire.names import check_route_name

_MODULE = re.compile(r"[a-z][a-z0-9_]*")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
_FIELD = re.compile(r"[a-z][A-Za-z0-9_]*")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]")

# A plural ending that these do not have.
_SINGULAR = frozenset({"news", "series", "species", "status", "gas", "bus", "lens"})

# Names of the generated file's own, and of what every module of routes imports.
_TAKEN_CLASSES = frozenset(
    {
        "Client",
        "OperationRouter",
        "Rejected",
        "SubscriptionResponse",
        "SubscriptionUpdate",
        "TopicBuilder",
        "TypeAlias",
        "WsRoute",
        "Ws",
    }
)


@dataclass(frozen=True, slots=True)
class RouteNames:
    """Everything that is called after a route, `trades` of the module `trading`.

    Attributes:
        route: `trades`, on the wire.
        module: `trading`, the folder in `modules/`.
        model: `Trade`, the class of an update.
    """

    route: str
    module: str
    model: str

    @property
    def request(self) -> str:
        """`TradeSubscriptionRequest`."""
        return f"{self.model}SubscriptionRequest"

    @property
    def router_class(self) -> str:
        """`TradeWsRouter`."""
        return f"{self.model}WsRouter"

    @property
    def service_class(self) -> str:
        """`TradeService`."""
        return f"{self.model}Service"

    @property
    def module_class(self) -> str:
        """`TradingModule`."""
        return f"{_camel(self.module)}Module"

    @property
    def router(self) -> str:
        """`trade_router`."""
        return f"{snake(self.model)}_router"

    @property
    def topic_builder(self) -> str:
        """`trades_topic_builder`."""
        return f"{self.file}_topic_builder"

    @property
    def file(self) -> str:
        """`trades`, of `trades.py`: the route in Python's spelling."""
        return snake(self.route)

    @property
    def words(self) -> str:
        """`order books`, in a sentence."""
        return self.file.replace("_", " ")

    def fields(self) -> dict[str, str]:
        """All of them, for machines."""
        return {
            "route": self.route,
            "module": self.module,
            "model": self.model,
            "request": self.request,
            "router_class": self.router_class,
            "router": self.router,
            "topic_builder": self.topic_builder,
            "service_class": self.service_class,
            "module_class": self.module_class,
        }


def route_names(route: str, module: str, model: str | None) -> RouteNames:
    """Return all names of a route; the model is the route's singular unless it is given.

    Raises:
        ScaffoldError: one of the three cannot be used: all that is wrong, in one message.
    """
    faults = []
    try:
        check_route_name(route)
    except DeclarationError as error:
        faults.append(f"--name: {error}")
    if not _MODULE.fullmatch(module) or keyword.iskeyword(module):
        faults.append(
            f"--module: {module!r} cannot be the name of a module: it becomes a folder that is "
            "imported, so it begins with a lower-case letter, goes on with lower-case letters, "
            "digits and underscores, and is no word of Python's. Example: --module trading"
        )
    if not faults and model is None:
        model = _camel(singular(route))
    if model is not None and (
        not _CLASS.fullmatch(model)
        or keyword.iskeyword(model)
        or model in _TAKEN_CLASSES
        or hasattr(builtins, model)
    ):
        faults.append(
            f"--model: {model!r} cannot be the name of a class here: it begins with a capital, "
            "goes on with letters and digits, and is none that Python or the routers use. "
            "Example: --model Trade"
        )
    if faults or model is None:
        raise ScaffoldError("\n".join(faults))
    return RouteNames(route, module, model)


def check_field_name(name: str) -> str:
    """Return what is wrong with a field's name, or "" where nothing is."""
    if not _FIELD.fullmatch(name):
        return (
            "it is to begin with a lower-case letter and go on with letters, digits and "
            "underscores: clients use it as an attribute."
        )
    if keyword.iskeyword(name) or name in {"None", "True", "False"}:
        return f"it is a word of Python's. Call it `{name}_`, or something else."
    return ""


def singular(name: str) -> str:
    """Return `trade` of `trades`; a name that is no plural as it is."""
    *_, last = _WORD.findall(name) or [name]
    head = name[: len(name) - len(last)]
    lower = last.lower()
    if lower in _SINGULAR or lower.endswith(("ss", "us", "is")) or not lower.endswith("s"):
        return name
    if lower.endswith("ies") and len(lower) > len("ties"):
        return f"{head}{last[:-3]}y"
    if lower.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return f"{head}{last[:-2]}"
    return f"{head}{last[:-1]}" if len(last) > 1 else name


def snake(name: str) -> str:
    """Return `order_book` of `orderBook` or `OrderBook`."""
    return "_".join(word.lower() for part in name.split("_") for word in _WORD.findall(part))


def _camel(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in snake(name).split("_") if word)
