"""Rejection rules (Sections 2.3 and 3.2)."""

import numpy as np


def threshold(iteration: int, iterations: int) -> float:
    """Return c_t, which grows from tight to loose (Equation 9)."""
    return 0.0


def robust_scale(residuals: np.ndarray, kept: float) -> float:
    """Return the quantile of the residuals, corrected for the points rejected so far (Equation 8)."""
    ...


def reject(residuals: np.ndarray, scale: float, c: float) -> np.ndarray:
    """Return which points are kept (Equation 7)."""
    pass
