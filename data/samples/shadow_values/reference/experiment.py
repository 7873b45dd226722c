"""Run methods on batches of problems and record their errors (Section 3)."""

from typing import Any

import numpy as np
from methods import METHODS, Method, ShadowTD
from problems import Array
from streams import Batch, sample_batch

Record = dict[str, Any]


def run(config: dict[str, Any], problem: str, methods: dict[str, dict[str, Any]]) -> list[Record]:
    """Run methods on all seeds of one problem.

    Args:
        config: the whole configuration; `seeds`, `steps`, `discount`, `checkpoints` and `problems` are read.
        problem: a key of `problems`.
        methods: settings by name.

    Returns:
        One record per method and seed, with the error and the residue at every checkpoint.
    """
    options = dict(config["problems"][problem])
    batch = sample_batch(options.pop("kind"), config["seeds"], config["steps"], config["discount"], **options)
    records: list[Record] = []
    for name, settings in methods.items():
        errors, residues = follow(batch, build_method(settings, batch, problem), config["checkpoints"])
        records += [
            {"method": name, "problem": problem, "seed": seed}
            | {"error": dict(zip(config["checkpoints"], errors[:, i].tolist(), strict=True))}
            | {"residue": dict(zip(config["checkpoints"], residues[:, i].tolist(), strict=True))}
            for i, seed in enumerate(config["seeds"])
        ]
    return records


def build_method(settings: dict[str, Any], batch: Batch, problem: str) -> Method:
    """Return a fresh method; its `partition` is `one`, `tiles` or `states`, its `trace` may depend on the problem."""
    options = dict(settings)
    kind, partition = options.pop("kind"), options.pop("partition", "one")
    seeds, states = batch.size
    groups = {
        "one": np.zeros((seeds, states), dtype=int),
        "tiles": batch.tile,
        "states": np.tile(np.arange(states), (seeds, 1)),
    }
    for key, value in options.items():
        if isinstance(value, dict):
            options[key] = value[problem]
    return METHODS[kind](groups[partition], **options)


def follow(batch: Batch, method: Method, checkpoints: list[int]) -> tuple[Array, Array]:
    """Return relative errors (Eq. 12) and mean residues at the checkpoints, both of shape (C, B)."""
    visited = np.zeros(batch.size, dtype=bool)
    seed = np.arange(len(visited))
    errors, residues = [], []
    for t in range(checkpoints[-1]):
        visited[seed, batch.state[t]] = True
        method.observe(batch.state[t], batch.reward[t], batch.discount[t], batch.state[t + 1])
        if t + 1 in checkpoints:
            squares = (method.estimate() - batch.values) ** 2
            errors.append(np.sqrt(visited_mean(squares, visited)) / batch.values.std(axis=1))
            residue = method.residue() if isinstance(method, ShadowTD) else np.zeros(batch.size)
            residues.append(visited_mean(residue, visited))
    return np.array(errors), np.array(residues)


def visited_mean(values: Array, visited: Array) -> Array:
    """Return the mean over the visited states of each seed, shape (B,)."""
    return np.sum(values * visited, axis=1) / visited.sum(axis=1)
