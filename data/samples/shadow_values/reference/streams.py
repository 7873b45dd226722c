"""Batches of problems and of the experience streams drawn from them (Section 3.1)."""

from dataclasses import dataclass

import numpy as np
from problems import PROBLEMS, Array, Problem


@dataclass(frozen=True)
class Batch:
    """One problem and one stream of T steps per seed; B seeds advance together."""

    values: Array  # (B, S), true values
    tile: Array  # (B, S) int
    state: Array  # (T + 1, B) int
    reward: Array  # (T, B)
    discount: Array  # (T, B), 0 where an episode ended

    @property
    def size(self) -> tuple[int, int]:
        """Return the number of seeds and of states."""
        return self.values.shape


def sample_batch(name: str, seeds: list[int], steps: int, discount: float, **options: float) -> Batch:
    """Draw a problem of the named family and a stream for every seed."""
    if name not in PROBLEMS:
        raise ValueError(f"problem must be one of {', '.join(PROBLEMS)}, got {name!r}")
    problems = [PROBLEMS[name](np.random.default_rng([seed, 0]), discount, **options) for seed in seeds]
    streams = [
        _sample_stream(problem, steps, np.random.default_rng([seed, 1]))
        for problem, seed in zip(problems, seeds, strict=True)
    ]
    state, reward, discounts = (np.stack(parts, axis=1) for parts in zip(*streams, strict=True))
    values = np.stack([problem.values() for problem in problems])
    return Batch(values, np.stack([problem.tile for problem in problems]), state, reward, discounts)


def _sample_stream(problem: Problem, steps: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw states, rewards and transition discounts; after an episode the next state is a first state."""
    states = len(problem.reward)
    # The last column, the end of the episode, takes what the rounding of the sums leaves.
    cumulative = np.cumsum(problem.transition, axis=1)
    cumulative[cumulative > 1 - 1e-9] = 1.0
    start = np.cumsum(problem.start)
    start[start > 1 - 1e-9] = 1.0
    draws, restarts = rng.random(steps), rng.random(steps + 1)
    state = np.zeros(steps + 1, dtype=int)
    discount = np.full(steps, problem.discount)
    state[0] = np.searchsorted(start, restarts[steps], side="right")
    for t in range(steps):
        successor = np.searchsorted(cumulative[state[t]], draws[t], side="right")
        if successor == states:
            discount[t] = 0.0
            successor = np.searchsorted(start, restarts[t], side="right")
        state[t + 1] = successor
    reward = problem.reward[state[:-1]] + problem.noise * rng.normal(size=steps)
    return state, reward, discount
