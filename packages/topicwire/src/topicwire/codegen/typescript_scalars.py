"""Which shapes of a document are mapped scalars."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from topicwire.asyncapi.contract import Contract, OperationContract, RouteContract
from topicwire.asyncapi.shapes import (
    AllOf,
    ListOf,
    ObjectOf,
    Primitive,
    RecordOf,
    Shape,
    Told,
    TupleOf,
    UnionOf,
    inner_shapes,
    union,
)
from topicwire.codegen.scalars import Scalar

_WIRE = frozenset({"string", "number", "integer"})


class ScalarMap:
    """The formats that are mapped."""

    def __init__(self, scalars: Sequence[Scalar]) -> None:
        self.scalars: Mapping[str, Scalar] = {one.format: one for one in scalars}

    def of(self, shape: Shape) -> Scalar | None:
        """Return what stands for a shape that was marked; None where nothing does."""
        return self.scalars[str(shape.fact("format"))] if isinstance(shape, Told) else None

    def types(self) -> dict[str, str]:
        """Return the TypeScript type of each format."""
        return {name: one.type for name, one in self.scalars.items()}

    def type_imports(self, shapes: Iterable[Shape], folder: Path) -> str:
        """Return the imports that the types of mapped scalars in `shapes` need.

        Args:
            shapes: that stand in one file.
            folder: of that file.
        """
        formats = {name for shape in shapes for name in told_formats(shape)}
        needed = {one for name in formats for one in self.scalars[name].type_imports}
        return "".join(one.statement(folder, is_type=True) for one in sorted(needed))

    def marked(self, contract: Contract) -> Contract:
        """Return a contract that was read with its facts, where only mapped formats are told."""
        return replace(
            contract,
            routes=tuple(self._route(one) for one in contract.routes),
            types=tuple(replace(one, shape=self.mark(one.shape)) for one in contract.types),
        )

    def mark(self, shape: Shape) -> Shape:
        """Return `shape` where nothing is told but which formats are mapped.

        Keys of records stay text: JavaScript has no other keys.
        """
        if isinstance(shape, Told):
            name = shape.fact("format")
            inner = self.mark(shape.shape)
            if not isinstance(name, str) or name not in self.scalars:
                return inner
            told = (("format", json.dumps(name)),)
            if isinstance(inner, UnionOf):  # of `type: [string, null]`
                return union(*(Told(one, told) if _travels(one) else one for one in inner.members))
            return Told(inner, told) if _travels(inner) else inner
        return _inside(shape, self.mark)

    def _route(self, route: RouteContract) -> RouteContract:
        return replace(
            route,
            request=self.mark(route.request),
            data=self.mark(route.data),
            operations=tuple(self._operation(one) for one in route.operations),
            answer=None if route.answer is None else self.mark(route.answer),
        )

    def _operation(self, one: OperationContract) -> OperationContract:
        return replace(
            one,
            request=None if one.request is None else self.mark(one.request),
            reply=None if one.reply is None else self.mark(one.reply),
        )


def told_formats(shape: Shape) -> Iterator[str]:
    """Yield the mapped formats in a shape that was marked."""
    if isinstance(shape, Told):
        yield str(shape.fact("format"))
    else:
        for inner in inner_shapes(shape):
            yield from told_formats(inner)


def _travels(shape: Shape) -> bool:
    return isinstance(shape, Primitive) and shape.kind in _WIRE


def _inside(shape: Shape, change: Callable[[Shape], Shape]) -> Shape:  # noqa: PLR0911
    match shape:
        case ListOf(item):
            return ListOf(change(item))
        case TupleOf(items, required, rest):
            changed = None if rest is None else change(rest)
            return TupleOf(tuple(change(one) for one in items), required, changed)
        case RecordOf(key, value):
            return RecordOf(_without_facts(key), change(value))
        case ObjectOf(fields, others):
            return ObjectOf(
                tuple(replace(one, shape=change(one.shape)) for one in fields),
                None if others is None else change(others),
            )
        case UnionOf(members):
            return union(*(change(one) for one in members))
        case AllOf(members):
            return AllOf(tuple(change(one) for one in members))
        case _:
            return shape


def _without_facts(shape: Shape) -> Shape:
    if isinstance(shape, Told):
        return _without_facts(shape.shape)
    return _inside(shape, _without_facts)
