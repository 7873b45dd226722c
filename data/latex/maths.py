"""Formulas of LaTeX as Markdown."""

import re
from typing import TYPE_CHECKING

from data.latex.tabular import split_rows

if TYPE_CHECKING:
    from data.latex.convert import Converter

LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")


def inline(tex: str) -> str:
    """Write inline maths."""
    tex = " ".join(LABEL.sub("", tex).split())
    return f"${tex}$" if tex else ""


def display(converter: "Converter", tex: str, inner: str = "", numbered: bool = False) -> str:
    r"""Write a display equation; a number becomes `\tag{…}`, and labels name it."""
    rows = split_rows(tex.strip()) if inner == "aligned" and numbered else [tex]
    rows = [_number_row(converter, row, numbered) for row in rows]
    tex = "\\\\\n".join(row.rstrip() for row in rows)
    lines = [line.strip() for line in tex.split("\n")]
    if not any(lines):
        return ""
    if inner:
        lines = [f"\\begin{{{inner}}}", *lines, f"\\end{{{inner}}}"]
    return converter.block("\n".join(["$$", *(line for line in lines if line), "$$"]))


def _number_row(converter: "Converter", row: str, numbered: bool) -> str:
    row, labels = LABEL.sub("", row), LABEL.findall(row)
    own = _TAG.search(row)
    silent = re.search(r"\\(?:nonumber|notag)(?![A-Za-z])", row)
    row = re.sub(r"\\(?:nonumber|notag)(?![A-Za-z])\s*", "", row)
    stepped = re.search(r"\\addtocounter\{equation\}\{1\}", row)
    row = re.sub(r"\\addtocounter\{equation\}\{-?\d+\}", "", row)
    if stepped and own and r"\theequation" in own[1]:
        number = converter.numbers.count("Equation")
        row = _TAG.sub(lambda _: f"\\tag{{{number}}}", row)
    elif numbered and row.strip() and not silent and not own:
        row = f"{row.rstrip()} \\tag{{{converter.numbers.count('Equation')}}}"
    for label in labels:
        converter.numbers.label(label)
    return row
