"""Run every method under every contamination and seed named in the configuration (Section 3)."""

from typing import Any

import numpy as np
from metrics import evaluate
from rejection import FixedTrim, KeepAll, Rejection, TightToLoose, UniformBackground
from synthetic import Contamination, DataConfig, Problem, sample_problem
from training import Noise, TrainConfig, fit

Record = dict[str, Any]


def run(config: dict[str, Any], methods: list[str], contaminations: list[str]) -> list[Record]:
    """Fit the named methods under the named contaminations, on all seeds.

    Returns:
        One record per fit: method, contamination, seed, metrics and the kept fraction per iteration.
    """
    data, train = DataConfig(**config["data"]), TrainConfig(**config["train"])
    records = []
    for name in contaminations:
        contamination = Contamination(**config["contaminations"][name])
        for seed in config["seeds"]:
            problem = sample_problem(data, contamination, seed)
            for method in methods:
                settings = config["methods"][method]
                result = fit(
                    problem.x_train,
                    problem.y_train,
                    data.experts,
                    Noise(**settings.get("noise", {})),
                    build_rejection(settings, problem, contamination, train),
                    train,
                    np.random.default_rng([seed, 1]),
                )
                records.append(
                    {"method": method, "contamination": name, "seed": seed}
                    | evaluate(result.mixture, problem)
                    | {"kept_fraction": [round(value, 4) for value in result.kept_fraction]}
                )
    return records


def build_rejection(
    settings: dict[str, Any], problem: Problem, contamination: Contamination, train: TrainConfig
) -> Rejection:
    """Return a fresh rejection rule for one fit."""
    options = dict(settings.get("rejection", {"kind": "none"}))
    kind = options.pop("kind")
    if kind == "none":
        return KeepAll()
    if kind == "trim":
        alpha = options["alpha"]
        return FixedTrim(contamination.rate if alpha == "true" else alpha)
    if kind == "background":
        return UniformBackground(log_density=-float(np.log(np.ptp(problem.y_train))), **options)
    if kind == "tight_to_loose":
        return TightToLoose(scale_min=train.scale_min, **options)
    raise ValueError(f"rejection kind must be none, trim, background or tight_to_loose, got {kind!r}")
