"""Cures for names that are not there: who defines them, what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from topicwire.codegen.bindings import Module
from topicwire.codegen.modules import Definition, Missing, ModuleIndex

_SLIPS = 2  # characters


def undefined(index: ModuleIndex, package: str, module: Module, name: str) -> str:
    """The cure for a name that a file uses and neither defines nor imports."""
    definers = index.defining(package, name)
    if definers:
        shown = ", ".join(definers)
        verb = "defines" if len(definers) == 1 else "define"
        imports = " or ".join(
            f"`from {importable(index, definer, name)} import {name}`" for definer in definers
        )
        return f"{shown} {verb} a {name}: add {imports}."
    define = f"efine it in a module of {package}.models and import it."
    near = nearest(name, module.bindings)
    if near:
        return f"Did you mean {near!r}? If not, d{define}"
    near = nearest(name, _classes(index, package))
    if near:
        definer = index.defining(package, near)[0]
        source = importable(index, definer, near)
        return f"Did you mean {near!r}? `from {source} import {near}`. If not, d{define}"
    return f"D{define}"


def missing(index: ModuleIndex, package: str, found: Missing) -> tuple[str, str]:
    """What is wrong, and the cure, for an import that cannot work."""
    if found.name is None:
        return f"there is no module {found.module!r}.", _other_module(index, package, found.module)
    message = f"{found.module} has no {found.name!r}."
    definers = index.defining(package, found.name)
    inside = [definer for definer in definers if definer.startswith(f"{found.module}.")]
    path = index.path(found.module)
    if inside and path is not None:
        definer = index.path(inside[0])
        where = index.shown(definer) if definer else inside[0]
        message = f"{found.name!r} is defined in {where} but not exported by {found.module}."
        init = path / "__init__.py" if path.is_dir() else path
        relative = inside[0].removeprefix(found.module)
        line = f"from {relative} import {found.name}"
        return message, f"Add `{line}` to {index.shown(init)}, and {found.name!r} to its __all__."
    near = nearest(found.name, index.names(found.module))
    if definers:
        source = importable(index, definers[0], found.name)
        return message, f"{definers[0]} defines it: `from {source} import {found.name}`."
    if near:
        cure = f"Did you mean {near!r}? If not, define {found.name!r} there"
        return message, f"{cure}, or import it from where it is defined."
    return message, "Define it there, or import it from where it is defined."


def importable(index: ModuleIndex, definer: str, name: str) -> str:
    """The nearest package above `definer` that exports the name, else `definer` itself."""
    parent = definer.rpartition(".")[0]
    while parent:
        loaded = index.load(parent)
        if loaded is not None and loaded.exports(name):
            found = index.find(parent, name)
            if isinstance(found, Definition) and found.module == definer:
                return parent
        parent = parent.rpartition(".")[0]
    return definer


def nearest(name: str, known: Iterable[str]) -> str | None:
    """What was probably meant, or None."""
    candidates = sorted(set(known) - {name})
    folded = {candidate.lower(): candidate for candidate in candidates}
    if name.lower() in folded:
        return folded[name.lower()]
    close = difflib.get_close_matches(name, candidates, n=3, cutoff=0.75)
    return next((candidate for candidate in close if _is_slip(name, candidate)), None)


def _is_slip(name: str, candidate: str) -> bool:
    """Whether one is the other mistyped, or with a piece left out.

    Likeness alone is not enough: names that share a long ending (`BarsSubscriptionRequest`,
    `TradeSubscriptionRequest`) are alike, and mean different things.
    """
    blocks = difflib.SequenceMatcher(None, name, candidate, autojunk=False).get_matching_blocks()
    common = sum(block.size for block in blocks)
    lengths = (len(name), len(candidate))
    return max(lengths) - common <= _SLIPS or common == min(lengths)


def _classes(index: ModuleIndex, package: str) -> set[str]:
    names: set[str] = set()
    for module in index.below(f"{package}.models"):
        loaded = index.load(module)
        if loaded is not None:
            names.update(
                name
                for name, bindings in loaded.bindings.items()
                if any(binding.kind in ("class", "alias") for binding in bindings)
            )
    return names


def _other_module(index: ModuleIndex, package: str, module: str) -> str:
    near = nearest(module, index.below(package))
    if near:
        return f"Did you mean {near!r}?"
    top = module.partition(".")[0]
    if index.is_first_party(module) or nearest(top, [package.partition(".")[0]]):
        return f"Look at its spelling: the application's modules lie below {package}."
    return "Install it into this environment, or look at its spelling."
