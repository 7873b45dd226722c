"""What each stage adds: Table 6 of the paper."""

from collections.abc import Sequence
from functools import partial

from experiments.reports.cells import Cell
from experiments.reports.missing import note_missing, note_unscored
from experiments.reports.rating import competitors, note_marks, rate
from experiments.reports.samples import SETTINGS, Panel, gather, label_rows, row_of, score_of
from experiments.reports.table import Column, Entry, Table

_COLUMNS = {"reference-based": "Ref-based", "reference-free": "Ref-free"}


def ablations_table(cells: Sequence[Cell], panel: Panel, methods: Sequence[str]) -> Table:
    """Return the scores of each method over all papers.

    Args:
        cells: The cells of the experiment.
        panel: The protocol and judge whose scores are shown.
        methods: The order of the rows, each with one stage more; methods not named come last.
    """
    rows = label_rows(cells, methods)
    labels = list(rows.values())
    columns, fields, notes = [Column("Method")], [{label: Entry(label) for label in labels}], []
    for setting in SETTINGS:
        samples = gather(cells, row_of(rows), partial(score_of, panel=panel, setting=setting))
        entries, said = rate(_COLUMNS[setting], samples, labels, competitors(rows))
        columns.append(Column(_COLUMNS[setting]))
        fields.append(entries)
        notes += said
    groups = ", ".join(dict.fromkeys(cell.group for cell in cells))
    return Table(
        title=f"Ablations ({panel})",
        caption=f"Mean correctness score, 1 to 5 (standard deviation), over the papers of {groups}.",
        columns=tuple(columns),
        rows=tuple(tuple(field[label] for field in fields) for label in labels),
        notes=(*note_marks(rows), *note_missing(cells), *note_unscored(cells, panel), *notes),
    )
