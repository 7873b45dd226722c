"""Backbones against each other under one method: Table 4 of the paper."""

from collections.abc import Sequence
from functools import partial
from statistics import fmean

from data.errors import ConfigError
from experiments.reports.cells import Cell
from experiments.reports.human import HumanScore
from experiments.reports.missing import note_missing, note_unscored
from experiments.reports.rating import MARKS, best_of, rate
from experiments.reports.samples import SETTINGS, Panel, Samples, gather, score_of, spread
from experiments.reports.table import Column, Entry, Table

_NAMES = {"reference-based": "Ref-based", "reference-free": "Ref-free"}


def backbones_table(
    cells: Sequence[Cell], panel: Panel, method: str, human: Sequence[HumanScore] | None = None
) -> Table:
    """Return the scores of each backbone over all papers, and its ranks among the backbones.

    Args:
        cells: The cells of the experiment.
        panel: The protocol and judge whose scores are shown.
        method: The method that the backbones work for; cells of other methods are left out.
        human: Scores by people; without them the table has no such rows.

    Raises:
        ConfigError: No cell of the method names a backbone, or the human scores name none.
    """
    inside = [cell for cell in cells if cell.method == method and cell.backbone]
    labels = list(dict.fromkeys(cell.backbone for cell in inside))
    if not labels:
        raise ConfigError(f"no cell of the method {method!r} names a backbone; compare methods with the layout methods")
    measures: dict[str, Samples] = {
        _NAMES[setting]: gather(inside, lambda cell: cell.backbone, partial(score_of, panel=panel, setting=setting))
        for setting in SETTINGS
    }
    if human is not None:
        measures["Human"] = _judged_by_people(human, method, labels)
    scores, rankings, notes = [], [], []
    for name, samples in measures.items():
        entries, said = rate(f"{name} score", samples, labels, labels)
        scores.append((Entry("Score ↑"), Entry(name), *(entries[label] for label in labels)))
        ranks = rank(samples)
        means = {label: fmean(values.values()) for label, values in ranks.items() if values}
        best = best_of(means, lowest=True)
        fields = (Entry(spread(ranks.get(label, {})), best=label in best) for label in labels)
        rankings.append((Entry("Ranking ↓"), Entry(name), *fields))
        notes += said + _note_ranked(name, samples, ranks)
    return Table(
        title=f"Backbones of {method} ({panel})",
        caption="Mean (standard deviation) over papers. Rankings are within each paper, 1 for the best; "
        "equal scores share their mean rank.",
        columns=(Column("Measure"), Column("Evaluation"), *map(Column, labels)),
        rows=(*scores, *rankings),
        notes=(MARKS, *note_missing(inside), *note_unscored(inside, panel), *notes),
        stubs=2,
    )


def rank(samples: Samples) -> Samples:
    """Return the rank of each row within each paper, 1 for the highest; ties share their mean rank.

    Papers that a row has no value for are left out: first of two is not first of four. (The ranks in the paper's
    Table 4 add up to less than 1 + 2 + 3 + 4, so there ties seem to have had the better rank.)
    """
    rows = {row: values for row, values in samples.items() if values}
    if not rows:
        return {}
    from scipy import stats

    ranks: Samples = {row: {} for row in rows}
    for paper in _shared(rows):
        places = stats.rankdata([-round(values[paper], 9) for values in rows.values()], method="average")
        for row, place in zip(rows, places, strict=True):
            ranks[row][paper] = float(place)
    return ranks


def _shared(samples: Samples) -> list[str]:
    first, *others = samples.values()
    return [paper for paper in first if all(paper in other for other in others)]


def _note_ranked(name: str, samples: Samples, ranks: Samples) -> list[str]:
    papers = {paper for values in samples.values() for paper in values}
    ranked = len(next(iter(ranks.values()), {}))
    if ranked == len(papers):
        return []
    return [f"{name} ranking: over the {ranked} of {len(papers)} papers that every backbone has a score for."]


def _judged_by_people(human: Sequence[HumanScore], method: str, labels: Sequence[str]) -> Samples:
    if any(score.backbone is None for score in human):
        raise ConfigError("the human scores have no column backbone; add it to compare backbones")
    samples: Samples = {}
    for label in labels:
        mine = [score for score in human if score.backbone == label and score.method in (None, method)]
        papers = dict.fromkeys(score.paper for score in mine)
        samples[label] = {paper: fmean(score.score for score in mine if score.paper == paper) for paper in papers}
    return samples
