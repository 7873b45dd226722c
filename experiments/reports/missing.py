"""Which cells a table does without, said in its notes."""

import textwrap
from collections import defaultdict
from collections.abc import Sequence

from experiments.reports.cells import Cell
from experiments.reports.samples import SETTINGS, Panel, score_of
from experiments.reports.table import one_line


def note_missing(cells: Sequence[Cell]) -> list[str]:
    """Name the cells that failed or are missing, one note for each method."""
    lines: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        if cell.status != "finished":
            error = f": {textwrap.shorten(one_line(cell.error), 120)}" if cell.error else ""
            lines[cell.method].append(f"{_place(cell, cells)} ({cell.status}{error})")
    return [f"Not counted, {method}: {', '.join(places)}." for method, places in lines.items()]


def note_unscored(cells: Sequence[Cell], panel: Panel) -> list[str]:
    """Name the finished cells without a score, for methods that have scores in that setting elsewhere."""
    notes = []
    for setting in SETTINGS:
        scored = {cell.method for cell in cells if score_of(cell, panel, setting) is not None}
        lines: dict[str, list[str]] = defaultdict(list)
        for cell in cells:
            if cell.status == "finished" and cell.method in scored and score_of(cell, panel, setting) is None:
                lines[cell.method].append(_place(cell, cells))
        notes += [f"No {setting} score, {method}: {', '.join(places)}." for method, places in lines.items()]
    return notes


def _place(cell: Cell, cells: Sequence[Cell]) -> str:
    parts = [cell.paper]
    if cell.backbone and len({each.backbone for each in cells if each.backbone}) > 1:
        parts.append(cell.backbone)
    if any(each.repetition > 1 for each in cells):
        parts.append(f"repetition {cell.repetition}")
    return " ".join(parts)
