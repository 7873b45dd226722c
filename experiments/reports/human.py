"""Scores that people gave to repositories, from a CSV file."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import ConfigError
from experiments.reports.cells import Cell

_SHAPE = "columns paper, method (or backbone, or both), score"


@dataclass(frozen=True)
class HumanScore:
    """One line of the file."""

    paper: str
    method: str | None
    """None if the file has no such column."""
    backbone: str | None
    score: float

    def concerns(self, cell: Cell) -> bool:
        """Tell whether the line is about the repository of a cell."""
        return (
            self.paper == cell.paper and self.method in (None, cell.method) and self.backbone in (None, cell.backbone)
        )


def read_human(path: Path, cells: Sequence[Cell]) -> list[HumanScore]:
    """Read human scores, on whatever scale; several lines on one repository are several annotators.

    Args:
        path: A CSV file with a line of heads: paper, method or backbone or both, score.
        cells: The cells of the experiment, which the papers, methods and backbones must be among.

    Raises:
        ConfigError: The file cannot be read, lacks a column, or names what the experiment does not have.
    """
    scores = [_read_line(place, line, cells) for place, line in _lines(path)]
    if not scores:
        raise ConfigError(f"no human scores in {path}; give it {_SHAPE}")
    return scores


def _lines(path: Path) -> list[tuple[str, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot read the human scores {path}: {error.strerror}; name a CSV with {_SHAPE}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"cannot read the human scores {path}: not UTF-8; save the CSV as UTF-8") from None
    reader = csv.reader(text.splitlines(keepends=True))
    heads: list[str] = []
    lines = []
    try:
        for values in reader:
            fields = [value.strip() for value in values]
            if not any(fields):
                continue
            if heads:
                fields += [""] * (len(heads) - len(fields))
                lines.append((f"{path}, line {reader.line_num}", dict(zip(heads, fields, strict=False))))
            else:
                heads = _check_heads(path, fields)
    except csv.Error as error:
        raise ConfigError(f"{path}, line {reader.line_num}: {error}; give it {_SHAPE}") from None
    return lines


def _check_heads(path: Path, heads: list[str]) -> list[str]:
    missing = [name for name in ("paper", "score") if name not in heads]
    if "method" not in heads and "backbone" not in heads:
        missing.insert(1, "method (or backbone)")
    if missing:
        raise ConfigError(f"{path} has no column {', '.join(missing)}, only {', '.join(heads)}; give it {_SHAPE}")
    return heads


def _read_line(place: str, line: dict[str, str], cells: Sequence[Cell]) -> HumanScore:
    for kind in ("paper", "method", "backbone"):
        known = dict.fromkeys(str(getattr(cell, kind)) for cell in cells)
        if kind in line and line[kind] not in known:
            choices = ", ".join(name for name in known if name)
            raise ConfigError(f"{place}: unknown {kind} {line[kind]!r}; use one of the experiment's: {choices}")
    try:
        score = float(line["score"])
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise ConfigError(f"{place}: score {line['score']!r} is not a number; write one such as 3.5")
    return HumanScore(line["paper"], line.get("method"), line.get("backbone"), score)
