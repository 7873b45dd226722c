"""Markdown tables of means and standard deviations over seeds."""

from collections.abc import Callable, Sequence

import numpy as np
from experiment import Record

Cell = Callable[[str, str], str]


def summarise(records: Sequence[Record], method: str, contamination: str, metric: str) -> str:
    """Return 'mean ± standard deviation' (n - 1 in the denominator) over the seeds."""
    values = [
        record[metric]
        for record in records
        if record["method"] == method and record["contamination"] == contamination
    ]
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}"


def table(rows: Sequence[str], columns: Sequence[str], cell: Cell) -> str:
    """Return a Markdown table with one row per method."""
    lines = ["| Method | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | " + " | ".join(cell(row, column) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def metrics_table(
    records: Sequence[Record], methods: Sequence[str], contamination: str, metrics: Sequence[str]
) -> str:
    """Return methods by metrics, under one contamination."""
    return table(methods, metrics, lambda row, column: summarise(records, row, contamination, column))


def contamination_table(
    records: Sequence[Record], methods: Sequence[str], contaminations: Sequence[str], metric: str
) -> str:
    """Return methods by contaminations, for one metric."""
    return table(methods, contaminations, lambda row, column: summarise(records, row, column, metric))


def kept_table(
    records: Sequence[Record], methods: Sequence[str], contamination: str, iterations: Sequence[str]
) -> str:
    """Return the mean kept fraction of each method at some iterations (the curves of Figure 1)."""

    def cell(row: str, column: str) -> str:
        curves = [
            record["kept_fraction"]
            for record in records
            if record["method"] == row and record["contamination"] == contamination
        ]
        return f"{np.mean(curves, axis=0)[int(column)]:.2f}"

    return table(methods, iterations, cell)
