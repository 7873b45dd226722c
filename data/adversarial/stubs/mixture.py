"""Mixture of linear experts (Section 2.1)."""

import numpy as np


class MixtureOfExperts:
    """K linear experts and a softmax gate (Equation 3)."""

    def __init__(self, experts: int, seed: int = 0) -> None:
        self.experts = experts
        self.seed = seed

    def fit(self, x: np.ndarray, y: np.ndarray) -> "MixtureOfExperts":
        """Run EM with the tight-to-loose rejection rule (Algorithm 1)."""
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the mean of the mixture (Equation 14)."""
        raise NotImplementedError
