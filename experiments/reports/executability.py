"""What it takes to make repositories run: Table 7 of the paper."""

from collections.abc import Callable, Sequence
from statistics import fmean

from experiments.reports.cells import Cell, Executability
from experiments.reports.missing import note_missing
from experiments.reports.table import Column, Entry, Table

_ROWS: Sequence[tuple[str, Callable[[Executability], float], int]] = (
    ("Modified lines", lambda found: found.modified_lines, 0),
    ("Total lines", lambda found: found.total_lines, 0),
    ("Percentage", lambda found: found.percentage, 2),
    ("Rounds", lambda found: found.rounds, 0),
    ("Runs", lambda found: found.runs, 0),
)


def executability_table(cells: Sequence[Cell], method: str, backbone: str) -> Table:
    """Return the modified lines, the total lines and their share for each repository of a method.

    The paper divides its sums by six, although it lists five repositories; here averages are over those listed.

    Args:
        cells: The cells of the experiment.
        method: Whose repositories are shown.
        backbone: Of the authors.
    """
    own = [cell for cell in cells if (cell.method, cell.backbone) == (method, backbone)]
    shown = [(cell, cell.executability) for cell in own if cell.executability]
    several = len({cell.repetition for cell, _ in shown}) > 1
    names = [f"{cell.paper} {cell.repetition}" if several else cell.paper for cell, _ in shown]
    rows = []
    for title, value, digits in _ROWS:
        values = [value(found) for _, found in shown]
        average = f"{fmean(values):.2f}" if values else "-"
        rows.append(tuple(map(Entry, [title, *(f"{number:.{digits}f}" for number in values), average])))
    notes = [
        f"{name} does not run: {found.failure}" for name, (_, found) in zip(names, shown, strict=True) if not found.runs
    ]
    return Table(
        title=f"Executability ({method}{f', {backbone}' if backbone else ''})",
        caption="Lines modified until the repository runs, or until the debugger gives up; of all its lines.",
        columns=tuple(map(Column, ["Repo Name", *names, "Average"])),
        rows=tuple(rows),
        notes=(*notes, *note_missing([cell for cell in own if not cell.executability])),
    )
