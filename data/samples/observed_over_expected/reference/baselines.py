"""The adaptive models that the paper compares with (Section 3.2)."""

from dataclasses import dataclass, field

import numpy as np
from adapter import Adapter, Array, normalise, one_hot


def empty() -> Array:
    """Return counts that broadcast to any shape (B, V)."""
    return np.zeros((1, 1))


@dataclass
class UnigramCache:
    """A mixture with the decayed frequencies of the words of the document (Eq. 12)."""

    decay: float
    weight: float
    counts: Array = field(default_factory=empty)

    def predict(self, static: Array, history: Array) -> Array:
        """Return the mixture; at the start of a document the static probabilities."""
        if not self.counts.any():
            return static
        return (1 - self.weight) * static + self.weight * normalise(self.counts)

    def observe(self, static: Array, adapted: Array, history: Array, word: Array) -> None:
        """Count the words."""
        self.counts = self.decay * self.counts + one_hot(word, static.shape[1])


@dataclass
class PairCache:
    """A mixture of another adapter with what followed the same history earlier in the document (Eq. 13)."""

    base: Adapter
    decay: float
    weight: float
    growth: float = 1.0
    counts: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))  # (B, V + 1, V)

    def predict(self, static: Array, history: Array) -> Array:
        """Return the mixture where the document has seen the history, else the base alone."""
        base = self.base.predict(static, history)
        if not len(self.counts):
            return base
        rows = self.counts[np.arange(len(history)), history]
        total = rows.sum(axis=1, keepdims=True)
        weight = self.weight * (total > 0)
        return (1 - weight) * base + weight * rows / np.where(total > 0, total, 1.0)

    def observe(self, static: Array, adapted: Array, history: Array, word: Array) -> None:
        """Count the pairs; growing increments stand for decaying counts, which differ by a factor only."""
        self.base.observe(static, adapted, history, word)
        if not len(self.counts):
            self.counts = np.zeros((len(word), static.shape[1] + 1, static.shape[1]))
        self.counts[np.arange(len(word)), history, word] += self.growth
        self.growth /= self.decay


@dataclass
class DynamicMarginals:
    """Scale each word by the power of the ratio of its adapted to its average frequency (Eq. 14)."""

    decay: float
    power: float
    prior: float
    unigram: Array  # (V,)
    counts: Array = field(default_factory=empty)
    total: float = 0.0

    def predict(self, static: Array, history: Array) -> Array:
        """Return the scaled static probabilities."""
        frequency = (self.counts + self.prior * self.unigram) / (self.total + self.prior)
        return normalise(static * (frequency / self.unigram) ** self.power)

    def observe(self, static: Array, adapted: Array, history: Array, word: Array) -> None:
        """Count the words."""
        self.counts = self.decay * self.counts + one_hot(word, static.shape[1])
        self.total = self.decay * self.total + 1.0


@dataclass
class DynamicBias:
    """Gradient steps on one bias per word (Eq. 15)."""

    decay: float
    rate: float
    bias: Array = field(default_factory=empty)

    def predict(self, static: Array, history: Array) -> Array:
        """Return the static probabilities under the biases."""
        return normalise(static * np.exp(self.bias))

    def observe(self, static: Array, adapted: Array, history: Array, word: Array) -> None:
        """Take one decayed gradient step."""
        self.bias = self.decay * self.bias + self.rate * (one_hot(word, static.shape[1]) - adapted)
