"""Reference-free against reference-based scores of all repositories: Figure 3 of the paper."""

from collections.abc import Sequence

from experiments.reports.cells import Cell
from experiments.reports.coefficients import Coefficient, pearson, spearman
from experiments.reports.missing import note_missing, note_unscored
from experiments.reports.samples import Panel, label_rows, score_of
from experiments.reports.scatter import Picture, Point, draw_scatter
from experiments.reports.significance import show_p
from experiments.reports.table import Column, Entry, Table


def correlation_table(cells: Sequence[Cell], panel: Panel) -> Table:
    """Return how reference-free and reference-based scores correlate, one point for each repository.

    Repetitions are repositories of their own, as in the paper's figure; only those with both scores count.
    """
    found = _correlate(_points(cells, panel, ()))
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
    found = _correlate(points)
    reason = found["Pearson's r"].reason
    lines = [f"{name} = {each.fields()[0]}, {show_p(each.p)}" for name, each in found.items() if each.p is not None]
    title = "\n".join([*([f"No correlation: {reason}"] if reason else lines), f"n = {len(points)}"])
    return draw_scatter(points, title, "Reference-based score", "Reference-free score")


def _correlate(points: Sequence[Point]) -> dict[str, Coefficient]:
    based, free = [point.x for point in points], [point.y for point in points]
    return {"Pearson's r": pearson(based, free), "Spearman's rho": spearman(based, free)}


def _points(cells: Sequence[Cell], panel: Panel, methods: Sequence[str]) -> list[Point]:
    points = []
    rows = label_rows(cells, methods)
    for key, label in rows.items():
        for cell in cells:
            based, free = (score_of(cell, panel, setting) for setting in ("reference-based", "reference-free"))
            if (cell.method, cell.backbone) == key and based is not None and free is not None:
                points.append(Point(label, based, free))
    return points
