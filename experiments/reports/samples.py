"""What the tables are computed from: one value for each row and paper, repetitions averaged first."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from experiments.reports.cells import Cell, CellScore
from experiments.reports.table import NOTHING
from program.verdict import Setting

SETTINGS: tuple[Setting, ...] = ("reference-based", "reference-free")
"""In the order of the paper's tables."""

Samples = dict[str, dict[str, float]]
"""Value by row and paper."""

Rows = dict[tuple[str, str], str]
"""Label of a row by method and backbone, in the order of the table."""


@dataclass(frozen=True)
class Panel:
    """Whose scores a table shows: scores of two judges or two protocols are never averaged."""

    protocol: str
    judge: str

    def __str__(self) -> str:
        return f"protocol {self.protocol}, judge {self.judge}" if self.judge else "no scores"


def panels(cells: Iterable[Cell]) -> list[Panel]:
    """Return the protocols and judges of the cells in the order they appear; one empty panel if there is no score."""
    found = {Panel(score.protocol, score.judge): None for cell in cells for score in valid_scores(cell)}
    # "paper" before "grounded"; judges as they appear
    return sorted(found, key=lambda panel: panel.protocol, reverse=True) or [Panel("", "")]


def valid_scores(cell: Cell) -> list[CellScore]:
    """Return the scores that count: a cell that is not finished has none, nor has a judge with no valid sample."""
    if cell.status != "finished":
        return []
    return [score for score in cell.scores if (score.valid > 0 or score.floor) and math.isfinite(score.mean)]


def score_of(cell: Cell, panel: Panel, setting: Setting) -> float | None:
    """Return the correctness score of a cell."""
    return _mean(score.mean for score in _scores(cell, panel, setting))


def coverage_of(cell: Cell, panel: Panel, setting: Setting) -> float | None:
    """Return the share of components implemented in a cell."""
    return _mean(score.coverage for score in _scores(cell, panel, setting) if score.coverage is not None)


def label_rows(cells: Sequence[Cell], methods: Sequence[str]) -> Rows:
    """Return the rows of a table of methods: those named first, in their order, then the others as they appear.

    With several backbones in the cells a method has one row for each.
    """
    names = dict.fromkeys([*methods, *(cell.method for cell in cells)])
    several = len({cell.backbone for cell in cells if cell.backbone}) > 1
    rows: Rows = {}
    for name in names:
        backbones = dict.fromkeys(cell.backbone for cell in cells if cell.method == name) or {"": None}
        rows |= {(name, each): f"{name} ({each})" if several and each else name for each in backbones}
    return rows


def row_of(rows: Rows) -> Callable[[Cell], str | None]:
    """Return what finds the label of a cell's row."""
    return lambda cell: rows.get((cell.method, cell.backbone))


def gather(
    cells: Iterable[Cell], label: Callable[[Cell], str | None], value: Callable[[Cell], float | None]
) -> Samples:
    """Return the mean over repetitions for each row and paper; cells without a value are left out.

    Args:
        cells: The cells.
        label: Row of a cell; None leaves it out.
        value: Value of a cell; None if it has none.
    """
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        row, number = label(cell), value(cell)
        if row is not None and number is not None:
            found[row][cell.paper].append(number)
    return {row: {paper: fmean(values) for paper, values in papers.items()} for row, papers in found.items()}


def spread(values: Mapping[str, float]) -> str:
    """Return `mean (standard deviation)` over papers.

    The paper does not say which standard deviation it means. It is that of a sample (n - 1): the ranks 1 and 2 of
    Table 3, 1.14 (0.36) and 1.07 (0.27), come out so for 14 papers, and not with n.
    """
    if not values:
        return NOTHING
    deviation = f"{stdev(values.values()):.2f}" if len(values) > 1 else NOTHING
    return f"{fmean(values.values()):.2f} ({deviation})"


def _scores(cell: Cell, panel: Panel, setting: Setting) -> list[CellScore]:
    return [
        score
        for score in valid_scores(cell)
        if (score.protocol, score.judge, score.setting) == (panel.protocol, panel.judge, setting)
    ]


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None
