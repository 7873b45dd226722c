"""The interface of a repository as its class diagram plans it, held against what its files define."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import griffe

from program.syntax import one_at_a_time

_CLASS = re.compile(r"^\s*class\s+`?(?P<name>\w+)`?[^{\n]*(?:\{(?P<body>[^}]*)\})?", re.MULTILINE)
_BESIDE = re.compile(r"^\s*(?P<name>\w+)\s*:\s*(?P<member>[+#~-]?\w.*)$", re.MULTILINE)
_MEMBER = re.compile(r"^\s*[+]?(?P<name>\w+)\s*\((?P<parameters>.*)\)")
_GENERIC = re.compile(r"~([^~]*)~")
_ANY_NUMBER = (griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword)
_OPEN, _CLOSE = "([{", ")]}"

Scope = griffe.Module | griffe.Class


@dataclass
class Planned:
    """A class of the diagram, or a module that stands for its functions."""

    name: str
    methods: dict[str, list[str] | None] = field(default_factory=dict)
    """Names of the parameters; None where the diagram leaves them open."""


def planned_classes(diagram: str) -> list[Planned]:
    """Read a Mermaid class diagram: its classes and their public methods."""
    found: dict[str, Planned] = {}
    for match in _CLASS.finditer(diagram):
        planned = found.setdefault(match["name"], Planned(match["name"]))
        for line in (match["body"] or "").splitlines():
            _add(planned, line)
    for match in _BESIDE.finditer(diagram):
        if match["name"] in found:
            _add(found[match["name"]], match["member"])
    return list(found.values())


def missing_interface(diagram: str, files: Mapping[str, str]) -> list[str]:
    """Say what of a class diagram is in no file: classes, public methods, parameters.

    Args:
        diagram: Mermaid, `classDiagram`.
        files: The text files of the repository, by path.
    """
    modules = {
        path: module for path, text in files.items() if path.endswith(".py") and (module := _visited(path, text))
    }
    return [fault for planned in planned_classes(diagram) for fault in _missing(planned, modules)]


def _add(planned: Planned, line: str) -> None:
    if found := _MEMBER.match(_GENERIC.sub(r"[\1]", line)):
        planned.methods[found["name"]] = _parameters(found["parameters"])


def _parameters(text: str) -> list[str] | None:
    """Return the names before the types; None if the text says that there are more."""
    names, depth, start = [], 0, 0
    for place, sign in enumerate(text + ","):
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if sign == "," and depth == 0:
            if piece := text[start:place].strip():
                names.append(_name(piece))
            start = place + 1
    return None if any(not name.isidentifier() for name in names) else [name for name in names if name != "self"]


def _name(parameter: str) -> str:
    """Return the name in `x: Tensor = 0`, and in `Tensor x`, as Mermaid has it."""
    before, colon, _ = parameter.partition("=")[0].partition(":")
    words = before.split() or [""]
    return words[0] if colon else words[-1]


def _visited(path: str, text: str) -> griffe.Module | None:
    try:
        with one_at_a_time:
            return griffe.visit(PurePosixPath(path).stem, filepath=Path(path), code=text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _missing(planned: Planned, modules: Mapping[str, griffe.Module]) -> Iterator[str]:
    places: list[tuple[str, Scope]] = [
        (path, found) for path, module in modules.items() for found in _classes(module) if found.name == planned.name
    ]
    if not places and any(_has_function(module, planned.name) for module in modules.values()):
        return
    if not places:  # class diagrams show modules of functions as classes, by their names
        stem = planned.name.lower().removesuffix("module").rstrip("_")
        places = [(path, module) for path, module in modules.items() if PurePosixPath(path).stem.lower() == stem]
    if not places:
        if not any(_is_imported(planned.name, module) for module in modules.values()):
            yield f"the class {planned.name} of the class diagram is in no file"
        return
    differing = [dict(_differing(planned, path, scope)) for path, scope in places]
    for name, fault in min(differing, key=len).items():  # several classes may have the planned one's name
        if all(name in other for other in differing):
            yield fault


def _differing(planned: Planned, path: str, scope: Scope) -> Iterator[tuple[str, str]]:
    """Say what a class, or a module, does not have of what is planned for it, by the name of the method."""
    for name, parameters in planned.methods.items():
        found = scope.members.get(name)
        if found is None:
            if not _may_come_from_elsewhere(scope, name):
                yield name, f"{path}: {planned.name}.{name} of the class diagram is not there"
        elif isinstance(found, griffe.Function) and (
            fault := _lacking(f"{path}: {planned.name}.{name}", parameters or (), found)
        ):
            yield name, fault


def _lacking(what: str, parameters: Sequence[str], found: griffe.Function) -> str | None:
    """Say which planned parameters a function does not take; None if it takes all."""
    if any(parameter.kind in _ANY_NUMBER for parameter in found.parameters):
        return None
    given = [parameter.name for parameter in found.parameters if parameter.name not in ("self", "cls")]
    lacking = ", ".join(name for name in parameters if name not in given)
    end = f"which the class diagram gives it; it takes ({', '.join(given)})"
    return f"{what} has no parameter {lacking}, {end}" if lacking else None


def _may_come_from_elsewhere(scope: Scope, name: str) -> bool:
    """Say whether a member may be inherited, imported or made by a decorator."""
    if isinstance(scope, griffe.Class):
        return bool(scope.bases) or name == "__init__"
    return "*" in scope.members or any(
        member.is_alias and member.name.endswith("*") for member in scope.members.values()
    )


def _classes(scope: Scope) -> Iterator[griffe.Class]:
    for member in scope.members.values():
        if isinstance(member, griffe.Class):
            yield member
            yield from _classes(member)


def _is_imported(name: str, module: griffe.Module) -> bool:
    return name in module.members and module.members[name].is_alias


def _has_function(module: griffe.Module, name: str) -> bool:
    return isinstance(module.members.get(name), griffe.Function)
