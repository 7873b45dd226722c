"""Dispersions of the words, estimated from the training documents (Section 2.3)."""

import numpy as np
from bigram import fit_bigram, fit_unigram, histories, pair_counts

Array = np.ndarray


def document_counts(
    train: Array, words: int, discount: float, folds: int, exposure: str = "bigram"
) -> tuple[Array, Array]:
    """Return observed and expected counts of every word in every training document (Eq. 9).

    Args:
        train: Word numbers, shape (documents, length).
        words: V.
        discount: The discount of the bigram.
        folds: What expects a document was fitted on the other folds; 1 fits on all documents.
        exposure: What expects: the 'bigram', or the 'unigram' (for the ablation).

    Returns:
        Two arrays of shape (documents, V).
    """
    observed = np.array([np.bincount(document, minlength=words) for document in train], dtype=float)
    seen = np.array([np.bincount(row, minlength=words + 1) for row in histories(train, words)], dtype=float)
    expected = np.zeros_like(observed)
    fold = np.arange(len(train)) % folds
    for inside in range(folds):
        outside = train[fold != inside] if folds > 1 else train
        counts = pair_counts(outside, words)
        if exposure == "unigram":
            expected[fold == inside] = train.shape[1] * fit_unigram(counts)
        else:
            expected[fold == inside] = seen[fold == inside] @ fit_bigram(counts, discount)
    return observed, expected


def estimate_dispersion(observed: Array, expected: Array, pool: float) -> Array:
    """Return phi_v, shape (V,): moments of each word, drawn towards those of all words (Eqs. 10 and 11)."""
    excess = np.sum((observed - expected) ** 2 - expected, axis=0)
    exposure = np.sum(expected**2, axis=0)
    pooled = excess.sum() / exposure.sum()
    return np.maximum((excess + pool * pooled) / (exposure + pool), 0.0)
