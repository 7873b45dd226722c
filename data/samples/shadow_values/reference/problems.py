"""The four Markov reward processes of the experiment (Section 3.1)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Problem:
    """One reward process on S states with a partition of its states into tiles.

    Rows of `transition` may sum to less than one; the rest is the probability that the episode ends.
    """

    transition: Array  # (S, S)
    reward: Array  # (S,), expected reward on leaving each state
    noise: float  # standard deviation of the reward
    start: Array  # (S,), distribution of first states
    tile: Array  # (S,) int, from 0 to the number of tiles - 1
    discount: float

    def values(self) -> Array:
        """Return the true values, shape (S,) (Eq. 1)."""
        return np.linalg.solve(np.eye(len(self.reward)) - self.discount * self.transition, self.reward)


def blocks(rng: np.random.Generator, discount: float, offset: float = 1.0) -> Problem:
    """Sixty states in six weakly linked blocks, never ending; `offset` is added to all rewards."""
    states, count, branches, leave = 60, 6, 3, 0.1
    tile = np.arange(states) * count // states
    transition = np.zeros((states, states))
    for s in range(states):
        successors = rng.choice(np.flatnonzero(tile == tile[s]), branches, replace=False)
        transition[s, successors] = (1 - leave) * rng.dirichlet(np.ones(branches))
        transition[s, rng.integers(states)] += leave
    reward = offset + rng.normal(size=count)[tile] + rng.normal(size=states)
    return Problem(transition, reward, 1.0, np.full(states, 1 / states), tile, discount)


def grid(rng: np.random.Generator, discount: float) -> Problem:
    """A random walk with drift on a 9 by 9 grid, at a cost of 1 per step until a random goal is left."""
    side = 9
    states = side * side
    drift = rng.dirichlet(np.full(4, 5.0))
    transition = np.zeros((states, states))
    for s in range(states):
        row, column = divmod(s, side)
        for probability, (down, right) in zip(drift, ((0, 1), (0, -1), (1, 0), (-1, 0)), strict=True):
            to_row = min(max(row + down, 0), side - 1)
            to_column = min(max(column + right, 0), side - 1)
            transition[s, to_row * side + to_column] += probability
    reward = np.full(states, -1.0)
    goal = rng.integers(states)
    transition[goal] = 0.0
    reward[goal] = 0.0
    rows, columns = np.divmod(np.arange(states), side)
    return Problem(transition, reward, 0.5, np.full(states, 1 / states), rows // 3 * 3 + columns // 3, discount)


def funnel(rng: np.random.Generator, discount: float) -> Problem:
    """Twenty corridors of unequal popularity that lead into a hub of ten states, where episodes end."""
    corridors, length, hub, branches, end = 20, 5, 10, 3, 0.05
    first = corridors * length  # the first hub state
    states = first + hub
    popularity = rng.permutation(1 / np.arange(1, corridors + 1))
    start = np.zeros(states)
    start[0:first:length] = popularity / popularity.sum()
    transition = np.zeros((states, states))
    for s in range(first):
        transition[s, s + 1 if (s + 1) % length else first + rng.integers(hub)] = 1.0
    for s in range(first, states):
        successors = first + rng.choice(hub, branches, replace=False)
        transition[s, successors] = (1 - end) * rng.dirichlet(np.ones(branches))
    reward = np.where(np.arange(states) < first, 1.5, 0.5) * rng.normal(size=states)
    reward[first:] += 1.0
    return Problem(transition, reward, 1.0, start, (np.arange(states) >= first).astype(int), discount)


def walk(rng: np.random.Generator, discount: float) -> Problem:
    """A symmetric walk on forty states, penalised at one end and rewarded at the other: values average zero."""
    states, tiles = 40, 5
    transition = np.zeros((states, states))
    for s in range(states):
        for successor in (s - 2, s - 1, s + 1, s + 2):
            if 0 <= successor < states:
                transition[s, successor] = 0.25
    reward = np.zeros(states)
    reward[[0, 1]] = -0.5, -0.25
    reward[[-1, -2]] = 0.5, 0.25
    start = np.zeros(states)
    start[states // 2 - 1 : states // 2 + 1] = 0.5
    return Problem(transition, reward, 0.1, start, np.arange(states) * tiles // states, discount)


PROBLEMS: dict[str, Callable[..., Problem]] = {"blocks": blocks, "grid": grid, "funnel": funnel, "walk": walk}
