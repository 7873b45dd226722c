"""The compared estimators: each observes transitions of B seeds and returns value estimates (Sections 2, 3.2)."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from eligibility import Trace
from least_squares import LeastSquares
from problems import Array


class Method(Protocol):
    """An online estimator of state values."""

    def observe(self, state: Array, reward: Array, discount: Array, following: Array) -> None:
        """Learn from one transition per seed; all arguments have shape (B,)."""

    def estimate(self) -> Array:
        """Return the current values, shape (B, S)."""


class PlainTD:
    """TD(lambda) from a constant initial value."""

    def __init__(self, group: Array, *, trace: float, exponent: float, initial: float = 0.0) -> None:
        self._trace = Trace(group.shape, trace, exponent)
        self._values = np.full(group.shape, initial)
        self._seed = np.arange(len(group))

    def observe(self, state: Array, reward: Array, discount: Array, following: Array) -> None:
        """Apply Eqs. 2 to 5."""
        values, seed = self._values, self._seed
        error = reward + discount * values[seed, following] - values[seed, state]
        values += self._trace.enter(state) * error[:, None]
        self._trace.leave(discount)

    def estimate(self) -> Array:
        """Return the table."""
        return self._values


class ShadowTD:
    """TD(lambda) whose initial values are chosen last (Algorithm 1)."""

    def __init__(
        self,
        group: Array,
        *,
        trace: float,
        exponent: float,
        ridge: float,
        half_life: float | None = None,
        initial: float = 0.0,
        equation: str = "errors",
    ) -> None:
        if equation not in ("errors", "consistency"):
            raise ValueError(f"equation must be 'errors' or 'consistency', got {equation!r}")
        self._equation, self._group, self._ridge = equation, group, ridge
        self._trace = Trace(group.shape, trace, exponent)
        self._values = np.full(group.shape, initial)
        self._shadows = np.eye(group.max() + 1)[group]  # (B, S, k)
        self._system = LeastSquares(len(group), group.max() + 1, ridge, half_life)
        self._seed = np.arange(len(group))

    def observe(self, state: Array, reward: Array, discount: Array, following: Array) -> None:
        """Update the table, the shadows and the equations of theta (Eqs. 2 to 6, 8)."""
        values, shadows, seed = self._values, self._shadows, self._seed
        error = reward + discount * values[seed, following] - values[seed, state]
        shadow_error = discount[:, None] * shadows[seed, following] - shadows[seed, state]
        self._system.add(self._group[seed, state], -shadow_error, error)
        share = self._trace.enter(state)
        values += share * error[:, None]
        shadows += share[:, :, None] * shadow_error[:, None, :]
        self._trace.leave(discount)

    def residue(self) -> Array:
        """Return the weight of the initial values in every estimate, shape (B, S)."""
        return self._shadows.sum(axis=2)

    def estimate(self) -> Array:
        """Return the table with the initial values put in afterwards (Eqs. 7, 9)."""
        theta = self._system.solve() if self._equation == "errors" else self._consistent()
        return self._values + np.einsum("bsk,bk->bs", self._shadows, theta)

    def _consistent(self) -> Array:
        """Return the theta that equals the visit-weighted mean estimate of every tile (Eq. 13)."""
        indicator = np.eye(self._shadows.shape[2])[self._group]
        weighted = indicator * self._trace.visits[:, :, None]
        matrix = np.einsum("bsk,bsj->bkj", weighted, indicator - self._shadows)
        vector = np.einsum("bsk,bs->bk", weighted, self._values)
        return np.linalg.solve(matrix + self._ridge * np.eye(matrix.shape[1]), vector[:, :, None])[:, :, 0]


class LateStart:
    """TD(lambda) that starts after `wait` steps, from the LSTD solution on the partition."""

    def __init__(self, group: Array, *, trace: float, exponent: float, ridge: float, wait: int) -> None:
        self._coarse, self._table = LSTD(group, ridge=ridge), PlainTD(group, trace=trace, exponent=exponent)
        self._wait, self._seen = wait, 0

    def observe(self, state: Array, reward: Array, discount: Array, following: Array) -> None:
        """Feed LSTD until the start, the table after it."""
        if self._seen == self._wait:
            self._table.estimate()[:] = self._coarse.estimate()
        (self._coarse if self._seen < self._wait else self._table).observe(state, reward, discount, following)
        self._seen += 1

    def estimate(self) -> Array:
        """Return the solution so far before the start, the table after it."""
        return (self._coarse if self._seen <= self._wait else self._table).estimate()


class JointTD:
    """TD on the sum of a table and one weight per group, learned together (Eq. 11)."""

    def __init__(self, group: Array, *, trace: float, exponent: float, rate: float) -> None:
        self._trace = Trace(group.shape, trace, exponent)
        self._values = np.zeros(group.shape)
        self._weights = np.zeros((len(group), group.max() + 1))
        self._group, self._rate = group, rate
        self._visits = np.zeros_like(self._weights)
        self._exponent = exponent
        self._seed = np.arange(len(group))

    def observe(self, state: Array, reward: Array, discount: Array, following: Array) -> None:
        """Update the table with traces and the weight of the visited group without."""
        values, weights, seed = self._values, self._weights, self._seed
        at, to = (seed, self._group[seed, state]), (seed, self._group[seed, following])
        ahead = values[seed, following] + weights[to]
        error = reward + discount * ahead - values[seed, state] - weights[at]
        values += self._trace.enter(state) * error[:, None]
        self._visits[at] += 1
        weights[at] += self._rate * self._visits[at] ** -self._exponent * error
        self._trace.leave(discount)

    def estimate(self) -> Array:
        """Return table plus weight."""
        return self._values + np.take_along_axis(self._weights, self._group, axis=1)


class LSTD:
    """Least-squares TD(0) with one weight per group."""

    def __init__(self, group: Array, *, ridge: float) -> None:
        self._group, self._indicator = group, np.eye(group.max() + 1)
        self._system = LeastSquares(len(group), group.max() + 1, ridge)
        self._seed = np.arange(len(group))

    def observe(self, state: Array, reward: Array, discount: Array, following: Array) -> None:
        """Add one equation."""
        at, to = self._group[self._seed, state], self._group[self._seed, following]
        self._system.add(at, self._indicator[at] - discount[:, None] * self._indicator[to], reward)

    def estimate(self) -> Array:
        """Return every state's group weight."""
        return np.take_along_axis(self._system.solve(), self._group, axis=1)


METHODS: dict[str, Callable[..., Method]] = {
    "plain": PlainTD,
    "shadow": ShadowTD,
    "late": LateStart,
    "joint": JointTD,
    "lstd": LSTD,
}
