"""Correlation coefficients with their p values."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.reports.significance import show_p
from experiments.reports.table import NOTHING

_EXACT = 7
"""Up to so many points p is over all their permutations; the usual distribution is wrong there (0 for 3 on a line)."""


@dataclass(frozen=True)
class Coefficient:
    """A correlation, or why there is none."""

    n: int
    value: float | None = None
    p: float | None = None
    reason: str = ""
    """Empty if there is a value."""

    def fields(self) -> tuple[str, str, str]:
        """Return value, p and n as they stand in a table."""
        if self.value is None or self.p is None:
            return NOTHING, NOTHING, str(self.n)
        return f"{self.value:.2f}", show_p(self.p).removeprefix("p ").removeprefix("= "), str(self.n)


def pearson(first: Sequence[float], second: Sequence[float]) -> Coefficient:
    """Return Pearson's r of paired values, two-sided p."""
    n = len(first)
    if n < 3:
        return Coefficient(n, reason=f"{n} of the 3 points that a correlation needs")
    if _constant(first) or _constant(second):
        return Coefficient(n, reason="one of the scores is the same at all points")
    from scipy import stats

    method = stats.PermutationMethod(n_resamples=10_000) if n <= _EXACT else None
    result = stats.pearsonr(first, second, method=method)
    return Coefficient(n, float(result.statistic), float(result.pvalue))


def spearman(first: Sequence[float], second: Sequence[float]) -> Coefficient:
    """Return Spearman's rho of paired values, two-sided p: Pearson's r of their ranks, ties sharing the mean."""
    from scipy import stats

    ranks = [
        [float(rank) for rank in stats.rankdata([round(value, 9) for value in values])] for values in (first, second)
    ]
    return pearson(*ranks)


def _constant(values: Sequence[float]) -> bool:
    return max(values) - min(values) < 1e-9
