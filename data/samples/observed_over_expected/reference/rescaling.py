"""Observed-over-expected rescaling, the method of the paper (Section 2.2)."""

from dataclasses import dataclass, field

import numpy as np
from adapter import Array, normalise, one_hot


@dataclass
class ObservedOverExpected:
    """Multiply each word by its posterior rate in this document (Eqs. 5 to 7).

    The exposure is what a word adds to the expected counts: the 'static' probabilities, the 'adapted' ones, those
    of the 'unigram', or 'none'; the paper's method uses the first.
    """

    decay: float
    dispersion: Array  # phi, (V,)
    unigram: Array  # (V,)
    exposure: str = "static"
    observed: Array = field(default_factory=lambda: np.zeros((1, 1)))
    expected: Array = field(default_factory=lambda: np.zeros((1, 1)))

    def predict(self, static: Array, history: Array) -> Array:
        """Return the rescaled static probabilities (Eq. 6)."""
        rate = (1 + self.dispersion * self.observed) / (1 + self.dispersion * self.expected)
        return normalise(static * rate)

    def observe(self, static: Array, adapted: Array, history: Array, word: Array) -> None:
        """Update both counts (Eq. 7)."""
        self.observed = self.decay * self.observed + one_hot(word, static.shape[1])
        self.expected = self.decay * self.expected + self._exposed(static, adapted)

    def _exposed(self, static: Array, adapted: Array) -> Array:
        choices = {
            "static": static,
            "adapted": adapted,
            "unigram": np.broadcast_to(self.unigram, static.shape),
            "none": np.zeros_like(static),
        }
        if self.exposure not in choices:
            raise ValueError(f"exposure must be one of {', '.join(choices)}, got {self.exposure!r}")
        return choices[self.exposure]
