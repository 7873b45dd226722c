"""EM for mixtures of linear experts with a pluggable rejection rule (Algorithm 1)."""

from dataclasses import dataclass, field

import numpy as np
from model import Array, Mixture, gaussian_log_density, logsumexp, student_log_density
from rejection import Rejection


@dataclass(frozen=True)
class TrainConfig:
    """Settings shared by every method (Table 4)."""

    iterations: int
    init_scale: float
    ridge: float
    gate_decay: float
    scale_min: float


@dataclass(frozen=True)
class Noise:
    """Noise model: Gaussian when `dof` is None, else Student-t; one scale per expert or one for all."""

    dof: float | None = None
    shared: bool = False


@dataclass
class Fit:
    """A trained mixture, the last weights of the points, and the kept fraction per iteration."""

    mixture: Mixture
    keep: Array
    kept_fraction: list[float] = field(default_factory=list)


def fit(
    x: Array,
    y: Array,
    experts: int,
    noise: Noise,
    rejection: Rejection,
    config: TrainConfig,
    rng: np.random.Generator,
) -> Fit:
    """Run Algorithm 1 from one random start."""
    mixture = initialise(x, y, experts, config, rng)
    gate_step = np.linalg.inv(0.5 * x.T @ x / len(x) + config.gate_decay * np.eye(x.shape[1]))
    kept_fraction: list[float] = []
    for t in range(config.iterations):
        resp, latent, log_likelihood = expect(mixture, x, y, noise)
        keep = rejection.keep(t / config.iterations, distances(mixture, x, y, resp), log_likelihood)
        kept_fraction.append(float(keep.mean()))
        update_experts(mixture, x, y, resp * keep[:, None], latent, noise.shared, config)
        update_gate(mixture, x, resp * keep[:, None], gate_step, config.gate_decay)
    return Fit(mixture, keep, kept_fraction)


def initialise(x: Array, y: Array, experts: int, config: TrainConfig, rng: np.random.Generator) -> Mixture:
    """Draw random experts, a flat gate, and the normalised median deviation of y as scale."""
    p = x.shape[1]
    weights = rng.normal(scale=config.init_scale, size=(experts, p))
    scale = 1.4826 * np.median(np.abs(y - np.median(y)))
    return Mixture(np.zeros((experts, p)), weights, np.full(experts, scale**2))


def expect(mixture: Mixture, x: Array, y: Array, noise: Noise) -> tuple[Array, Array, Array]:
    """Return responsibilities (n, K), latent precisions (n, K) and log-likelihoods (n,) (Eqs. 4, 5)."""
    squared = mixture.residuals(x, y) ** 2 / mixture.variance
    if noise.dof is None:
        density = gaussian_log_density(squared, mixture.variance)
        latent = np.ones_like(squared)
    else:
        density = student_log_density(squared, mixture.variance, noise.dof)
        latent = (noise.dof + 1) / (noise.dof + squared)
    joint = mixture.log_gate(x) + density
    log_likelihood = logsumexp(joint)
    return np.exp(joint - log_likelihood[:, None]), latent, log_likelihood


def distances(mixture: Mixture, x: Array, y: Array, resp: Array) -> Array:
    """Return d_n, the root mean squared residual under the responsibilities (Eq. 6)."""
    return np.sqrt(np.sum(resp * mixture.residuals(x, y) ** 2, axis=1))


def update_experts(
    mixture: Mixture, x: Array, y: Array, resp: Array, latent: Array, shared: bool, config: TrainConfig
) -> None:
    """Solve the weighted ridge regressions and re-estimate the scales, in place (Eqs. 10, 11)."""
    influence = resp * latent
    ridge = config.ridge * np.eye(x.shape[1])
    for k in range(len(mixture.weights)):
        weighted = x * influence[:, k, None]
        mixture.weights[k] = np.linalg.solve(weighted.T @ x + ridge, weighted.T @ y)
    squares = np.sum(influence * mixture.residuals(x, y) ** 2, axis=0)
    mass = resp.sum(axis=0)
    if shared:
        squares, mass = np.full_like(squares, squares.sum()), np.full_like(mass, mass.sum())
    mixture.variance = np.maximum(squares / (mass + 1e-9), config.scale_min**2)


def update_gate(mixture: Mixture, x: Array, resp: Array, gate_step: Array, decay: float) -> None:
    """Take one bound-optimisation step on the gate, in place (Eqs. 12, 13)."""
    expected = np.exp(mixture.log_gate(x)) * resp.sum(axis=1, keepdims=True)
    gradient = (resp - expected).T @ x / len(x) - decay * mixture.gate
    mixture.gate = mixture.gate + gradient @ gate_step
