"""Grids of cells as Markdown tables."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import Tag

_MATH = re.compile(r"(?<!\\)\$[^$]*(?<!\\)\$")
_SPAN_LIMIT = 100


def markdown_table(rows: list[list[str]]) -> str:
    """Render rows of cells as a Markdown table whose first row is the header.

    Args:
        rows: Cells as one-line Markdown; short rows are filled with empty cells.

    Returns:
        The table, or an empty text when no cell has any.
    """
    rows = [[_cell(cell) for cell in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    rows = [row + [""] * (width - len(row)) for row in rows]
    used = [i for i in range(width) if any(row[i] for row in rows)]
    lines = ["| " + " | ".join(row[i] for i in used) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(used))
    return "\n".join(lines)


def html_rows(table: "Tag") -> list[list[str]]:
    """Read the cells of an HTML table; a cell that spans columns is followed by empty ones."""
    rows: list[list[str]] = []
    for tr in table.find_all("tr"):
        row: list[str] = []
        for cell in tr.find_all(["td", "th"], recursive=False):
            row.append(" ".join(cell.get_text(" ").split()))
            row += [""] * (_span(cell) - 1)
        rows.append(row)
    return rows


def _span(cell: "Tag") -> int:
    value = str(cell.get("colspan", "1"))
    return min(int(value), _SPAN_LIMIT) if value.isdigit() and int(value) > 0 else 1


def _cell(text: str) -> str:
    """Keep a cell on one line and its bars apart from those of the table."""
    text = " ".join(text.split())
    text = _MATH.sub(lambda m: _bars_to_words(m[0]), text)
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _bars_to_words(tex: str) -> str:
    tex = tex.replace(r"\|", r"\Vert ")
    return re.sub(r"\\(left|right|middle|[bB]igg?[lrm]?)\s*\|", r"\\\1\\vert ", tex).replace("|", r"\vert ")
