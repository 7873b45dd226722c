"""What every rule that adapts the static model to a document offers."""

from typing import Protocol

import numpy as np

Array = np.ndarray


class Adapter(Protocol):
    """A rule that reads B documents side by side, one word of each per step; fresh for each batch."""

    def predict(self, static: Array, history: Array) -> Array:
        """Return the probabilities of the next words, shape (B, V).

        Args:
            static: P(. | h) of the static model, shape (B, V).
            history: The histories h, shape (B,).
        """

    def observe(self, static: Array, adapted: Array, history: Array, word: Array) -> None:
        """Take in the words that came, shape (B,), after `adapted` had been predicted."""


class Static:
    """No adaptation."""

    def predict(self, static: Array, history: Array) -> Array:
        """Return the static probabilities."""
        return static

    def observe(self, static: Array, adapted: Array, history: Array, word: Array) -> None:
        """Learn nothing."""


def decay(half_life: float | None) -> float:
    """Return gamma, the factor per word (Eq. 8); None never forgets."""
    return 1.0 if half_life is None else 2.0 ** (-1.0 / half_life)


def one_hot(word: Array, words: int) -> Array:
    """Return a one in each row at its word, shape (B, V)."""
    return (np.arange(words) == word[:, None]).astype(float)


def normalise(weights: Array) -> Array:
    """Return rows that sum to one."""
    return weights / weights.sum(axis=1, keepdims=True)
