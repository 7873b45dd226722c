"""Tables of a PDF page, put together again from the places of their words."""

import re
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from data.tables import markdown_table

if TYPE_CHECKING:
    from liteparse import LayoutBlock, TextItem

_GAP = 0.55
"""The space between two cells in units of the text's height; words of one cell are closer."""


class _Word(NamedTuple):
    text: str
    left: float
    right: float
    middle: float
    height: float


class _Cell(NamedTuple):
    text: str
    left: float
    right: float


def grid_table(block: "LayoutBlock") -> str:
    """Write a table as liteparse has found it."""
    rows = [[cell.text for cell in row] for row in [block.header or [], *(block.rows or [])]]
    return markdown_table(rows)


def read_as_prose(blocks: Sequence["LayoutBlock"], start: int, end: int) -> str:
    """Read a grid that is no table but text set wide: no caption near it, no rule, few numbers, long lines.

    Returns:
        The text, or an empty one if it is a table.
    """
    around = blocks[max(start - 2, 0) : end + 2]
    if any(b.kind == "rule" or (b.text or "").lstrip("*").startswith(("Table", "Figure")) for b in around):
        return ""
    lines = [" ".join(c.text for c in row) for b in blocks[start:end] for row in [b.header or [], *(b.rows or [])]]
    words = [word for line in lines for word in line.split()]
    small = [word for word in words if len(word) > 1 and word.isalpha() and word.islower()]
    if len(words) < 4 * len(lines) or len(small) < 0.5 * len(words):
        return ""
    return re.sub(r"(?<=[a-z])- (?=[a-z])", "", " ".join(words))


def is_garbled(blocks: Sequence["LayoutBlock"]) -> bool:
    """Tell whether a table was split into pieces, or several rows were put into one."""
    if len([b for b in blocks if b.kind != "rule"]) > 1:
        return True
    cells = [cell.text for block in blocks for row in [block.header or [], *(block.rows or [])] for cell in row]
    merged = [c for c in cells if len(_numbers(c)) > 1 and len(_numbers(c)) == len(c.split())]
    return bool(merged)


def rebuild_table(items: Sequence["TextItem"], box: tuple[float, float, float, float]) -> str:
    """Put a table together from the words inside a box.

    Args:
        items: The text of the page.
        box: Left, top, right and bottom in the page's points.

    Returns:
        A Markdown table: one row per line of text, one column per column of the print.
    """
    rows = [_cells(row) for row in _rows(_words(items, box))]
    columns = _columns(rows)
    table = []
    for row in rows:
        line = [""] * len(columns)
        for cell in row:
            index = _column_of(cell, columns)
            line[index] = f"{line[index]} {cell.text}".strip()
        table.append(line)
    return markdown_table(table)


def _words(items: Sequence["TextItem"], box: tuple[float, float, float, float]) -> list[_Word]:
    left, top, right, bottom = box
    words = []
    for item in items:
        whole = "$" in item.text or not item.words
        for part in [item] if whole else item.words:
            middle = part.y + part.height / 2
            if (
                left - 2 <= part.x + part.width / 2 <= right + 2
                and top - 1 <= middle <= bottom + 1
                and part.text.strip()
            ):
                words.append(_Word(part.text.strip(), part.x, part.x + part.width, middle, part.height))
    return words


def _rows(words: list[_Word]) -> list[list[_Word]]:
    """Group words into lines of print."""
    rows: list[list[_Word]] = []
    height = median(w.height for w in words) if words else 0
    for word in sorted(words, key=lambda w: w.middle):
        if rows and word.middle - median(w.middle for w in rows[-1]) < 0.55 * height:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda w: w.left) for row in rows]


def _cells(row: list[_Word]) -> list[_Cell]:
    """Group the words of a line into cells."""
    cells: list[_Cell] = []
    for word in row:
        if cells and word.left - cells[-1].right < _GAP * word.height:
            last = cells.pop()
            cells.append(_Cell(f"{last.text} {word.text}", last.left, max(last.right, word.right)))
        else:
            cells.append(_Cell(word.text, word.left, word.right))
    return cells


def _columns(rows: list[list[_Cell]]) -> list[tuple[float, float]]:
    """Find the columns: narrow cells make them, a cell that would join two columns spans them."""
    columns: list[tuple[float, float]] = []
    for cell in sorted((cell for row in rows for cell in row), key=lambda c: c.right - c.left):
        touched = [c for c in columns if _overlap(cell, c) > 0.5]
        if not touched:
            columns.append((cell.left, cell.right))
        elif len(touched) == 1:
            columns.remove(touched[0])
            columns.append((min(touched[0][0], cell.left), max(touched[0][1], cell.right)))
    return _merged(sorted(columns))


def _merged(columns: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Merge columns that overlap by more than half of the narrower one."""
    merged: list[tuple[float, float]] = []
    for left, right in columns:
        if merged and merged[-1][1] - left > 0.5 * min(right - left, merged[-1][1] - merged[-1][0]):
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _column_of(cell: _Cell, columns: list[tuple[float, float]]) -> int:
    touched = [i for i, column in enumerate(columns) if _overlap(cell, column) > 0.5]
    if touched:
        return touched[0]
    center = (cell.left + cell.right) / 2
    return min(range(len(columns)), key=lambda i: abs(center - sum(columns[i]) / 2))


def _overlap(cell: _Cell, column: tuple[float, float]) -> float:
    """Give the overlap in points."""
    return min(cell.right, column[1]) - max(cell.left, column[0])


def _numbers(cell: str) -> list[str]:
    return [word for word in cell.split() if word.replace(".", "").replace("%", "").replace("-", "").isdigit()]
