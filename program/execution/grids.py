"""Tables of numbers with the labels of their rows and columns, read from Markdown, CSV and JSON."""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

ROWS = 500
"""Rows of a table that are read; longer ones hold records of runs, not results."""

COLUMNS = 100
"""The same of columns."""

GRIDS = 200
"""Tables of one text that are read."""

LABEL = 200
"""Characters of a label; a row or column with a longer one is left out."""

_NAME = 1_000
_CELL = 60
_HEADS = 3
"""Rows that a head may have."""

_MARKUP = re.compile(
    r"</?(?:b|u|i|em|strong|sub|sup)>|\\(?:mathbf|textbf|boldsymbol|bm|bf|mathrm|text|underline|emph|textit)(?![A-Za-z])"
    r"|\\[,;:! ]|[*_$~{}†‡]|\^(?=[ {]*(?:\\pm|±))"
)
_POWER = re.compile(r"(?<=\d) ?(?:\\times|\\cdot|×|·|x) ?10 ?\^ ?(?P<power>[-+]?\d{1,3})(?!\d)")
_FIGURE = r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?"
_NUMBER = re.compile(
    rf"(?P<value>[-+]?(?=\.?\d){_FIGURE}) ?%? ?"
    rf"(?:(?:±|\+/-|\\pm|\( ?(?:±|\\pm)) ?(?P<deviation>(?=\.?\d){_FIGURE}) ?%? ?\)?"
    rf"|\( ?(?P<aside>(?=\.?\d){_FIGURE}) ?%? ?\))? ?%?"
)
_DECIMALS = re.compile(r"(?:\.(?P<decimals>\d+))?(?:[eE](?P<power>[-+]?\d+))?$")
_STARTS = re.compile(r"[\s*_>#]*(?:Table|Tab\.)\s*(?:[A-Z]?\.?\d|[IVX]+\b)", re.IGNORECASE)
"""How a caption begins; a text has them all above its tables, or all below."""


@dataclass(frozen=True)
class Number:
    """A number as it stands in a table."""

    value: float
    deviation: float | None = None
    """What stands behind ±."""
    aside: float | None = None
    """What stands behind it in parentheses: a deviation, a rank, a gain."""
    unit: float = field(default=0.0, compare=False)
    """A one in its last digit."""


@dataclass(frozen=True)
class Grid:
    """A table of numbers."""

    name: str
    """What it is called where it stands: its caption or heading, or the name of its file."""
    place: str
    """The file that it stands in."""
    numbers: Mapping[tuple[str, str], Number]
    """By the labels of row and column."""

    @property
    def rows(self) -> list[str]:
        """The labels of the rows, in order."""
        return list(dict.fromkeys(row for row, _ in self.numbers))

    @property
    def columns(self) -> list[str]:
        """The labels of the columns, in order."""
        return list(dict.fromkeys(column for _, column in self.numbers))

    def transposed(self) -> "Grid":
        """Return the table with rows and columns exchanged."""
        return Grid(self.name, self.place, {(column, row): number for (row, column), number in self.numbers.items()})


def read_number(text: str) -> Number | None:
    """Read a cell such as `0.53 ± 0.18`, `**93.1**`, `1,234` or `45.2 (0.3)`; None if it is something else."""
    text = text.strip()
    if not text or len(text) > _CELL:
        return None
    plain = text.replace("−", "-").replace(r"\%", "%").replace("{,}", ",")
    plain = " ".join(_MARKUP.sub(" ", plain).removesuffix("\\").split())
    found = _NUMBER.fullmatch(_POWER.sub(r"e\g<power>", plain))
    if not found:
        return None
    value, unit = _figure(found["value"]), _unit(found["value"])
    deviation, aside = (_figure(found[name]) if found[name] else None for name in ("deviation", "aside"))
    if not all(math.isfinite(one) for one in (value, unit, deviation or 0.0, aside or 0.0)):
        return None
    return Number(value, deviation, aside, unit)


def _figure(text: str) -> float:
    return float(text.replace(",", ""))


def _unit(text: str) -> float:
    found = _DECIMALS.search(text)
    return float(f"1e{int(found['power'] or 0) - len(found['decimals'] or '')}") if found else 1.0


def read_grids(place: str, text: str) -> list[Grid]:
    """Read the tables of a file, by the suffix of its name; of anything else, those in Markdown."""
    stem = PurePosixPath(place).stem
    match PurePosixPath(place).suffix.lower():
        case ".csv" | ".tsv":
            return _from_csv(stem, place, text)
        case ".json":
            try:
                return list(islice(_from_json(stem, place, json.loads(text, object_pairs_hook=_unequivocal)), GRIDS))
            except (ValueError, RecursionError):
                return []
    return markdown_grids(place, text)


def markdown_grids(place: str, text: str) -> list[Grid]:
    """Read the Markdown tables of a text; a table is named by its file and its caption, or the line before it."""
    lines = text.splitlines()
    spans = list(islice(_spans(lines), GRIDS))
    over, under = ["", *_carried(lines)], [*_carried(lines[::-1])[::-1], ""]
    before, behind = [over[start] for start, _ in spans], [under[end] for _, end in spans]
    below = sum(map(bool, map(_STARTS.match, behind))) > sum(map(bool, map(_STARTS.match, before)))
    stem = PurePosixPath(place).stem
    return [
        grid
        for (start, end), above, beneath in zip(spans, before, behind, strict=True)
        for grid in _grids(
            f"{stem} {beneath if below and _STARTS.match(beneath) else above}",
            place,
            [_cells(line) for line in lines[start:end] if line.strip("|:- \t")] if end - start <= ROWS + 9 else [],
        )
    ]


def _spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where tables begin and end: lines between bars, or lines with bars around a rule."""
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and _is_row(lines[end]):
            end += 1
        if end == start and "|" in lines[start] and start + 1 < len(lines) and _is_rule(lines[start + 1]):
            end = start + 2
            while end < len(lines) and "|" in lines[end]:
                end += 1
        if end > start:
            yield start, end
        start = max(end, start + 1)


def _is_row(line: str) -> bool:
    line = line.strip()
    return len(line) > 1 and line[0] == line[-1] == "|"


def _is_rule(line: str) -> bool:
    return "|" in line and "-" in line and not line.strip("|:- \t")


def _cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inside)]


def _from_csv(stem: str, place: str, text: str) -> list[Grid]:
    try:
        dialect: Any = csv.excel_tab if "\t" in text.partition("\n")[0] else csv.excel
        return _grids(stem, place, list(islice(csv.reader(io.StringIO(text), dialect), ROWS + 10)))
    except csv.Error:
        return []


def _grids(name: str, place: str, lines: Sequence[Sequence[str]]) -> list[Grid]:
    """Return a table as it stands; one with two columns of labels also with the second of them as columns."""
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if len(lines) < 2 or len(lines) > ROWS + _HEADS or len(lines[0]) > COLUMNS:
        return []
    head, body = _head(lines)
    sections, rows = _sections([row for row in body if len(row) == len(head)])
    read = [[read_number(cell) for cell in row] for row in rows]
    values = [column for column in range(len(head)) if any(row[column] for row in read)]
    labels = [
        column for column in range(len(head)) if column not in values and any(row[column].strip() for row in rows)
    ] or [0]
    if len(labels) > 1:
        rows = _filled(rows, labels[0])
    names = _names(sections, [" ".join(row[label] for label in labels if row[label].strip()) for row in rows])
    cells = [(row, column) for row in range(len(rows)) for column in values if column not in labels]
    found = [
        # below an empty head, and beside an empty label, nobody knows what it is
        _grid(name, place, (((names[row], head[column]), read[row][column]) for row, column in cells))
    ]
    if len(labels) == 2:
        for value in {column: None for _, column in cells}:
            keys = [(row[labels[0]], row[labels[1]]) for row in rows]
            numbers = [(key, line[value]) for key, line in zip(keys, read, strict=True) if line[value]]
            if len({key for key, _ in numbers}) == len(numbers):
                found.append(_grid(f"{name} {head[value]}", place, numbers))
    return [grid for grid in found if grid]


def _grid(name: str, place: str, numbers: Iterable[tuple[tuple[str, str], Number | None]]) -> Grid | None:
    """Return a table; what its labels do not tell apart is left out, and so is what has none."""
    known = ((key, number) for key, number in numbers if number and all(0 < len(one.strip()) <= LABEL for one in key))
    grid = Grid(name[:_NAME], place, _unequivocal(known))
    return grid if 0 < len(grid.rows) <= ROWS and len(grid.columns) <= COLUMNS else None


def _unequivocal(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return a mapping without the keys that occur with different values."""
    found: dict[Any, Any] = {}
    clashing = set()
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            clashing.add(key)
    return {key: value for key, value in found.items() if key not in clashing}


def _head(lines: Sequence[Sequence[str]]) -> tuple[list[str], Sequence[Sequence[str]]]:
    """Split a table into its head and its body; a head over several rows is joined, an empty cell is as that before."""
    head, end = list(lines[0]), 1
    while end < min(_HEADS, len(lines) - 1) and _continues(head, lines[end]):
        filled = [*head[:1], *_carried(head[1:])]
        under = lines[end]
        head = [
            f"{above} {below}".strip() if below.strip() else here
            for here, above, below in zip(head, filled, under, strict=True)
        ]
        end += 1
    return head, lines[end:]


def _continues(head: Sequence[str], line: Sequence[str]) -> bool:
    """Say whether a row is part of the head: it tells apart all columns that the head above it does not."""
    if len(line) != len(head) or sum(bool(cell.strip()) for cell in line) < 2:
        return False
    unclear = [place for place in range(1, len(head)) if not head[place].strip() or head[place] in head[:place]]
    numbers = any(read_number(cell) for cell in line)
    return bool(unclear) and all(line[place].strip() for place in unclear) and not (numbers and line[0].strip())


def _sections(body: Sequence[Sequence[str]]) -> tuple[list[str], list[Sequence[str]]]:
    """Return for each row the section it stands in, and the rows without those that only begin a section."""
    section, sections, rows = "", [], []
    for row in body:
        texts = [cell.strip() for cell in row if cell.strip()]
        if len(texts) == 1 < len(row) and not read_number(texts[0]):
            section = texts[0]
        else:
            sections.append(section)
            rows.append(row)
    return sections, rows


def _names(sections: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Return the labels of rows; with those of their sections if they are not clear without."""
    if len(set(labels)) == len(labels):
        return list(labels)
    return [f"{section} {label}".strip() if label else "" for section, label in zip(sections, labels, strict=True)]


def _filled(rows: Sequence[Sequence[str]], column: int) -> list[Sequence[str]]:
    """Return rows whose empty cells in a column are as those above: a label that spans rows stands in the first."""
    cells = _carried([row[column] for row in rows])
    return [[*row[:column], cell, *row[column + 1 :]] for row, cell in zip(rows, cells, strict=True)]


def _carried(texts: Iterable[str]) -> list[str]:
    """Return texts, for each empty one the last before it that is not."""
    found, last = [], ""
    for text in texts:
        last = text if text.strip() else last
        found.append(last)
    return found


def _from_json(name: str, place: str, value: Any) -> Iterator[Grid]:
    """Yield mappings of mappings of numbers, and lists of records."""
    if isinstance(value, list):
        records = [item for item in value if isinstance(item, dict)]
        if records and len(records) == len(value) <= ROWS:
            head = list(dict.fromkeys(key for record in records for key in record))
            if len(head) <= COLUMNS:
                yield from _grids(name, place, [head, *([_text(one.get(key, "")) for key in head] for one in records)])
    if not isinstance(value, dict):
        return
    grid = _grid(
        name,
        place,
        (
            ((str(row), str(column)), Number(float(inside)))
            for row, columns in value.items()
            if isinstance(columns, dict)
            for column, inside in columns.items()
            if _is_number(inside)
        ),
    )
    if grid:
        yield grid
    for key, inside in value.items():
        if isinstance(inside, dict | list):
            yield from _from_json(f"{name} {key}"[:_NAME], place, inside)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
