"""The static model: an interpolated Kneser-Ney bigram (Section 2.1)."""

import numpy as np

Array = np.ndarray


def histories(documents: Array, words: int) -> Array:
    """Return the word before each word; at the start of a document the boundary, number `words`."""
    boundary = np.full((len(documents), 1), words)
    return np.concatenate([boundary, documents[:, :-1]], axis=1)


def pair_counts(documents: Array, words: int) -> Array:
    """Return how often each word follows each history, shape (V + 1, V)."""
    counts = np.zeros((words + 1, words))
    np.add.at(counts, (histories(documents, words), documents), 1.0)
    return counts


def fit_bigram(counts: Array, discount: float) -> Array:
    """Return P(v | h) from counts, both of shape (V + 1, V) (Eqs. 1 and 2)."""
    histories_of_word = (counts > 0).sum(axis=0) + 1.0
    continuation = histories_of_word / histories_of_word.sum()
    total = counts.sum(axis=1, keepdims=True)
    kept = np.maximum(counts - discount, 0.0)
    freed = total - kept.sum(axis=1, keepdims=True)
    return np.where(total > 0, (kept + freed * continuation) / np.maximum(total, 1.0), continuation)


def fit_unigram(counts: Array) -> Array:
    """Return P(v), shape (V,), with one added to every count."""
    smoothed = counts.sum(axis=0) + 1.0
    return smoothed / smoothed.sum()
