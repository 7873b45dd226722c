"""A table with grouped columns, and its text as Markdown, CSV and LaTeX."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

NOTHING = "-"
"""Stands where there is no value."""

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "[": "{[}",  # after a line's end it would open an argument, as * would
    "]": "{]}",
    "*": "{*}",
} | {sign: f"\\{sign}" for sign in "{}$&#_%"}

_MARKDOWN = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)")


@dataclass(frozen=True)
class Entry:
    """One field of a table."""

    text: str = NOTHING
    best: bool = False
    """Set in bold."""
    significant: bool = False
    """Followed by an asterisk."""


@dataclass(frozen=True)
class Column:
    """The head of a column; neighbours of one group stand under its name."""

    name: str
    group: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text, ready to be set."""

    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...] = ()
    stubs: int = 1
    """How many columns, from the left, name the rows."""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"rows of {self.title!r} differ in length from its {len(self.columns)} columns")

    def markdown(self) -> str:
        """Return the table as Markdown with one row of heads, `group: name`."""
        rows = [
            [_markdown(head) for head in self._heads()],
            [":--"] * self.stubs + ["--:"] * (len(self.columns) - self.stubs),
            *([_markdown_entry(entry) for entry in row] for row in self.rows),
        ]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        notes = [f"- {_markdown(note)}" for note in self.notes]
        parts = [f"## {_markdown(self.title)}", _markdown(self.caption), "\n".join(lines), "\n".join(notes)]
        return "\n\n".join(part for part in parts if part) + "\n"

    def csv(self) -> str:
        """Return the heads and fields as CSV, without marks and notes."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self._heads())
        writer.writerows([entry.text for entry in row] for row in self.rows)
        return text.getvalue()

    def latex(self) -> str:
        """Return the table as a LaTeX float; it needs the package booktabs."""
        caption = " ".join(part for part in (f"{self.title}.", self.caption) if part)
        lines = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_latex(caption)}}}",
            rf"\begin{{tabular}}{{{'l' * self.stubs}{'r' * (len(self.columns) - self.stubs)}}}",
            r"\toprule",
            *self._latex_groups(),
            _latex_row(_latex(column.name) for column in self.columns),
            r"\midrule",
            *(_latex_row(map(_latex_entry, row)) for row in self.rows),
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par{{\footnotesize {_latex(note)}\par}}" for note in self.notes),
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def _heads(self) -> list[str]:
        return [": ".join(filter(None, (column.group, column.name))) for column in self.columns]

    def _latex_groups(self) -> Iterator[str]:
        if not any(column.group for column in self.columns):
            return
        heads, rules, first = [], [], 1
        for group, columns in groupby(self.columns, key=lambda column: column.group):
            width = len(list(columns))
            if group:
                heads.append(rf"\multicolumn{{{width}}}{{c}}{{{_latex(group)}}}")
                rules.append(rf"\cmidrule(lr){{{first}-{first + width - 1}}}")
            else:
                heads.extend([""] * width)
            first += width
        yield _latex_row(heads)
        yield " ".join(rules)


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(lambda match: f"\\{match[0]}", one_line(text))


def _markdown_entry(entry: Entry) -> str:
    text = _markdown(entry.text)
    return (f"**{text}**" if entry.best else text) + (r"\*" if entry.significant else "")


def _latex(text: str) -> str:
    escaped = "".join(_LATEX.get(sign, sign) for sign in one_line(text))
    return re.sub("-(?=-)", "-{}", escaped)  # two hyphens would be set as a dash


def _latex_entry(entry: Entry) -> str:
    text = _latex(entry.text)
    return (rf"\textbf{{{text}}}" if entry.best else text) + ("$^{*}$" if entry.significant else "")


def _latex_row(fields: Iterator[str] | list[str]) -> str:
    return " & ".join(fields) + r" \\"
