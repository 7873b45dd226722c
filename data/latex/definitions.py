"""Definitions of LaTeX macros as they stand in a text, and the arguments of their uses."""

import re
from dataclasses import dataclass

from data.latex.scan import group_end

NAME = r"\\(?:[A-Za-z@]+|.)"
DEFINITION = re.compile(
    r"\\(?P<command>newcommand|renewcommand|providecommand|DeclareRobustCommand|gdef|edef|xdef|def|let|"
    r"DeclareMathOperator|DeclarePairedDelimiter|NewDocumentCommand|RenewDocumentCommand|"
    r"newenvironment|renewenvironment|newif)(?![A-Za-z@])(?P<star>\*?)\s*"
)
_SPACE = re.compile(r"[ \t]*(?:\n[ \t]*)?")
_OPTIONAL = re.compile(r"\[((?:[^\[\]{}]|\{[^{}]*\})*)\]")
_BRANCH = re.compile(r"\\(if[A-Za-z@]*|else|fi)(?![A-Za-z@])")


@dataclass(frozen=True)
class Macro:
    """What a name stands for."""

    arguments: int
    body: str
    default: str | None = None
    """Of the first argument, where that is optional."""
    literal: bool = False
    r"""True for `\let`: the body is what it says, and is not expanded again."""
    delimiters: tuple[str, str] | None = None
    r"""Of `\DeclarePairedDelimiter`."""


def skip_space(text: str, position: int) -> int:
    """Give the position after spaces and at most one line end."""
    match = _SPACE.match(text, position)
    return match.end() if match else position


def read_name(text: str, position: int, environment: bool = False) -> tuple[str, int] | None:
    r"""Read the name that is defined: `\name`, `{\name}`, or `{name}` of an environment."""
    pattern = r"\{\s*([A-Za-z@*]+)\s*\}" if environment else rf"(?:\{{\s*({NAME})\s*\}}|({NAME}))"
    match = re.compile(pattern, re.DOTALL).match(text, position)
    if match is None:
        return None
    name = next(group for group in match.groups() if group)
    return name.removeprefix("\\"), match.end()


def read_definition(text: str, position: int, command: str, star: bool) -> tuple[Macro, int] | None:
    """Read what follows the name in a definition; None for a form that is not known."""
    if command == "DeclareMathOperator":
        end = group_end(text, skip_space(text, position))
        body = text[skip_space(text, position) + 1 : end - 1] if end else ""
        return (Macro(0, f"\\operatorname{'*' if star else ''}{{{body}}}"), end) if end else None
    if command == "DeclarePairedDelimiter":
        return _read_delimiters(text, position)
    if command.endswith("DocumentCommand"):
        return _read_document_command(text, position)
    if command.endswith("def"):
        return _read_def(text, position)
    count = re.compile(r"\s*\[\s*(\d)\s*\]").match(text, position)
    position = skip_space(text, count.end() if count else position)
    default = _OPTIONAL.match(text, position) if count else None
    opening = skip_space(text, default.end() if default else position)
    end = group_end(text, opening)
    if end is None:
        return None
    body = without_internals(text[opening + 1 : end - 1])
    return Macro(int(count[1]) if count else 0, body, default[1] if default else None), end


def read_arguments(text: str, position: int, macro: Macro) -> tuple[list[str], int] | None:
    """Read the arguments of a use; None if there are too few."""
    arguments: list[str] = []
    if macro.default is not None:
        given = _OPTIONAL.match(text, skip_space(text, position))
        arguments.append(given[1] if given else macro.default)
        position = given.end() if given else position
    while len(arguments) < macro.arguments:
        start = skip_space(text, position)
        end = group_end(text, start)
        if end is not None:
            arguments.append(text[start + 1 : end - 1])
            position = end
            continue
        token = re.compile(rf"{NAME}|[^\s{{}}$&#%\\]").match(text, start)
        if token is None:
            return None
        arguments.append(token[0])
        position = token.end()
    return arguments, position


def substitute(body: str, arguments: list[str]) -> str:
    """Put the arguments in the place of `#1`, `#2`, …"""
    if not arguments:
        return body
    return re.sub(r"#([1-9])", lambda m: arguments[int(m[1]) - 1] if int(m[1]) <= len(arguments) else m[0], body)


def read_branches(text: str, position: int) -> tuple[str, str, int] | None:
    r"""Read up to the matching `\fi`: what holds if true, what holds if false, and where it ends."""
    depth, middle = 0, None
    for match in _BRANCH.finditer(text, position):
        if match[1] == "fi" and depth == 0:
            first = text[position : middle.start() if middle else match.start()]
            return first, text[middle.end() : match.start()] if middle else "", match.end()
        if match[1] == "else":
            middle = match if depth == 0 else middle
        elif match[1] != "iff":
            depth += -1 if match[1] == "fi" else 1
    return None


def without_internals(body: str) -> str:
    r"""Drop a body that is made of LaTeX's internals, as of fonts and rules; `\onedot` is a dot."""
    if not re.search(r"\\@[A-Za-z]", body):
        return body
    return "." if r"\@onedot" in body else ""


def _read_delimiters(text: str, position: int) -> tuple[Macro, int] | None:
    delimiters = []
    for _ in range(2):
        opening = skip_space(text, position)
        end = group_end(text, opening)
        if end is None:
            return None
        delimiters.append(text[opening + 1 : end - 1].strip())
        position = end
    return Macro(1, "", delimiters=(delimiters[0], delimiters[1])), position


def _read_document_command(text: str, position: int) -> tuple[Macro, int] | None:
    r"""Read `{m O{…} m}{body}` where at most the first argument is optional."""
    opening = skip_space(text, position)
    end = group_end(text, opening)
    body = skip_space(text, end) if end else opening
    body_end = group_end(text, body) if end else None
    if end is None or body_end is None:
        return None
    match = re.fullmatch(r"\s*(o|O\s*\{(.*)\})?\s*((?:\+?m\s*)*)", text[opening + 1 : end - 1], re.DOTALL)
    if match is None:
        return None
    default = (match[2] or "") if match[1] else None
    count = match[3].count("m") + (default is not None)
    return Macro(count, text[body + 1 : body_end - 1], default), body_end


def _read_def(text: str, position: int) -> tuple[Macro, int] | None:
    r"""Read `\def\name#1#2{body}`; arguments with other delimiters are not known."""
    parameters = re.compile(r"\s*((?:#\d)*)\s*(?=\{)").match(text, position)
    end = group_end(text, parameters.end()) if parameters else None
    if parameters is None or end is None:
        return None
    return Macro(parameters[1].count("#"), without_internals(text[parameters.end() + 1 : end - 1])), end
