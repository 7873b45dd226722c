"""Reference-free against reference-based scores of all repositories: Figure 3 of the paper."""

from collections.abc import Sequence

from experiments.reports.cells import Cell
from experiments.reports.coefficients import pearson, spearman
from experiments.reports.missing import note_missing, note_unscored
from experiments.reports.samples import Panel, label_rows, score_of
from experiments.reports.scatter import Picture, Point, draw_scatter
from experiments.reports.table import Column, Entry, Table


def correlation_table(cells: Sequence[Cell], panel: Panel) -> Table:
    """Return how reference-free and reference-based scores correlate, one point for each repository.

    Repetitions are repositories of their own, as in the paper's figure; only those with both scores count.
    """
    points = _points(cells, panel, ())
    based, free = [point.x for point in points], [point.y for point in points]
    found = {"Pearson's r": pearson(based, free), "Spearman's rho": spearman(based, free)}
    rows = tuple(tuple(map(Entry, (name, *each.fields()))) for name, each in found.items())
    reason = found["Pearson's r"].reason
    return Table(
        title=f"Correlation ({panel})",
        caption="Reference-based and reference-free scores of the same repositories; p is two-sided.",
        columns=(Column("Coefficient"), Column("Value"), Column("p"), Column("n")),
        rows=rows,
        notes=(*([f"No correlation: {reason}."] if reason else []), *note_missing(cells), *note_unscored(cells, panel)),
    )


def correlation_figure(cells: Sequence[Cell], panel: Panel, methods: Sequence[str]) -> Picture | None:
    """Draw the repositories by their two scores, coloured by method; None if none has both.

    Args:
        cells: The cells of the experiment.
        panel: The protocol and judge whose scores are shown.
        methods: The order of the legend; methods not named come last.
    """
    points = _points(cells, panel, methods)
    if not points:
        return None
    found = pearson([point.x for point in points], [point.y for point in points])
    value, p, n = found.fields()
    p = p if p.startswith("<") else f"= {p}"
    title = f"n = {n}, no correlation" if found.reason else f"Pearson's r = {value}, p {p}, n = {n}"
    return draw_scatter(points, title, "Reference-based score", "Reference-free score")


def _points(cells: Sequence[Cell], panel: Panel, methods: Sequence[str]) -> list[Point]:
    points = []
    rows = label_rows(cells, methods)
    for key, label in rows.items():
        for cell in cells:
            based, free = (score_of(cell, panel, setting) for setting in ("reference-based", "reference-free"))
            if (cell.method, cell.backbone) == key and based is not None and free is not None:
                points.append(Point(label, based, free))
    return points
