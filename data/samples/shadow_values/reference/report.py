"""Markdown tables of errors over seeds."""

from collections.abc import Callable, Sequence

import numpy as np
from experiment import Record
from problems import Array

Cell = Callable[[str, str], str]


def averages(records: Sequence[Record], method: str, problem: str, at: Sequence[int], quantity: str = "error") -> Array:
    """Return one value per seed: the mean over the checkpoints `at`."""
    return np.array(
        [
            np.mean([record[quantity][step] for step in at])
            for record in records
            if record["method"] == method and record["problem"] == problem
        ]
    )


def table(rows: Sequence[str], columns: Sequence[str], cell: Cell) -> str:
    """Return a Markdown table with one row per method."""
    lines = ["| Method | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | " + " | ".join(cell(row, column) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def problem_table(records: Sequence[Record], methods: Sequence[str], problems: Sequence[str], at: Sequence[int]) -> str:
    """Return methods by problems: mean ± standard deviation (n - 1 in the denominator) over the seeds."""

    def cell(method: str, problem: str) -> str:
        values = averages(records, method, problem, at)
        return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"

    return table(methods, problems, cell)


def curve_table(
    records: Sequence[Record], methods: Sequence[str], problems: Sequence[str], at: Sequence[int], quantity: str
) -> str:
    """Return methods by problem and checkpoint: means over the seeds."""
    places = {f"{problem} {step}": (problem, step) for problem in problems for step in at}

    def cell(method: str, place: str) -> str:
        problem, step = places[place]
        return f"{averages(records, method, problem, [step], quantity).mean():.2f}"

    return table(methods, list(places), cell)


def duel_table(
    records: Sequence[Record], duels: Sequence[Sequence[str]], problems: Sequence[str], at: Sequence[int]
) -> str:
    """Return on how many seeds the first method of each pair has the lower error."""
    pairs = {f"{first} < {second}": (first, second) for first, second in duels}

    def cell(pair: str, problem: str) -> str:
        first, second = (averages(records, method, problem, at) for method in pairs[pair])
        return f"{np.sum(first < second)}"

    return table(list(pairs), problems, cell)
