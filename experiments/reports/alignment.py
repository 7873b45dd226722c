"""How far judges agree with people: Table 5 of the paper."""

from collections.abc import Sequence
from statistics import fmean

from data.errors import ConfigError
from experiments.reports.cells import Cell
from experiments.reports.coefficients import Coefficient, spearman
from experiments.reports.human import HumanScore
from experiments.reports.missing import note_missing
from experiments.reports.samples import SETTINGS, Panel, score_of
from experiments.reports.table import NOTHING, Column, Entry, Table
from program.verdict import Setting

_Pair = tuple[list[Cell], float]
"""The repetitions of one repository, and the mean of its human scores."""


def alignment_table(cells: Sequence[Cell], panels: Sequence[Panel], human: Sequence[HumanScore]) -> Table:
    """Return the rank correlation of human scores with those of each judge in each setting.

    The paper says rank correlation and leaves open which; this is Spearman's, over the repositories of all papers
    together. The score of a judge is its mean over repetitions, the human score the mean over annotators.

    Args:
        cells: The cells of the experiment.
        panels: The judges, all under one protocol.
        human: Human scores.

    Raises:
        ConfigError: A human score may be that of several methods or backbones.
    """
    pairs = _pair(cells, human)
    columns, fields, notes = [Column("Statistic")], [("Spearman's rho", "p", "n")], []
    for setting in SETTINGS:
        for panel in panels:
            column = Column(panel.judge or NOTHING, setting.capitalize())
            points = [(judged, given) for mine, given in pairs if (judged := _judged(mine, panel, setting)) is not None]
            found = spearman([judged for judged, _ in points], [given for _, given in points])
            columns.append(column)
            fields.append(found.fields())
            notes += _notes(f"{column.group}, {column.name}", found, len(pairs))
    return Table(
        title=f"Human alignment ({f'protocol {panels[0].protocol}' if panels[0].protocol else panels[0]})",
        caption="Rank correlation of judges' scores and human scores over repositories.",
        columns=tuple(columns),
        rows=tuple(tuple(Entry(text) for text in row) for row in zip(*fields, strict=True)),
        notes=(*note_missing(cells), *notes),
    )


def _pair(cells: Sequence[Cell], human: Sequence[HumanScore]) -> list[_Pair]:
    given: dict[tuple[str, str | None, str | None], list[HumanScore]] = {}
    for score in human:
        given.setdefault((score.paper, score.method, score.backbone), []).append(score)
    pairs = []
    for scores in given.values():
        mine = [cell for cell in cells if scores[0].concerns(cell)]
        if len({(cell.method, cell.backbone) for cell in mine}) > 1:
            absent = "method" if scores[0].method is None else "backbone"
            raise ConfigError(
                f"the human scores of {scores[0].paper!r} do not say which {absent} they are about; "
                f"add a column {absent} to their CSV"
            )
        pairs.append((mine, fmean(score.score for score in scores)))
    return pairs


def _judged(cells: Sequence[Cell], panel: Panel, setting: Setting) -> float | None:
    found = [score for cell in cells if (score := score_of(cell, panel, setting)) is not None]
    return fmean(found) if found else None


def _notes(name: str, found: Coefficient, given: int) -> list[str]:
    notes = [f"{name}: no correlation: {found.reason}."] if found.reason else []
    if found.n < given:
        notes.append(f"{name}: {given - found.n} of {given} repositories with a human score have none of the judge.")
    return notes
