"""From a request to its topics.

A builder takes the request and returns one topic or a list. Three kinds are made here: the default
(one topic a request, by canonical JSON), `by_symbol` (one topic a symbol), and the adapter for
`(symbol, params)` functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar, cast, overload

from pydantic import SecretBytes, SecretStr, TypeAdapter

from topicwire.errors import DeclarationError, TopicKeyError
from topicwire.types import Topics
from topicwire.wire.requests import canonical_request, request_json
from topicwire.wire.topics import check_topic, topic_key

_TRequest = TypeVar("_TRequest")
_TRequest_contra = TypeVar("_TRequest_contra", contravariant=True)

SymbolTopicBuilder: TypeAlias = Callable[[str, dict[str, Any]], str]
"""`(symbol, params)` to a topic. `params` is the request without its symbol."""

_SECRETS = (SecretStr, SecretBytes)


def check_request_type(request_type: Any, where: str) -> None:
    """Accept a type whose values have JSON of their own: what identifies a subscription.

    Raises:
        DeclarationError: two different requests would have the same JSON, since a field is
            hidden.
    """
    schema = TypeAdapter(request_type).core_schema
    if fault := _ambiguity(schema, ""):
        raise DeclarationError(f"{where}: {fault}")


def _ambiguity(schema: Any, path: str) -> str:
    """Return what is wrong with the first field that makes JSON ambiguous; "" when none does."""
    if isinstance(schema, (list, tuple)):
        return next((found for one in schema if (found := _ambiguity(one, path))), "")
    if not isinstance(schema, Mapping):
        return ""
    known = schema.get("cls")
    if isinstance(known, type) and issubclass(known, _SECRETS):
        return (
            f"the field {path!r} is a secret, whose JSON is asterisks, so requests that differ in "
            "it alone would share one subscription and its updates. Authenticate when the client "
            "connects, or with an operation of its own, and leave the secret out of the request."
        )
    inner = (
        _ambiguity(one, _step(path, schema, key))
        for key, one in schema.items()
        if key not in {"metadata", "serialization", "default"}
    )
    return next((found for found in inner if found), "")


def _step(path: str, schema: Mapping[str, Any], key: str) -> str:
    field = schema.get(key)
    if not isinstance(field, Mapping) or not str(field.get("type", "")).endswith("-field"):
        return path
    return f"{path}.{key}" if path else key


class by_symbol:  # noqa: N801 - reads as a function where it is used: topic_builder=by_symbol(...)
    """One topic for each symbol of a request, each with its own producer and count.

    The key is the request with the field of symbols replaced by one symbol:
    `{"symbols": ["AAPL", "IBM"], "depth": 5}` on route `books` makes
    `books:{"depth":5,"symbol":"AAPL"}` and `books:{"depth":5,"symbol":"IBM"}`.

    Args:
        field: the request's field that lists the symbols, by its name on the wire.
        symbol: the name that one symbol has in the key.
    """

    def __init__(self, field: str = "symbols", *, symbol: str = "symbol") -> None:
        self.field = field
        self.symbol = symbol

    def topics(self, route: str, request: object) -> list[str]:
        """Return a topic for each symbol, in the request's order, without doubles."""
        values = request_json(request)
        if not isinstance(values, dict) or not isinstance(values.get(self.field), list):
            raise DeclarationError(
                f"by_symbol({self.field!r}) on route {route!r}: {type(request).__name__} has no "
                f"list {self.field!r}. Name the field that lists the symbols."
            )
        shared = {name: value for name, value in values.items() if name != self.field}
        return [topic_key(route, {**shared, self.symbol: one}) for one in values[self.field]]


class topic_builder_from:  # noqa: N801 - reads as a function where it is used
    """Turn a `(symbol, params)` function into a topic builder that takes both call forms.

    Given a request, `symbol` is its field `symbol`; where it has `symbols` instead, the function is
    called for each of them. `params` is the request's own dictionary `params`, where it has one,
    otherwise all its other fields.
    """

    def __init__(self, build: SymbolTopicBuilder) -> None:
        self.build = build

    def topics(self, request: object) -> Topics:
        """Return what the function makes of the request's symbol, or of each of its symbols."""
        values = request_json(request)
        fields = dict(values) if isinstance(values, dict) else {}
        many = "symbol" not in fields
        symbols = fields.pop("symbols", None) if many else [fields.pop("symbol")]
        if not isinstance(symbols, list):
            raise DeclarationError(
                f"{_name(self.build)} takes (symbol, params), but {type(request).__name__} has "
                "neither `symbol` nor a list `symbols`. Pass a builder that takes the request."
            )
        params = fields.get("params")
        given = params if isinstance(params, dict) else fields
        topics = [self.build(symbol, dict(given)) for symbol in symbols]
        return topics if many else topics[0]


AnyTopicBuilder: TypeAlias = (
    Callable[[_TRequest], Topics] | SymbolTopicBuilder | by_symbol | topic_builder_from
)
"""What `topic_builder=` accepts."""


class TopicBuilder(Generic[_TRequest_contra]):
    """A route's topic builder, whatever it was made of: call it with a request.

    Args:
        route: the route's name: the default key begins with it.
        build: what was passed as `topic_builder=`; None for the default, one topic a request.
    """

    def __init__(self, route: str, build: AnyTopicBuilder[Any] | None = None) -> None:
        self._route = route
        self._build = _adapted(build)

    @property
    def is_default(self) -> bool:
        """Whether each request is one topic, its key the request's JSON."""
        return self._build is None

    @overload
    def __call__(self, request: _TRequest_contra, /) -> Topics: ...
    @overload
    def __call__(self, symbol: str, params: Mapping[str, Any], /) -> Topics: ...
    def __call__(self, *args: Any) -> Topics:
        """Return the topic of a request, or the topics: what `publish` takes.

        `(symbol, params)` is understood where the builder was made of such a function.

        Raises:
            TypeError: other arguments.
            TopicKeyError, TopicTooLongError: the request names no topic.
        """
        build = self._build
        if len(args) == 2 and isinstance(build, topic_builder_from):  # noqa: PLR2004 - (symbol, params)
            symbol, params = args
            return check_topic(build.build(symbol, dict(params)))
        if len(args) != 1:
            raise TypeError(
                f"the topic builder of route {self._route!r} takes one argument, the request, and "
                f"got {len(args)}. Only a builder made of a (symbol, params) function takes two."
            )
        topics = self.topics(args[0])
        return topics[0] if len(topics) == 1 else list(topics)

    def topics(self, request: _TRequest_contra) -> tuple[str, ...]:
        """Return every topic of a request: at least one, each once, in the builder's order.

        Raises:
            TopicKeyError, TopicTooLongError: the request names no topic.
            TypeError: the builder returned something else than a topic or a list of topics.
        """
        build = self._build
        if build is None:
            return (check_topic(f"{self._route}:{canonical_request(request)}"),)
        built = self._built(build, request)
        topics = [built] if isinstance(built, str) else built
        if not isinstance(topics, Sequence) or not all(isinstance(one, str) for one in topics):
            raise TypeError(
                f"the topic builder of route {self._route!r} returned {type(built).__name__}; "
                "it must return a topic (str) or a list of topics."
            )
        if not topics:
            raise TopicKeyError("it lists no symbol")
        return tuple(dict.fromkeys(check_topic(topic) for topic in topics))

    def _built(
        self,
        build: Callable[[Any], Topics] | by_symbol | topic_builder_from,
        request: _TRequest_contra,
    ) -> object:
        if isinstance(build, by_symbol):
            return build.topics(self._route, request)
        if isinstance(build, topic_builder_from):
            return build.topics(request)
        return build(request)


def _adapted(
    build: AnyTopicBuilder[Any] | None,
) -> Callable[[Any], Topics] | by_symbol | topic_builder_from | None:
    if isinstance(build, TopicBuilder):
        return cast("Callable[[Any], Topics]", build)
    if build is None or isinstance(build, (by_symbol, topic_builder_from)):
        return build
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):
        return cast("Callable[[Any], Topics]", build)
    positional = [
        one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    required = [one for one in positional if one.default is one.empty]
    if len(required) == 2:  # noqa: PLR2004 - (symbol, params)
        return topic_builder_from(cast("SymbolTopicBuilder", build))
    if len(required) != 1:
        raise DeclarationError(
            f"{_name(build)} cannot build topics: it takes {len(required)} arguments. A builder "
            "takes the request, or (symbol, params)."
        )
    return cast("Callable[[Any], Topics]", build)


def _name(build: object) -> str:
    return getattr(build, "__qualname__", type(build).__name__)
