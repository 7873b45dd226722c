"""Is a compiled program better? A paired bootstrap over papers, and what it was not optimized for."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

RESAMPLES = 10_000

NOTICEABLE = 0.01
"""A guard that falls by less has not fallen."""


def paired_bootstrap(before: Sequence[float], after: Sequence[float], seed: int = 0) -> dict[str, float | None]:
    """Return the mean difference of paired scores with its 95 % percentile interval.

    Args:
        before: Scores, one for each paper.
        after: Scores of the same papers in the same order.
        seed: Of the resampling.

    Returns:
        `mean`, `low`, `high`; the interval is None with fewer than two papers, of which there is nothing to resample.
    """
    differences = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    if len(differences) < 2:
        return {"mean": float(differences.mean()) if len(differences) else None, "low": None, "high": None}
    drawn = np.random.default_rng(seed).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), [2.5, 97.5])
    return {"mean": float(differences.mean()), "low": float(low), "high": float(high)}


def warn_of_gaming(gain: float | None, before: Mapping[str, float], after: Mapping[str, float]) -> str | None:
    """Say so where the metric rose and what was not optimized fell."""
    fallen = [
        f"{name} fell from {before[name]:.2f} to {after[name]:.2f}"
        for name in before
        if name in after and after[name] < before[name] - NOTICEABLE
    ]
    if gain is None or gain <= 0 or not fallen:
        return None
    return f"WARNING: the judge's score rose by {gain:.2f} while {', '.join(fallen)}: the judge may have been gamed"


def mean_guards(guards: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each guard over papers."""
    names = dict.fromkeys(name for guard in guards for name in guard)
    return {name: fmean(guard[name] for guard in guards if name in guard) for name in names}
