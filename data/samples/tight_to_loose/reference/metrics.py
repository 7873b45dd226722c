"""Prediction error and recovery of the true experts (Section 3.4)."""

from itertools import permutations

import numpy as np
from model import Array, Mixture
from synthetic import Problem

RECOVERED_BELOW = 0.2


def evaluate(mixture: Mixture, problem: Problem) -> dict[str, float]:
    """Return clean test RMSE, mean coefficient error and the fraction of experts recovered."""
    error = mixture.predict(problem.x_test) - problem.y_test
    coefficient = matched_errors(mixture.weights, problem.weights)
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "coefficient": float(coefficient.mean()),
        "recovered": float(np.mean(coefficient < RECOVERED_BELOW)),
    }


def matched_errors(estimate: Array, truth: Array) -> Array:
    """Return each true expert's relative error under the best one-to-one matching, shape (K,) (Eq. 15)."""
    gaps = np.linalg.norm(estimate[:, None] - truth[None], axis=2) / np.linalg.norm(truth, axis=1)
    column = np.arange(len(truth))
    best = min(permutations(range(len(truth))), key=lambda order: gaps[list(order), column].sum())
    return gaps[list(best), column]
