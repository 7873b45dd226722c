"""Tables of numbers with the labels of their rows and columns, read from Markdown, CSV and JSON."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

LARGEST = 2_000
"""Rows of a table that are read; longer ones hold records of runs, not results."""

_NUMBER = re.compile(
    r"^[\s*_$~\\]*(?P<value>[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(?P<percent>\\?%)?[\s*_$]*"
    r"(?:(?:±|\+/-|\\pm|\()[\s$]*(?P<deviation>\d*\.?\d+(?:[eE][-+]?\d+)?)[\s$%\\)]*)?[\s*_$†‡\\]*$"
)
_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_STARTS = re.compile(r"^[\s*_>#]*(?:Table|Tab\.)\s*[A-Z]?\.?\d", re.IGNORECASE)
"""How a caption begins; a text has them all above its tables, or all below."""

_RULE = re.compile(r"^[\s|:-]+$")


@dataclass(frozen=True)
class Number:
    """A number as it stands in a table."""

    value: float
    deviation: float | None = None
    """What stands behind ± or in parentheses."""


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
    found = _NUMBER.match(text)
    if not found or not any(sign.isdigit() for sign in found["value"]):
        return None
    value = float(found["value"].replace(",", "").replace("−", "-"))
    deviation = float(found["deviation"]) if found["deviation"] else None
    return Number(value, deviation) if math.isfinite(value) else None


def read_grids(place: str, text: str) -> list[Grid]:
    """Read the tables of a file, by the suffix of its name; of anything else, those in Markdown."""
    stem = PurePosixPath(place).stem
    match PurePosixPath(place).suffix.lower():
        case ".csv" | ".tsv":
            return _from_csv(stem, place, text)
        case ".json":
            try:
                return list(_from_json(stem, place, json.loads(text)))
            except (ValueError, RecursionError):
                return []
    return markdown_grids(place, text)


def markdown_grids(place: str, text: str) -> list[Grid]:
    """Read the Markdown tables of a text; a table is named by its file and its caption, or the line before it."""
    lines = text.splitlines()
    ends = [number for number in range(len(lines)) if _is_row(lines, number) and not _is_row(lines, number + 1)]
    starts = [number for number in range(len(lines)) if _is_row(lines, number) and not _is_row(lines, number - 1)]
    before = [next((line for line in reversed(lines[:start]) if line.strip()), "") for start in starts]
    behind = [next((line for line in lines[end + 1 :] if line.strip()), "") for end in ends]
    below = sum(map(bool, map(_STARTS.match, behind))) > sum(map(bool, map(_STARTS.match, before)))
    stem = PurePosixPath(place).stem
    return [
        grid
        for start, end, above, under in zip(starts, ends, before, behind, strict=True)
        for grid in _grids(
            f"{stem} {under if below and _STARTS.match(under) else above}",
            place,
            [_cells(line) for line in lines[start : end + 1] if not _RULE.match(line)],
        )
    ]


def _is_row(lines: Sequence[str], number: int) -> bool:
    return 0 <= number < len(lines) and _ROW.match(lines[number]) is not None


def _cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inside)]


def _from_csv(stem: str, place: str, text: str) -> list[Grid]:
    try:
        dialect: Any = csv.excel_tab if "\t" in text.partition("\n")[0] else csv.excel
        rows = list(csv.reader(io.StringIO(text), dialect))
    except csv.Error:
        return []
    return _grids(stem, place, rows) if len(rows) <= LARGEST else []


def _grids(name: str, place: str, rows: Sequence[Sequence[str]]) -> list[Grid]:
    """Return a table as it stands; one with two columns of labels also with the second of them as columns."""
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        return []
    head, body = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    labels = [
        place for place, _ in enumerate(head) if body and all(read_number(row[place]) is None for row in body)
    ] or [0]
    values = [place for place in range(len(head)) if place not in labels]
    wide = {
        (" ".join(row[label] for label in labels), head[value]): number
        for row in body
        for value in values
        if head[value].strip() and (number := read_number(row[value]))  # below an empty head nobody knows what it is
    }
    found = [Grid(name, place, wide)] if wide else []
    if len(labels) == 2:
        for value in values:
            long = {(row[labels[0]], row[labels[1]]): number for row in body if (number := read_number(row[value]))}
            if long and len(long) == sum(read_number(row[value]) is not None for row in body):
                found.append(Grid(f"{name} {head[value]}", place, long))
    return found


def _from_json(name: str, place: str, value: Any) -> Iterator[Grid]:
    """Yield mappings of mappings of numbers, lists of records, and numbers by name as a table of one column."""
    if isinstance(value, list):
        records = [item for item in value if isinstance(item, dict)]
        if records and len(records) == len(value) <= LARGEST:
            head = list(dict.fromkeys(key for record in records for key in record))
            rows = [[_text(record.get(key, "")) for key in head] for record in records]
            yield from _grids(name, place, [head, *rows])
    if not isinstance(value, dict):
        return
    numbers = {
        (str(row), str(column)): Number(float(inside))
        for row, columns in value.items()
        if isinstance(columns, dict)
        for column, inside in columns.items()
        if _is_number(inside)
    }
    if numbers:
        yield Grid(name, place, numbers)
    flat = {(str(key), ""): Number(float(inside)) for key, inside in value.items() if _is_number(inside)}
    if flat:
        yield Grid(name, place, flat)
    for key, inside in value.items():
        yield from _from_json(f"{name} {key}", place, inside)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
