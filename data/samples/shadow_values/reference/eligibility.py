"""Visit counts, step sizes and replacing traces, shared by all tabular TD methods (Section 2.1)."""

import numpy as np
from problems import Array


class Trace:
    """Step sizes and eligibility of all states, for B seeds at once."""

    def __init__(self, size: tuple[int, int], decay: float, exponent: float) -> None:
        self.decay, self.exponent = decay, exponent
        self.visits = np.zeros(size)
        self._trace, self._step = np.zeros(size), np.ones(size)
        self._seed = np.arange(size[0])

    def enter(self, state: Array) -> Array:
        """Count a visit and return every state's share of the next TD error, shape (B, S) (Eqs. 3, 4)."""
        at = self._seed, state
        self.visits[at] += 1
        self._step[at] = self.visits[at] ** -self.exponent
        self._trace[at] = 1.0
        return self._step * self._trace

    def leave(self, discount: Array) -> None:
        """Decay the trace over one transition (Eq. 4)."""
        self._trace *= (discount * self.decay)[:, None]
