"""Whether the best of a column is better than the rest, paired over papers.

The paper prints means and standard deviations only. Here the best method is held against each of the others by a
sign-flip permutation test on the differences within papers, two-sided, corrected after Holm within the column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

LEVEL = 0.05

RESAMPLES = 100_000
"""The test is exact for up to 16 papers; for more, that many sign flips are drawn with a fixed seed."""


@dataclass(frozen=True)
class Comparison:
    """The best of a column against one other."""

    best: str
    rival: str
    difference: float
    """Mean difference over the papers of both; positive if the best is ahead."""
    p: float
    """Corrected."""
    reachable: float
    """The smallest corrected p that so many papers allow."""
    papers: int


def compare(samples: Mapping[str, Mapping[str, float]]) -> list[Comparison]:
    """Hold the row with the highest mean against each other row that has values."""
    rows = {row: values for row, values in samples.items() if values}
    if len(rows) < 2:
        return []
    best = max(rows, key=lambda row: fmean(rows[row].values()))
    differences = {
        row: [round(rows[best][paper] - value, 10) for paper, value in values.items() if paper in rows[best]]
        for row, values in rows.items()
        if row != best
    }
    found = holm([sign_flip(values) for values in differences.values()])
    reachable = holm([_smallest(len(values)) for values in differences.values()])
    return [
        Comparison(best, row, fmean(values) if values else 0.0, p, least, len(values))
        for (row, values), p, least in zip(differences.items(), found, reachable, strict=True)
    ]


def beats_all(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether the best is significantly better than every other."""
    return bool(comparisons) and all(each.p < LEVEL and each.difference > 0 for each in comparisons)


def describe(comparisons: Sequence[Comparison]) -> str:
    """Return the comparisons of a column as one line."""
    parts = [f"best {each.best} against {each.rival}: {_figures(each)}" for each in comparisons]
    short = [each for each in comparisons if each.reachable >= LEVEL]
    if short:
        rivals = "" if len(short) == len(comparisons) else f" against {', '.join(each.rival for each in short)}"
        least = min(each.reachable for each in short)
        parts.append(
            f"too few papers to ever reach p < {LEVEL}{rivals} (smallest possible after correction: {least:.3g})"
        )
    return "; ".join(parts)


def sign_flip(differences: Sequence[float]) -> float:
    """Return the two-sided p of the mean of paired differences under all flips of their signs."""
    if len(differences) < 2 or not any(differences):
        return 1.0
    import numpy as np
    from scipy import stats

    result = stats.permutation_test(
        (np.asarray(differences),),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=10_000,
        alternative="two-sided",
        rng=0,
    )
    return float(result.pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """Correct p values for their number by Holm's step-down procedure."""
    corrected = [0.0] * len(values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[index]))
        corrected[index] = highest
    return corrected


def show_p(p: float) -> str:
    """Return `p = 0.031` or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _smallest(papers: int) -> float:
    """All signs equal is one of the 2^n flips, and its mirror image another."""
    return max(2.0 ** (1 - papers), 1 / RESAMPLES) if papers else 1.0


def _figures(comparison: Comparison) -> str:
    if not comparison.papers:
        return "no paper in common"
    papers = "1 paper" if comparison.papers == 1 else f"{comparison.papers} papers"
    return f"difference {comparison.difference:.2f}, {show_p(comparison.p)}, n = {papers}"
