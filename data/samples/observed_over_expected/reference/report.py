"""Markdown tables over seeds."""

from collections.abc import Callable, Sequence

import numpy as np
from experiment import Record

Cell = Callable[[str, str], str]


def table(corner: str, rows: Sequence[str], columns: Sequence[str], cell: Cell) -> str:
    """Return a Markdown table."""
    lines = [f"| {corner} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | " + " | ".join(cell(row, column) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def losses(records: Sequence[Record], method: str, condition: str) -> np.ndarray:
    """Return the losses of one method under one condition, shape (seeds, blocks)."""
    return np.array([r["loss"] for r in records if (r["method"], r["condition"]) == (method, condition)])


def changes(records: Sequence[Record], method: str, condition: str, reference: str) -> np.ndarray:
    """Return the change of perplexity against the reference in percent, one per seed (Eq. 16)."""
    gap = losses(records, method, condition).mean(axis=1) - losses(records, reference, condition).mean(axis=1)
    return 100 * np.expm1(gap)


def summarise(values: np.ndarray, digits: int) -> str:
    """Return 'mean ± standard deviation' (n - 1 in the denominator)."""
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}".replace("-", "−")


def change_table(
    records: Sequence[Record], methods: Sequence[str], conditions: Sequence[str], reference: str
) -> str:
    """Return methods by conditions: the perplexity of the reference, the change of the others (Tables 1 to 3)."""

    def cell(row: str, column: str) -> str:
        if row == reference:
            return summarise(np.exp(losses(records, row, column).mean(axis=1)), 1)
        return summarise(changes(records, row, column, reference), 2)

    return table("Method", methods, conditions, cell)


def dispersion_table(
    records: Sequence[Record], method: str, conditions: Sequence[str], kinds: Sequence[str]
) -> str:
    """Return conditions by kinds of words: the median dispersion (Table 4)."""

    def cell(row: str, column: str) -> str:
        return summarise(np.array([r[column] for r in records if (r["method"], r["condition"]) == (method, row)]), 2)

    return table("Condition", conditions, kinds, cell)


def curve_table(records: Sequence[Record], methods: Sequence[str], condition: str, reference: str) -> str:
    """Return the change of perplexity per block of positions, in percent, from the mean loss (Figure 1)."""
    base = losses(records, reference, condition)

    def cell(row: str, column: str) -> str:
        gap = losses(records, row, condition).mean(axis=0) - base.mean(axis=0)
        return f"{100 * np.expm1(gap[int(column) - 1]):.1f}".replace("-", "−")

    return table("Block", methods, [str(block + 1) for block in range(base.shape[1])], cell)


def mean_table(records: Sequence[Record], methods: Sequence[str], conditions: Sequence[str], reference: str) -> str:
    """Return the mean log of the perplexity ratio, in percent, over all conditions and in each (Appendix A.2)."""

    def cell(row: str, column: str) -> str:
        chosen = conditions if column == "all" else [column]
        gaps = [losses(records, row, name).mean() - losses(records, reference, name).mean() for name in chosen]
        return f"{100 * np.mean(gaps):.3f}".replace("-", "−")

    return table("Method", methods, ["all", *conditions], cell)


def wins_table(
    records: Sequence[Record], methods: Sequence[str], conditions: Sequence[str], rivals: Sequence[str]
) -> str:
    """Return on how many seeds a method has a lower loss than every rival (quoted in Section 4)."""

    def cell(row: str, column: str) -> str:
        best = np.min([losses(records, rival, column).mean(axis=1) for rival in rivals], axis=0)
        return str(np.sum(losses(records, row, column).mean(axis=1) < best))

    return table("Seeds won", methods, conditions, cell)
