"""What a paper states in its tables against what a run has produced; nothing is claimed without both numbers."""

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from program.execution.grids import Grid, Number, markdown_grids, read_grids

TOLERANCE = 0.05
"""Relative, where the paper states no deviation."""

_ALIKE = 0.5
"""From this share of words in common on, two labels mean the same, if no other fits as well."""

_SPREAD = {"std", "sd", "se", "sem", "stderr", "deviation", "error", "ci", "min", "max", "low", "high", "count", "n"}
"""Words in labels of columns that hold no means."""

_CAPTION = re.compile(r"\b(?:table|tab)[\s._-]*(?P<number>[a-z]?\.?\d+)", re.IGNORECASE)


class Comparison(BaseModel):
    """A number of the paper, and that of the run."""

    model_config = ConfigDict(frozen=True)

    table: str
    """As the paper numbers it."""
    row: str
    column: str
    stated: float
    deviation: float | None = None
    """That the paper states behind ±."""
    obtained: float | None = None
    """None if the run has produced no such number."""
    place: str | None = None
    """The file with the obtained number."""
    tolerance: float
    """The largest difference that counts as within: the stated deviation, or a share of the stated number."""

    @property
    def within(self) -> bool | None:
        """Whether the numbers agree up to the tolerance; None without an obtained one."""
        return None if self.obtained is None else abs(self.obtained - self.stated) <= self.tolerance * (1 + 1e-9)


def compare_results(paper: str, produced: Mapping[str, str], tolerance: float = TOLERANCE) -> list[Comparison]:
    """Hold the tables of a paper against those that a run has produced.

    A table of the run is taken for one of the paper if at least half of the rows and of the columns have the same
    labels, and if it has the number of the paper's table in its name or no other table fits.

    Args:
        paper: The canonical text of the paper.
        produced: Texts that the run has produced, by file.
        tolerance: Relative, for numbers without a stated deviation.

    Returns:
        Every number of the tables of which at least one number was produced.
    """
    grids = [grid for place, text in produced.items() for grid in read_grids(place, text)]
    grids += [grid.transposed() for grid in grids]
    found = []
    known: set[str] = set()
    for stated in markdown_grids("", paper):
        number = _number_of(stated.name)
        if number is None or number in known:
            continue
        obtained = _counterpart(stated, number, grids)
        if obtained is None:
            continue
        known.add(number)  # a table may also be read in another form
        rows, columns = _aligned(stated.rows, obtained.rows), _aligned(stated.columns, obtained.columns)
        for (row, column), value in stated.numbers.items():
            other = obtained.numbers.get((rows.get(row, ""), columns.get(column, "")))
            if row not in rows or column not in columns:
                other = None
            found.append(_comparison(number, row, column, value, other, obtained.place, tolerance))
    return found


def _comparison(
    table: str, row: str, column: str, stated: Number, other: Number | None, place: str, tolerance: float
) -> Comparison:
    return Comparison(
        table=f"Table {table}",
        row=row,
        column=column,
        stated=stated.value,
        deviation=stated.deviation,
        obtained=other.value if other else None,
        place=place if other else None,
        tolerance=stated.deviation if stated.deviation else tolerance * abs(stated.value),
    )


def _counterpart(stated: Grid, number: str, grids: Sequence[Grid]) -> Grid | None:
    """Return the table of the run that fits best; None if none does, or if others fit as well and say otherwise."""
    scored = [(_fit(stated, number, grid), grid) for grid in grids]
    best = max((score for score, _ in scored), default=0.0)
    if best == 0.0:
        return None
    found = [grid for score, grid in scored if score == best]
    return found[0] if all(_same(stated, found[0], other) for other in found[1:]) else None


def _same(stated: Grid, one: Grid, other: Grid) -> bool:
    """Say whether two tables have, to the digits of the first, the same numbers for a table of the paper."""

    def numbers(grid: Grid) -> list[float]:
        rows, columns = _aligned(stated.rows, grid.rows), _aligned(stated.columns, grid.columns)
        keys = [(rows[row], columns[column]) for row in rows for column in columns]
        return [grid.numbers[key].value if key in grid.numbers else 0.0 for key in keys]

    first, second = numbers(one), numbers(other)
    return len(first) == len(second) and all(
        abs(a - b) <= 0.01 * max(1.0, abs(a)) for a, b in zip(first, second, strict=True)
    )


def _fit(stated: Grid, number: str, grid: Grid) -> float:
    """Return how well a table of the run fits one of the paper; 0 if it does not."""
    named = _number_of(grid.name) or _number_of(grid.place)
    if named is not None and named != number:
        return 0.0
    rows, columns = _aligned(stated.rows, grid.rows), _aligned(stated.columns, grid.columns)
    shares = len(rows) / len(stated.rows), len(columns) / len(stated.columns)
    if min(shares) < _ALIKE:
        return 0.0
    alike = sum(_likeness(a, b) for a, b in [*rows.items(), *columns.items()]) / (len(rows) + len(columns))
    extra = len(_words(grid.name) - _words(stated.name))  # table_1_ablation is not table_1
    return (2.0 if named else 0.0) + shares[0] * shares[1] * alike - 0.01 * min(extra, 20)


def _number_of(name: str) -> str | None:
    found = _CAPTION.search(name)
    return found["number"].lower() if found else None


def _aligned(stated: Sequence[str], obtained: Sequence[str]) -> dict[str, str]:
    """Return for each label of the paper the one label of the run that means the same; each is used once."""
    pairs = sorted(
        ((_likeness(one, other), -place, one, other) for one in stated for place, other in enumerate(obtained)),
        reverse=True,
    )
    aligned: dict[str, str] = {}
    for likeness, _, one, other in pairs:
        if likeness >= _ALIKE and one not in aligned and other not in aligned.values():
            rivals = [label for label in obtained if label != other and _likeness(one, label) == likeness]
            if likeness == 1.0 or not rivals:
                aligned[one] = other
    return aligned


def _likeness(one: str, other: str) -> float:
    """Return the share of words in common; words such as `mean` do not count, such as `std` rule a label out."""
    first, second = _words(one), _words(other) - {"mean", "avg", "average", "value"}
    if (second - first) & _SPREAD:
        return 0.0
    if not first and not second:
        return 1.0
    share = len(first & second) / len(first | second)
    return max(share, _ALIKE) if first and second and (first <= second or second <= first) else share


def _words(label: str) -> set[str]:
    plain = re.sub(r"\\(?:text|mathrm|mathbf|operatorname)?\b", " ", label.lower())
    return set(re.findall(r"[^\W_]+(?:\.\d+)?", plain))
