"""Multinomial naive Bayes with add-one smoothing."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable


class NaiveBayes:
    """Classifies texts by the words in them."""

    def __init__(self, smoothing: float = 1.0) -> None:
        self.smoothing = smoothing
        self.labels: Counter[str] = Counter()
        self.words: dict[str, Counter[str]] = defaultdict(Counter)
        self.vocabulary: set[str] = set()

    def fit(self, examples: Iterable[tuple[str, list[str]]]) -> "NaiveBayes":
        """Count labels and words."""
        for label, words in examples:
            self.labels[label] += 1
            self.words[label].update(words)
            self.vocabulary.update(words)
        return self

    def score(self, label: str, words: list[str]) -> float:
        """Return the unnormalised log posterior of a label."""
        counts = self.words[label]
        total = sum(counts.values()) + self.smoothing * len(self.vocabulary)
        prior = math.log(self.labels[label] / sum(self.labels.values()))
        known = (word for word in words if word in self.vocabulary)
        return prior + sum(math.log((counts[word] + self.smoothing) / total) for word in known)

    def predict(self, words: list[str]) -> str:
        """Return the most probable label."""
        return max(self.labels, key=lambda label: self.score(label, words))
