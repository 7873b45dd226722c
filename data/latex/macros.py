"""A paper's own macros, expanded with a limit on the work and on the size of the result."""

import re
import time

from data.errors import PaperError
from data.latex.definitions import (
    DEFINITION,
    NAME,
    Macro,
    read_arguments,
    read_branches,
    read_definition,
    read_name,
    skip_space,
    substitute,
)
from data.latex.scan import group_end
from data.latex.words import names

_SIZE_LIMIT = 20_000_000
_STEP_LIMIT = 300_000
_SECONDS = 10.0
_DEPTH_LIMIT = 60
_USE = re.compile(NAME, re.DOTALL)
_STRUCTURE = names(
    """
    begin end section subsection subsubsection paragraph subparagraph chapter part appendix title
    author date maketitle caption label ref eqref cref Cref autoref cite citep citet item footnote
    input include documentclass usepackage bibliography bibliographystyle thanks and tag def
    newcommand abstract left right frac text textbf emph includegraphics
    """
)
"""Names that keep their meaning whatever a paper makes of them."""


def expand_macros(text: str, packages: str = "") -> str:
    """Expand the macros that a paper defines, and drop their definitions.

    Args:
        text: The whole paper, comments removed.
        packages: The paper's own style files, of which the simple definitions are taken.

    Raises:
        PaperError: The expansion does not end, or grows beyond all measure.
    """
    expander = _Expander()
    expander.take_definitions(packages)
    return expander.expand(text)


class _Expander:
    def __init__(self) -> None:
        self._macros: dict[str, Macro] = {}
        self._environments: dict[str, tuple[Macro, str]] = {}
        self._switches: dict[str, bool] = {}
        self._steps = 0
        self._size = 0
        self._deadline = time.monotonic() + _SECONDS

    def take_definitions(self, text: str) -> None:
        """Take the simple definitions of a style file: no internals, nothing redefined."""
        for match in DEFINITION.finditer(text):
            if match["command"] in (
                "newcommand",
                "providecommand",
                "DeclareMathOperator",
                "DeclarePairedDelimiter",
            ):
                before = dict(self._macros)
                self._define(text, match)
                new = [n for n in self._macros if n not in before]
                if any("@" in n or "@" in self._macros[n].body for n in new):
                    self._macros = before

    def expand(self, text: str, depth: int = 0) -> str:
        """Expand a text from left to right."""
        out: list[str] = []
        position = 0
        while match := _USE.search(text, position):
            out.append(text[position : match.start()])
            name = match[0][1:]
            end = self._step(text, match, name, depth, out)
            self._size += len(out[-1]) if out else 0
            position = end
        out.append(text[position:])
        return "".join(out)

    def _step(self, text: str, match: re.Match[str], name: str, depth: int, out: list[str]) -> int:
        """Handle one command: append what it becomes, and give the position after it."""
        definition = DEFINITION.match(text, match.start())
        if definition:
            end = self._define(text, definition)
            if end is not None:
                return end
        elif name in ("begin", "end"):
            return self._environment(text, match, name, depth, out)
        elif name.startswith("if") or name[-4:] == "true" or name[-5:] == "false":
            end = self._condition(text, match, name, depth, out)
            if end is not None:
                return end
        elif name in self._macros:
            return self._use(text, match.end(), name, depth, out)
        out.append(match[0])
        return match.end()

    def _use(self, text: str, position: int, name: str, depth: int, out: list[str]) -> int:
        self._check(name, depth)
        macro = self._macros[name]
        if macro.literal:
            out.append(macro.body)
            return position
        if macro.delimiters:
            return self._delimited(text, position, macro, depth, out)
        read = read_arguments(text, position, macro)
        if read is None:
            out.append(f"\\{name}")
            return position
        arguments, end = read
        if macro.arguments == 0 and name[-1].isalpha() and text[end : end + 2] == "{}":
            end += 2
        body = self.expand(substitute(macro.body, arguments), depth + 1)
        self._size += len(body)
        glue = " " if re.search(r"\\[A-Za-z]+$", body) and text[end : end + 1].isalpha() else ""
        out.append(body + glue)
        return end

    def _delimited(self, text: str, position: int, macro: Macro, depth: int, out: list[str]) -> int:
        r"""Expand `\norm{x}`, `\norm*{x}` or `\norm[\big]{x}` of a paired delimiter."""
        left, right = macro.delimiters or ("", "")
        match = re.compile(r"(\*)?\s*(?:\[(\\\w+)\])?\s*").match(text, position)
        opening = match.end() if match else position
        end = group_end(text, opening)
        if match is None or end is None:
            out.append(left)
            return position
        inner = self.expand(text[opening + 1 : end - 1], depth + 1)
        if match[1]:
            left, right = rf"\left{left}", rf"\right{right}"
        elif match[2]:
            left, right = f"{match[2]}l {left}", f"{match[2]}r {right}"
        out.append(f"{left} {inner} {right}")
        return end

    def _environment(self, text: str, match: re.Match[str], name: str, depth: int, out: list[str]) -> int:
        named = re.compile(r"\s*\{([^{}]*)\}").match(text, match.end())
        if named is None or named[1] not in self._environments:
            out.append(match[0])
            return match.end()
        self._check(named[1], depth)
        macro, closing = self._environments[named[1]]
        if name == "end":
            out.append(self.expand(closing, depth + 1))
            return named.end()
        arguments, end = read_arguments(text, named.end(), macro) or ([""] * macro.arguments, named.end())
        out.append(self.expand(substitute(macro.body, arguments), depth + 1))
        return end

    def _condition(self, text: str, match: re.Match[str], name: str, depth: int, out: list[str]) -> int | None:
        r"""Follow a switch of the paper (`\newif`) or `\iftrue`; None for a condition that is none of these."""
        for suffix, value in (("true", True), ("false", False)):
            if name.endswith(suffix) and name.removesuffix(suffix) in self._switches:
                self._switches[name.removesuffix(suffix)] = value
                return match.end()
        switches = {**self._switches, "true": True, "false": False}
        if not name.startswith("if") or name[2:] not in switches:
            return None
        self._check(name, depth)
        branches = read_branches(text, match.end())
        if branches is None:
            return match.end()
        chosen = branches[0] if switches[name[2:]] else branches[1]
        out.append(self.expand(chosen, depth + 1))
        return branches[2]

    def _define(self, text: str, match: re.Match[str]) -> int | None:
        """Take a definition; give the position after it, or None if it is not one that we know."""
        command, position = match["command"], match.end()
        read = read_name(text, position, environment=command.endswith("environment"))
        if read is None:
            return None
        name, position = read
        if command == "newif":
            self._switches[name.removeprefix("if")] = False
            return position
        if command == "let":
            return self._let(text, position, name)
        if command.endswith("environment"):
            return self._define_environment(text, position, name)
        found = read_definition(text, position, command, bool(match["star"]))
        if found is None:
            return None
        macro, end = found
        if name not in _STRUCTURE and not (command == "providecommand" and name in self._macros):
            self._macros[name] = macro
        return end

    def _let(self, text: str, position: int, name: str) -> int | None:
        target = re.compile(rf"\s*=?\s*({NAME})").match(text, position)
        if target is None:
            return None
        other = target[1][1:]
        self._macros[name] = self._macros.get(other, Macro(0, target[1], literal=True))
        if name in _STRUCTURE:
            del self._macros[name]
        return target.end()

    def _define_environment(self, text: str, position: int, name: str) -> int | None:
        found = read_definition(text, position, "newcommand", False)
        if found is None:
            return None
        macro, position = found
        opening = skip_space(text, position)
        end = group_end(text, opening)
        if end is None:
            return None
        self._environments[name] = (macro, text[opening + 1 : end - 1])
        return end

    def _check(self, name: str, depth: int) -> None:
        self._steps += 1
        if depth > _DEPTH_LIMIT:
            raise PaperError(f"LaTeX macro {name!r} expands to itself without end; correct its definition.")
        if self._steps > _STEP_LIMIT or self._size > _SIZE_LIMIT or time.monotonic() > self._deadline:
            raise PaperError(f"The LaTeX macros of this paper expand without measure (at {name!r}); simplify them.")
