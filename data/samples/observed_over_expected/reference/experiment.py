"""Run every method under every condition and seed named in the configuration (Section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from adapter import Adapter, Array, Static, decay
from baselines import DynamicBias, DynamicMarginals, PairCache, UnigramCache
from bigram import fit_bigram, fit_unigram, histories, pair_counts
from dispersion import document_counts, estimate_dispersion
from language import Corpus, LanguageConfig, Variation, sample_corpus
from rescaling import ObservedOverExpected

Record = dict[str, Any]
Job = tuple[str, list[str]]


@dataclass
class Background:
    """What the training documents of one corpus give to all methods."""

    corpus: Corpus
    discount: float
    bigram: Array = field(init=False)  # (V + 1, V)
    unigram: Array = field(init=False)  # (V,)
    counted: dict[tuple[int, str], tuple[Array, Array]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fit the static models."""
        counts = pair_counts(self.corpus.train, self.corpus.words)
        self.bigram, self.unigram = fit_bigram(counts, self.discount), fit_unigram(counts)

    def dispersion(self, pool: float, folds: int, exposure: str = "bigram") -> Array:
        """Return phi (Eq. 11), counting each kind of exposure once."""
        key = (folds, exposure)
        if key not in self.counted:
            self.counted[key] = document_counts(self.corpus.train, self.corpus.words, self.discount, folds, exposure)
        return estimate_dispersion(*self.counted[key], pool)


def run(config: dict[str, Any], jobs: Sequence[Job]) -> list[Record]:
    """Evaluate the methods of each job's condition on all seeds.

    Returns:
        One record per method, condition and seed: the loss per block of positions, and for the method of the paper
        the median dispersion of each kind of word.
    """
    records = []
    for condition, methods in jobs:
        variation = Variation(**config["conditions"][condition])
        for seed in config["seeds"]:
            corpus = sample_corpus(LanguageConfig(**config["language"]), variation, seed)
            background = Background(corpus, config["discount"])
            for method in methods:
                settings = config["methods"][method]
                settings = settings["by_condition"][condition] if "by_condition" in settings else settings
                adapter = build_adapter(settings, background)
                loss = document_losses(adapter, background.bigram, corpus)
                blocks = loss.mean(axis=0).reshape(config["blocks"], -1).mean(axis=1)
                record = {"method": method, "condition": condition, "seed": seed, "loss": blocks.tolist()}
                records.append(record | dispersion_by_kind(adapter, corpus))
    return records


def document_losses(adapter: Adapter, bigram: Array, corpus: Corpus) -> Array:
    """Return the negative log-probability of every word of the test documents, (documents, length)."""
    past = histories(corpus.test, corpus.words)
    loss = np.zeros(corpus.test.shape)
    row = np.arange(len(corpus.test))
    for position in range(corpus.test.shape[1]):
        history, word = past[:, position], corpus.test[:, position]
        static = bigram[history]
        adapted = adapter.predict(static, history)
        loss[:, position] = -np.log(adapted[row, word])
        adapter.observe(static, adapted, history, word)
    return loss


def dispersion_by_kind(adapter: Adapter, corpus: Corpus) -> Record:
    """Return the median of phi over the words of each kind (Table 4), or nothing."""
    if not isinstance(adapter, ObservedOverExpected):
        return {}
    return {kind: float(np.median(adapter.dispersion[part])) for kind, part in corpus.kinds.items()}


def build_adapter(settings: dict[str, Any], background: Background) -> Adapter:
    """Return a fresh adapter."""
    options = dict(settings)
    kind = options.pop("kind")
    if "half_life" in options:
        options["decay"] = decay(options.pop("half_life"))
    if kind == "static":
        return Static()
    if kind == "unigram_cache":
        return UnigramCache(**options)
    if kind == "pair_cache":
        return PairCache(build_adapter(options.pop("base"), background), **options)
    if kind == "dynamic_marginals":
        return DynamicMarginals(unigram=background.unigram, **options)
    if kind == "dynamic_bias":
        return DynamicBias(**options)
    if kind == "observed_over_expected":
        fixed, estimate = options.pop("fixed", None), options.pop("estimate", None)
        dispersion = np.full(background.corpus.words, fixed) if estimate is None else background.dispersion(**estimate)
        return ObservedOverExpected(dispersion=dispersion, unigram=background.unigram, **options)
    raise ValueError(f"there is no kind of adapter {kind!r}")
