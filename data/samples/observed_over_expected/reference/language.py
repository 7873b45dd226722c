"""Documents of an artificial language, and the ways in which they depart from its average (Section 3.1)."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class LanguageConfig:
    """Sizes of the language and of its samples (Table 5)."""

    function_classes: int
    function_words: int
    content_classes: int
    content_words: int
    names: int
    concentration: float
    zipf_shift: float
    train_documents: int
    test_documents: int
    length: int


@dataclass(frozen=True)
class Variation:
    """What documents have of their own; by default nothing."""

    register_leave: float | None = None
    topics: int = 1
    topic_share: float = 0.0
    topic_boost: float = 1.0
    topic_switch: float = 0.0
    private_names: int = 0
    private_share: float = 0.0
    copy_rate: float = 0.0
    copy_length: int = 0


@dataclass(frozen=True)
class Corpus:
    """Word numbers of the training and the test documents, one row per document."""

    train: Array  # (documents, length)
    test: Array  # (documents, length)
    kinds: dict[str, slice]  # where the function words, the content words and the names lie
    words: int  # V


class Language:
    """A Markov chain over word classes, each with its own words."""

    def __init__(self, config: LanguageConfig, variation: Variation, seed: int) -> None:
        """Draw the chain; the same seed gives the same chain under every variation without registers."""
        rng = np.random.default_rng(seed)
        sizes = [config.function_words] * config.function_classes
        sizes += [config.content_words] * config.content_classes + [config.names]
        transitions = rng.dirichlet(np.full(len(sizes), config.concentration), size=len(sizes))
        if variation.register_leave is not None:
            transitions = separate_registers(transitions, variation.register_leave)
        self.variation = variation
        self.starts = np.cumsum([0, *sizes]).tolist()
        self.chain = np.cumsum(transitions, axis=1).tolist()
        first_content, first_name = config.function_classes * config.function_words, self.starts[-2]
        self.words = self.starts[-1]
        self.kinds = {
            "function": slice(0, first_content),
            "content": slice(first_content, first_name),
            "names": slice(first_name, self.words),
        }
        boost = np.ones((variation.topics, self.words))
        content = boost[:, self.kinds["content"]]
        content[rng.random(content.shape) < variation.topic_share] = variation.topic_boost
        weights = boost * np.concatenate([1.0 / (np.arange(size) + config.zipf_shift) for size in sizes])
        # One list of cumulative weights per topic and class, to draw words by bisection.
        self.cumulative = [[np.cumsum(part).tolist() for part in np.split(row, self.starts[1:-1])] for row in weights]

    def document(self, length: int, rng: np.random.Generator) -> list[int]:
        """Draw the words of one document."""
        own = self.variation
        names = self.words - self.starts[-2]
        private = (self.starts[-2] + rng.choice(names, size=own.private_names, replace=False)).tolist()
        topic, word_class = int(rng.integers(own.topics)), int(rng.integers(len(self.chain)))
        words: list[int] = []
        while len(words) < length:
            if rng.random() < own.topic_switch:
                topic = int(rng.integers(own.topics))
            if len(words) > own.copy_length and rng.random() < own.copy_rate:
                source = int(rng.integers(len(words) - own.copy_length))
                words += words[source : source + own.copy_length]
                word_class = bisect(self.starts, words[-1]) - 1
                continue
            word_class = draw(self.chain[word_class], rng)
            if private and word_class == len(self.chain) - 1 and rng.random() < own.private_share:
                words.append(private[rng.integers(len(private))])
            else:
                words.append(self.starts[word_class] + draw(self.cumulative[topic][word_class], rng))
        return words[:length]


def separate_registers(transitions: Array, leave: float) -> Array:
    """Return a chain that passes between even and odd classes with probability `leave` only."""
    same = np.equal.outer(np.arange(len(transitions)) % 2, np.arange(len(transitions)) % 2)
    inside, outside = transitions * same, transitions * ~same
    inside /= inside.sum(axis=1, keepdims=True)
    outside /= outside.sum(axis=1, keepdims=True)
    return (1 - leave) * inside + leave * outside


def draw(cumulative: Sequence[float], rng: np.random.Generator) -> int:
    """Draw an index in proportion to its weight, from cumulative weights."""
    return min(bisect(cumulative, rng.random() * cumulative[-1]), len(cumulative) - 1)


def sample_corpus(config: LanguageConfig, variation: Variation, seed: int) -> Corpus:
    """Draw a language and its documents."""
    language = Language(config, variation, seed)
    rng = np.random.default_rng([seed, 1])
    total = config.train_documents + config.test_documents
    documents = np.array([language.document(config.length, rng) for _ in range(total)])
    train, test = np.split(documents, [config.train_documents])
    return Corpus(train, test, language.kinds, language.words)
