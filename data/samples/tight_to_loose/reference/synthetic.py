"""Piecewise-linear regression data with contaminated responses (Section 3.1)."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class DataConfig:
    """Sizes and scales of the generator (Table 4)."""

    experts: int
    features: int
    train: int
    test: int
    gate_scale: float
    noise: float
    skewed_width: float
    heavy_scale: float


@dataclass(frozen=True)
class Contamination:
    """Kind of outliers ('skewed' or 'heavy') and their rate rho."""

    kind: str
    rate: float


@dataclass(frozen=True)
class Problem:
    """One draw of the task; inputs carry a constant last column."""

    x_train: Array  # (n, d + 1)
    y_train: Array  # (n,)
    outlier: Array  # (n,) bool
    x_test: Array  # (m, d + 1)
    y_test: Array  # (m,), never contaminated
    weights: Array  # (K, d + 1), the true experts


def sample_problem(config: DataConfig, contamination: Contamination, seed: int) -> Problem:
    """Draw the true mixture, a contaminated training set and a clean test set (Eqs. 1 and 2)."""
    rng = np.random.default_rng(seed)
    k, d = config.experts, config.features
    gate = rng.normal(scale=config.gate_scale / np.sqrt(d), size=(k, d))
    weights = rng.normal(size=(k, d + 1))
    x_train, y_clean = _sample_clean(rng, config.train, gate, weights, config.noise)
    x_test, y_test = _sample_clean(rng, config.test, gate, weights, config.noise)
    outlier = rng.random(config.train) < contamination.rate
    y_train = np.where(outlier, y_clean + _sample_shift(rng, config, contamination.kind), y_clean)
    return Problem(x_train, y_train, outlier, x_test, y_test, weights)


def _sample_clean(
    rng: np.random.Generator, n: int, gate: Array, weights: Array, noise: float
) -> tuple[Array, Array]:
    """Draw inputs and responses from the uncontaminated mixture (Eq. 1)."""
    features = rng.normal(size=(n, gate.shape[1]))
    # Adding Gumbel noise to the logits and taking the maximum samples from their softmax.
    label = np.argmax(features @ gate.T + rng.gumbel(size=(n, len(gate))), axis=1)
    x = np.column_stack([features, np.ones(n)])
    return x, np.sum(x * weights[label], axis=1) + noise * rng.normal(size=n)


def _sample_shift(rng: np.random.Generator, config: DataConfig, kind: str) -> Array:
    """Draw one shift per training point from the contaminating distribution (Eq. 2)."""
    if kind == "skewed":
        return rng.uniform(0.0, config.skewed_width, size=config.train)
    if kind == "heavy":
        return config.heavy_scale * rng.standard_cauchy(size=config.train)
    raise ValueError(f"contamination kind must be 'skewed' or 'heavy', got {kind!r}")
