"""The fields of one series of scores: means, the best of them, and whether it is significantly the best."""

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from experiments.reports.samples import Rows, Samples, spread
from experiments.reports.significance import LEVEL, beats_all, compare, describe
from experiments.reports.table import Entry

MARKS = f"Bold: the best. *: significantly better than every other (sign-flip test over papers, Holm, p < {LEVEL})."

UPPER_BOUND = "oracle"
"""The paper's name for the authors' own repository: shown, but no competitor."""


def rate(
    name: str, samples: Samples, labels: Sequence[str], competing: Collection[str]
) -> tuple[dict[str, Entry], list[str]]:
    """Return the field of each label, and the notes of the series.

    Args:
        name: What the notes call the series.
        samples: Values by label and paper; higher is better.
        labels: All labels, in order.
        competing: The labels that the best is chosen from.
    """
    rivals = {label: samples[label] for label in labels if label in competing and samples.get(label)}
    comparisons = compare(rivals)
    best = best_of({label: fmean(values.values()) for label, values in rivals.items()})
    marked = comparisons[0].best if beats_all(comparisons) else None
    entries = {
        label: Entry(spread(samples.get(label, {})), best=label in best, significant=label == marked)
        for label in labels
    }
    notes = [f"{name}: {describe(comparisons)}."] if comparisons else []
    return entries, notes + count_papers(name, samples, labels)


def competitors(rows: Rows) -> list[str]:
    """Return the rows that the best is chosen from: all but Oracle."""
    return [label for (method, _), label in rows.items() if method.casefold() != UPPER_BOUND]


def note_marks(rows: Rows) -> list[str]:
    """Say what the marks of a table of methods mean."""
    apart = [label for label in rows.values() if label not in competitors(rows)]
    return [MARKS, *(f"{label} is the authors' own repository, an upper bound: not compared." for label in apart)]


def best_of(means: Mapping[str, float], lowest: bool = False) -> set[str]:
    """Return the labels with the highest (or lowest) mean; none if there is nothing to compare."""
    if len(means) < 2:
        return set()
    top = min(means.values()) if lowest else max(means.values())
    return {label for label, value in means.items() if abs(value - top) < 1e-9}


def count_papers(name: str, samples: Samples, labels: Sequence[str]) -> list[str]:
    """Say how many papers each mean is over, where that differs."""
    counts = {label: len(samples[label]) for label in labels if samples.get(label)}
    if len(set(counts.values())) < 2:
        return []
    return [f"{name}: papers differ, n = {', '.join(f'{count} ({label})' for label, count in counts.items())}."]
