"""Is this one value allowed by a node? For values that a schema lists, and for names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from topicwire.contractdiff.containment.formats import FORMATS
from topicwire.contractdiff.containment.language import Language, TooLargeError
from topicwire.contractdiff.containment.nodes import Node, Universe, frozen
from topicwire.contractdiff.containment.numbers import Numbers, exact
from topicwire.contractdiff.containment.patterns import UnreadablePatternError, read_pattern
from topicwire.contractdiff.containment.texts import is_rule


class UndecidedError(ValueError):
    """It cannot be told."""


def json_type(value: Any) -> str:  # noqa: PLR0911 (one return a type)
    """Return the JSON type of a value; whole numbers are `integer`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list() | tuple():
            return "array"
        case _:
            return "object"


def allows(  # noqa: PLR0911 (one return a kind of node)
    universe: Universe, node: Node, value: Any
) -> bool:
    """Say whether `node` allows `value`.

    Raises:
        UndecidedError: that depends on a pattern or a format that is not understood here.
    """
    match node.kind:
        case "true":
            return True
        case "false":
            return False
        case "ref":
            return allows(universe, universe.target(node), value)
        case "all":
            return all(allows(universe, part, value) for part in node.parts)
        case "any":
            return any(allows(universe, part, value) for part in node.parts)
        case "one":
            return sum(allows(universe, part, value) for part in node.parts) == 1
        case "not":
            return not allows(universe, node.parts[0], value)
        case "plain":
            return _plain(universe, node, value)


@lru_cache(maxsize=4096)  # the same few names are held against the same few patterns
def matches(pattern: str, text: str) -> bool:
    """Say whether a pattern is found in a text.

    Raises:
        UndecidedError: the pattern is not understood here.
    """
    try:
        tree = read_pattern(pattern)
        language = Language([tree], [text])
        term = language.both(language.matching(tree), language.exactly(text))
        return language.shortest(term, len(text), len(text)) is not None
    except (UnreadablePatternError, TooLargeError) as exc:
        raise UndecidedError(str(exc)) from exc


def _plain(  # noqa: PLR0911 (one return a type)
    universe: Universe, node: Node, value: Any
) -> bool:
    kind = json_type(value)
    if kind not in node.types:
        return False
    if node.values is not None and frozen(value) not in {frozen(one) for one in node.values}:
        return False
    match kind:
        case "integer" | "number":
            asked = Numbers().with_node(node)
            return asked.holds(exact(value))
        case "string":
            return _text(node, value)
        case "array":
            return _list(universe, node, value)
        case "object":
            return _members(universe, node, value)
        case _:
            return True


def _text(node: Node, text: str) -> bool:
    most = node.says("maxLength")
    if len(text) < node.says("minLength", 0) or (most is not None and len(text) > most):
        return False
    pattern, form = node.says("pattern"), node.says("format")
    if pattern is not None and not matches(pattern, text):
        return False
    if not is_rule(form):
        return True
    known = FORMATS.get(form)
    if known is not None and matches(known.surely, text):
        return True
    if known is not None and not matches(known.perhaps, text):
        return False
    raise UndecidedError(f"whether {text!r} has the format {form!r}")


def _list(universe: Universe, node: Node, items: list[Any]) -> bool:
    most = node.says("maxItems")
    if len(items) < node.says("minItems", 0) or (most is not None and len(items) > most):
        return False
    if node.says("uniqueItems") and len({frozen(one) for one in items}) < len(items):
        return False
    contained = node.says("contains")
    if contained is not None and not any(allows(universe, contained, one) for one in items):
        return False
    return all(
        allows(universe, part, one)
        for index, one in enumerate(items)
        for part in item_nodes(node, index)
    )


def _members(universe: Universe, node: Node, value: Mapping[str, Any]) -> bool:
    least, most = node.says("minProperties", 0), node.says("maxProperties")
    if len(value) < least or (most is not None and len(value) > most):
        return False
    if not node.says("required", frozenset()) <= value.keys():
        return False
    names = node.says("propertyNames")
    if names is not None and not all(allows(universe, names, name) for name in value):
        return False
    return all(
        allows(universe, part, one)
        for name, one in value.items()
        for part in member_nodes(node, name)
    )


def item_nodes(node: Node, index: int) -> Iterable[Node]:
    """Yield what a plain node asks of the item at a place."""
    items = node.says("items")
    if isinstance(items, Node):
        yield items
    elif items is not None and index < len(items):
        yield items[index]
    elif items is not None and (rest := node.says("additionalItems")) is not None:
        yield rest


def member_nodes(node: Node, name: str) -> Iterable[Node]:
    """Yield what a plain node asks of the property of a name.

    Raises:
        UndecidedError: that depends on a pattern that is not understood here.
    """
    named = node.says("properties", {})
    found = [named[name]] if name in named else []
    patterns = node.says("patternProperties", {})
    found += [one for pattern, one in patterns.items() if matches(pattern, name)]
    others = node.says("additionalProperties")
    if not found and others is not None:
        found.append(others)
    yield from found
