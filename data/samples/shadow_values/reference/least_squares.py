"""The small linear system behind the initial values and behind LSTD (Section 2.3)."""

import numpy as np
from problems import Array


class LeastSquares:
    """Accumulates A and b, one equation per step, and solves A theta = b for every seed (Eqs. 8, 9)."""

    def __init__(self, seeds: int, groups: int, ridge: float, half_life: float | None = None) -> None:
        self.matrix, self.vector = np.zeros((seeds, groups, groups)), np.zeros((seeds, groups))
        self._ridge = ridge * np.eye(groups)
        self._keep = 0.5 ** (1 / half_life) if half_life else 1.0
        self._seed = np.arange(seeds)

    def add(self, group: Array, coefficient: Array, target: Array) -> None:
        """Add the equation `coefficient . theta = target` to the row of each seed's `group`.

        Args:
            group: the instrument, shape (B,).
            coefficient: shape (B, k).
            target: shape (B,).
        """
        if self._keep < 1.0:
            self.matrix *= self._keep
            self.vector *= self._keep
        self.matrix[self._seed, group] += coefficient
        self.vector[self._seed, group] += target

    def solve(self) -> Array:
        """Return theta, shape (B, k)."""
        return np.linalg.solve(self.matrix + self._ridge, self.vector[:, :, None])[:, :, 0]
