"""The mixture of linear experts: gate, experts and prediction (Section 2.1)."""

from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np

Array = np.ndarray


@dataclass
class Mixture:
    """Parameters of K linear experts under a softmax gate; p counts the constant column."""

    gate: Array  # V, (K, p)
    weights: Array  # W, (K, p)
    variance: Array  # sigma squared, (K,)

    def log_gate(self, x: Array) -> Array:
        """Return log g_k(x), shape (n, K) (Eq. 3)."""
        return log_softmax(x @ self.gate.T)

    def residuals(self, x: Array, y: Array) -> Array:
        """Return e_nk = y_n - w_k^T x_n, shape (n, K)."""
        return y[:, None] - x @ self.weights.T

    def predict(self, x: Array) -> Array:
        """Return the gate-weighted mean of the experts, shape (n,) (Eq. 14)."""
        return np.sum(np.exp(self.log_gate(x)) * (x @ self.weights.T), axis=1)


def log_softmax(logits: Array) -> Array:
    """Return the row-wise log-softmax."""
    return logits - logsumexp(logits)[:, None]


def logsumexp(values: Array) -> Array:
    """Return the row-wise log of the sum of exponentials, shape (n,)."""
    top = values.max(axis=1)
    return top + np.log(np.exp(values - top[:, None]).sum(axis=1))


def gaussian_log_density(squared: Array, variance: Array) -> Array:
    """Return log N(e; 0, sigma^2), given e^2 / sigma^2."""
    return -0.5 * (np.log(2 * pi * variance) + squared)


def student_log_density(squared: Array, variance: Array, dof: float) -> Array:
    """Return the log density of a Student-t with `dof` degrees of freedom, given e^2 / sigma^2."""
    constant = lgamma((dof + 1) / 2) - lgamma(dof / 2) - 0.5 * log(dof * pi)
    return constant - 0.5 * np.log(variance) - 0.5 * (dof + 1) * np.log1p(squared / dof)
