"""Methods against each other on every group of papers: Table 1 of the paper."""

from collections.abc import Sequence
from functools import partial
from statistics import fmean

from experiments.reports.cells import Cell
from experiments.reports.missing import note_missing, note_unscored
from experiments.reports.rating import competitors, note_marks, rate
from experiments.reports.samples import (
    SETTINGS,
    Panel,
    Rows,
    Samples,
    coverage_of,
    gather,
    label_rows,
    row_of,
    score_of,
)
from experiments.reports.table import NOTHING, Column, Entry, Table

_STATISTICS = {"# of Tokens": "tokens", "# of Files": "files", "# of Funcs": "functions", "# of Lines": "lines"}


def methods_table(cells: Sequence[Cell], panel: Panel, methods: Sequence[str]) -> Table:
    """Return the scores of each method on each group of papers, and the size of its repositories.

    The best is chosen among all methods but Oracle, which the paper shows as an upper bound. The coverage that the
    protocol `grounded` finds is over all groups.

    Args:
        cells: The cells of the experiment.
        panel: The protocol and judge whose scores are shown.
        methods: The order of the rows; methods not named come last.
    """
    rows = label_rows(cells, methods)
    labels = list(rows.values())
    columns, fields, notes = [Column("Method")], [{label: Entry(label) for label in labels}], []
    for column, samples in _scores(cells, panel, rows):
        entries, said = rate(f"{column.group}, {column.name}", samples, labels, competitors(rows))
        columns.append(column)
        fields.append(entries)
        notes += said
    for name, field in _STATISTICS.items():
        columns.append(Column(name, "Statistics"))
        fields.append(_sizes(cells, rows, field))
    return Table(
        title=f"Methods ({panel})",
        caption="Mean correctness score, 1 to 5 (standard deviation), over the papers of each group, "
        "and mean size of the repositories.",
        columns=tuple(columns),
        rows=tuple(tuple(field[label] for field in fields) for label in labels),
        notes=(*note_marks(rows), *note_missing(cells), *note_unscored(cells, panel), *notes),
    )


def _scores(cells: Sequence[Cell], panel: Panel, rows: Rows) -> list[tuple[Column, Samples]]:
    found = []
    for setting in SETTINGS:
        for group in dict.fromkeys(cell.group for cell in cells):
            inside = [cell for cell in cells if cell.group == group]
            samples = gather(inside, row_of(rows), partial(score_of, panel=panel, setting=setting))
            found.append((Column(group, setting.capitalize()), samples))
        if panel.protocol == "grounded":
            samples = gather(cells, row_of(rows), partial(coverage_of, panel=panel, setting=setting))
            found.append((Column("Coverage", setting.capitalize()), samples))
    return found


def _sizes(cells: Sequence[Cell], rows: Rows, field: str) -> dict[str, Entry]:
    finished = [cell for cell in cells if cell.status == "finished" and cell.statistics]
    sizes = gather(finished, row_of(rows), lambda cell: float(getattr(cell.statistics, field)))
    return {
        label: Entry(f"{fmean(sizes[label].values()):.2f}" if label in sizes else NOTHING) for label in rows.values()
    }
