"""What a paper states in its tables against what a run has produced; nothing is claimed without both numbers."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from statistics import median

from pydantic import BaseModel, ConfigDict

from program.execution.grids import Grid, Number, markdown_grids, read_grids

TOLERANCE = 0.05
"""Relative, where the paper states no deviation."""

CHARACTERS = 4_000_000
"""What is read of the files of a run at most: those named after a table first, then the smallest."""

LABELS = 3_000
"""Rows and columns of all tables of a run that are compared at most: numbered tables first, then the smallest."""

_ALIKE = 0.5
"""From this share of words in common on, two labels mean the same, if no other fits as well."""

_PERCENT = 67, 150
"""How many times larger than a fraction a percentage may be to be taken for the same quantity."""

_SPREAD = {"std", "sd", "se", "sem", "stderr", "deviation", "error", "ci", "min", "max", "low", "high", "count", "n"}
"""Words in labels of columns that hold no means."""

_MEAN = {"mean", "avg", "average", "value"}

_CAPTION = re.compile(
    r"(?<![a-z])(?:table|tab)"
    r"(?:[\s._-]*(?P<letter>[a-z]?)\.?(?P<number>\d+(?:\.\d+)*)(?:(?P<part>[a-z])(?![^\W_]))?"
    r"|[\s._-]+(?P<roman>x{0,3}(?:ix|iv|v?i{1,3}|v|(?<=x)))(?![^\W_]))",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "v": 5, "x": 10}
_DEVIATION = re.compile(
    r"(?i)\bdeviations?\b|\bstd\b|\bs\.d\.|\bstderr\b|\b(?:standard|std\.?) err|\berror bars?\b|±|\\pm"
)
"""Captions of tables whose parentheses hold deviations."""

_WORD = re.compile(r"(?<![\w.])[-+](?:\d+(?:\.\d+)*|\.\d+)|[^\W_]+(?:\.\d+)*(?:[+#]+(?!\w))?|\.\d+")
"""A leading sign belongs to a number, C++ and C# are no C."""


class Comparison(BaseModel):
    """A number of the paper, and that of the run."""

    model_config = ConfigDict(frozen=True)

    table: str
    """As the paper numbers it."""
    row: str
    column: str
    stated: float
    deviation: float | None = None
    """That the paper states behind ±, or in parentheses if its caption says so."""
    obtained: float | None = None
    """None if the run has produced no such number."""
    scale: float = 1.0
    """What the obtained number is multiplied with: 100 for a fraction where the paper states percentages."""
    place: str | None = None
    """The file with the obtained number."""
    tolerance: float
    """The largest difference that counts as within: the stated deviation, or a share of the stated number."""

    @property
    def within(self) -> bool | None:
        """Whether the numbers agree up to the tolerance; None without an obtained one."""
        if self.obtained is None:
            return None
        return abs(self.obtained * self.scale - self.stated) <= self.tolerance * (1 + 1e-9)


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
    tables, grids = markdown_grids("", paper), _grids_of(produced)
    scores = [[_fit(stated, grid) for grid in grids] for stated in tables]
    _leave_shared(tables, grids, scores)
    found: list[Comparison] = []
    known: set[str] = set()
    for stated, fits in zip(tables, scores, strict=True):
        number = _number_of(stated.name)
        obtained = _counterpart(stated, grids, fits)
        if number is None or number in known or obtained is None:
            continue
        compared = _compared(stated, f"Table {number}", obtained, tolerance)
        if any(one.obtained is not None for one in compared):
            known.add(number)  # a table may also be read in another form
            found += compared
    return found


def uncompared_tables(paper: str, comparisons: Sequence[Comparison]) -> list[str]:
    """Return which of a paper's numbered tables with numbers have no counterpart among those of the run."""
    compared = {one.table for one in comparisons if one.obtained is not None}
    stated = dict.fromkeys(number for grid in markdown_grids("", paper) if (number := _number_of(grid.name)))
    return [table for number in stated if (table := f"Table {number}") not in compared]


def _grids_of(produced: Mapping[str, str]) -> list[Grid]:
    """Return the tables of a run as they stand, then exchanged, as many as there is time for."""
    chosen, room = set(), CHARACTERS
    for place in sorted(produced, key=lambda place: (_number_of(place) is None, len(produced[place]))):
        if len(produced[place]) <= room:
            room -= len(produced[place])
            chosen.add(place)
    found = [grid for place, text in produced.items() if place in chosen for grid in read_grids(place, text)]
    labels = [len(grid.rows) + len(grid.columns) for grid in found]
    kept, room = set(), LABELS
    for number in sorted(range(len(found)), key=lambda number: (_number_in(found[number]) is None, labels[number])):
        if labels[number] <= room:
            room -= labels[number]
            kept.add(number)
    grids = [grid for number, grid in enumerate(found) if number in kept]
    return grids + [grid.transposed() for grid in grids]


def _leave_shared(tables: Sequence[Grid], grids: Sequence[Grid], scores: Sequence[list[float]]) -> None:
    """Let a table of the run without a number fit none of the paper's tables if it fits several."""
    half = len(grids) // 2
    for place in range(half):
        both = place, place + half  # as it stands, and exchanged
        fitting = {
            _number_of(stated.name) or str(number)
            for number, (stated, fits) in enumerate(zip(tables, scores, strict=True), start=-len(tables))
            if any(fits[one] for one in both)
        }
        if len(fitting) > 1 and _number_in(grids[place]) is None:
            for fits in scores:
                for one in both:
                    fits[one] = 0.0


def _compared(stated: Grid, table: str, obtained: Grid, tolerance: float) -> list[Comparison]:
    others = _others(stated, obtained)
    asides = _DEVIATION.search(stated.name) is not None
    scaled = _scaled(stated, others)
    return [
        _comparison(table, key, number, others.get(key), asides, tolerance).model_copy(
            update={"place": obtained.place if key in others else None, "scale": 100.0 if key in scaled else 1.0}
        )
        for key, number in stated.numbers.items()
    ]


def _comparison(
    table: str, key: tuple[str, str], stated: Number, other: Number | None, asides: bool, tolerance: float
) -> Comparison:
    deviation = stated.aside if stated.deviation is None and asides else stated.deviation
    return Comparison(
        table=table,
        row=key[0],
        column=key[1],
        stated=stated.value,
        deviation=deviation,
        obtained=other.value if other else None,
        tolerance=max(deviation or tolerance * abs(stated.value), stated.unit / 2),
    )


def _others(stated: Grid, obtained: Grid) -> dict[tuple[str, str], Number]:
    """Return the numbers of the run by the labels of the paper."""
    rows, columns = _aligned(stated.rows, obtained.rows), _aligned(stated.columns, obtained.columns)
    return {
        (row, column): obtained.numbers[rows[row], columns[column]]
        for row, column in stated.numbers
        if row in rows and column in columns and (rows[row], columns[column]) in obtained.numbers
    }


def _scaled(stated: Grid, others: Mapping[tuple[str, str], Number]) -> set[tuple[str, str]]:
    """Return which obtained numbers are fractions of what the paper states in percent, by columns and by rows."""

    def fractions(keys: Sequence[tuple[str, str]]) -> bool:
        obtained = all(abs(others[key].value) <= 1 for key in keys)
        return obtained and any(abs(stated.numbers[key].value) > 1 for key in keys)

    found: set[tuple[str, str]] = set()
    whole = fractions(list(others))
    for side in (1, 0):
        for _, group in groupby(sorted(others, key=lambda key: key[side]), key=lambda key: key[side]):
            keys = list(group)
            ratios = [stated.numbers[key].value / others[key].value for key in keys if others[key].value]
            # a row may hold several quantities: all of its numbers have to be such
            share = [median(ratios)] if side == 1 and ratios else ratios
            enough = len(ratios) > 1 or side == 1
            if enough and share and all(_PERCENT[0] <= ratio <= _PERCENT[1] for ratio in share):
                found |= set(keys) if whole or fractions(keys) else set()
    return found


def _counterpart(stated: Grid, grids: Sequence[Grid], scores: Sequence[float]) -> Grid | None:
    """Return the table of the run that fits best; None if none does, or if others fit as well and say otherwise."""
    best = max(scores, default=0.0)
    if best == 0.0:
        return None
    found = [grid for score, grid in zip(scores, grids, strict=True) if score == best]
    return found[0] if all(_same(stated, found[0], other) for other in found[1:]) else None


def _same(stated: Grid, one: Grid, other: Grid) -> bool:
    """Say whether two tables have the same numbers for a table of the paper, one of them perhaps in percent."""
    first, second = _others(stated, one), _others(stated, other)
    return first.keys() == second.keys() and any(
        all(
            abs(first[key].value * scale - second[key].value) <= 0.01 * max(1.0, abs(second[key].value))
            for key in first
        )
        for scale in (1.0, 100.0, 0.01)
    )


def _fit(stated: Grid, grid: Grid) -> float:
    """Return how well a table of the run fits one of the paper; 0 if it does not."""
    named = _number_in(grid)
    if named is not None and named != _number_of(stated.name):
        return 0.0
    if 2 * len(grid.rows) < len(stated.rows) or 2 * len(grid.columns) < len(stated.columns):
        return 0.0
    rows, columns = _aligned(stated.rows, grid.rows), _aligned(stated.columns, grid.columns)
    shares = len(rows) / len(stated.rows), len(columns) / len(stated.columns)
    if min(shares) < _ALIKE:
        return 0.0
    alike = sum(_likeness(a, b) for a, b in [*rows.items(), *columns.items()]) / (len(rows) + len(columns))
    extra = len(_words(grid.name) - _words(stated.name))  # table_1_ablation is not table_1
    return (2.0 if named else 0.0) + shares[0] * shares[1] * alike - 0.01 * min(extra, 20)


def _number_in(grid: Grid) -> str | None:
    return _number_of(grid.name) or _number_of(grid.place)


@lru_cache(maxsize=4_096)
def _number_of(name: str) -> str | None:
    """Return the number of the table that is named first, e.g. `2`, `3.1`, `1b`, `A1`, or `4` for IV."""
    found = _CAPTION.search(name)
    if not found:
        return None
    if found["number"]:
        parts = [part.lstrip("0") or "0" for part in found["number"].split(".")]
        return found["letter"].upper() + ".".join(parts) + (found["part"] or "").lower()
    signs = [_ROMAN[sign] for sign in found["roman"].lower()]
    return str(sum(-one if one < after else one for one, after in zip(signs, [*signs[1:], 0], strict=True)))


def _aligned(stated: Sequence[str], obtained: Sequence[str]) -> dict[str, str]:
    """Return for each label of the paper the one label of the run that means the same; each is used once.

    What is literally the same comes first, then what is most alike; where a label is as like to one as to another,
    none of them is used.
    """
    aligned, done = _literal(stated, obtained)
    likely = [
        (likeness, one, other) for one in stated for other in obtained if (likeness := _likeness(one, other)) >= _ALIKE
    ]
    for _, level in groupby(sorted(likely, reverse=True), key=lambda pair: pair[0]):
        pairs = [(one, other) for _, one, other in level]
        left, right = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
        before = set(done)
        for one, other in pairs:
            if (0, one) in before or (1, other) in before:
                continue
            if left[one] == right[other] == 1:
                aligned[one] = other
            done |= {(0, one), (1, other)}
    return {one: aligned[one] for one in stated if one in aligned}


def _literal(stated: Sequence[str], obtained: Sequence[str]) -> tuple[dict[str, str], set[tuple[int, str]]]:
    """Return the labels that are literally the same, and all that are used up with them."""
    places: dict[str, tuple[list[str], list[str]]] = {}
    for side, labels in enumerate((stated, obtained)):
        for label in labels:
            places.setdefault(_plain(label), ([], []))[side].append(label)
    aligned = {here[0]: there[0] for here, there in places.values() if len(here) == len(there) == 1}
    return aligned, {(0, one) for one in aligned} | {(1, other) for other in aligned.values()}


def _likeness(one: str, other: str) -> float:
    """Return the share of words in common; words such as `mean` do not count, such as `std` rule a label out."""
    if _plain(one) == _plain(other):
        return 1.0
    first, second = _words(one), _words(other) - _MEAN
    if not first or not second or (second - first) & _SPREAD:
        return 0.0
    common = len(first & second)
    share = common / (len(first) + len(second) - common)
    return max(share, _ALIKE) if common in (len(first), len(second)) else share


@lru_cache(maxsize=16_384)
def _plain(label: str) -> str:
    """Return a label without its emphasis."""
    plain = " ".join(label.replace("**", "").replace("__", "").replace("−", "-").casefold().split())
    return plain or label


@lru_cache(maxsize=16_384)
def _words(label: str) -> frozenset[str]:
    plain = re.sub(r"\\(?:text|mathrm|mathbf|operatorname)?\b", " ", label.lower().replace("−", "-"))
    return frozenset(_WORD.findall(plain))
