"""Rules that decide how much each training point counts in the M-step (Sections 2.2 and 3.2)."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

import numpy as np

Array = np.ndarray


class Rejection(Protocol):
    """A stateful rule, called once per EM iteration."""

    def keep(self, progress: float, distance: Array, log_likelihood: Array) -> Array:
        """Return one weight in [0, 1] per point.

        Args:
            progress: t / T, from 0 to 1.
            distance: d_n, the responsibility-weighted residual, shape (n,) (Eq. 6).
            log_likelihood: log p(y_n | x_n) under the current mixture, shape (n,).
        """


class KeepAll:
    """Plain maximum likelihood: every point counts."""

    def keep(self, progress: float, distance: Array, log_likelihood: Array) -> Array:
        """Return ones."""
        return np.ones_like(distance)


@dataclass
class FixedTrim:
    """Drop the fraction `alpha` of points with the lowest likelihood, at every iteration."""

    alpha: float

    def keep(self, progress: float, distance: Array, log_likelihood: Array) -> Array:
        """Return 0 for the trimmed points and 1 for the others."""
        return (log_likelihood >= np.quantile(log_likelihood, self.alpha)).astype(float)


@dataclass
class UniformBackground:
    """An extra component, uniform on the range of y, whose mixing weight is learned."""

    log_density: float
    rate: float
    rate_max: float = 0.6

    def keep(self, progress: float, distance: Array, log_likelihood: Array) -> Array:
        """Return the posterior probability of not being background, and update the rate."""
        background = np.log(self.rate) + self.log_density
        inlier = np.log1p(-self.rate) + log_likelihood
        keep = np.exp(inlier - np.logaddexp(background, inlier))
        self.rate = float(np.clip(1 - keep.mean(), 1e-3, self.rate_max))
        return keep


@dataclass
class TightToLoose:
    """Reject beyond c_t robust scales, with c_t growing during training (Eqs. 7 to 9)."""

    start: float
    end: float
    release: float
    quantile: float
    scale_min: float
    corrected: bool = True
    rejected: float = 0.0

    def threshold(self, progress: float) -> float:
        """Return c_t (Eq. 9)."""
        return self.start + (self.end - self.start) * min(1.0, progress / self.release)

    def keep(self, progress: float, distance: Array, log_likelihood: Array) -> Array:
        """Return 1 for points within the threshold and update the rejected fraction (Eq. 8)."""
        keep = distance <= self.threshold(progress) * self._scale(distance)
        self.rejected = 1.0 - float(keep.mean())
        return keep.astype(float)

    def _scale(self, distance: Array) -> float:
        """Return the quantile scale, corrected for the points rejected before (Eq. 7)."""
        level = self.quantile / (1 - self.rejected) if self.corrected else self.quantile
        normal_quantile = NormalDist().inv_cdf(0.5 + 0.5 * min(level, 0.95))
        return max(float(np.quantile(distance, self.quantile)) / normal_quantile, self.scale_min)
