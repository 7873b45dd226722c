"""The lists of papers, one CSV file each: Tables 9 to 13 of the Paper2Code paper and its published data set."""

import csv
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from data.errors import ConfigError

_FOLDER = Path(__file__).parent


class BenchmarkPaper(BaseModel):
    """One paper of a benchmark, as far as its tables tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    venue: Literal["ICLR 2024", "NeurIPS 2024", "ICML 2024", ""] = ""
    kind: Literal["oral", "poster", ""] = ""
    score: float | None = None
    """Of the official repository, 1 to 5: model-based, reference-free, by gpt-4o-2024-11-20."""
    repository: str | None = None
    """Address of the official repository."""
    name: str | None = None
    """What the tables and the data set call the repository."""
    arxiv: str | None = None
    """Id without a version; None where the paper is not on arXiv or its id is not known."""


def benchmark_names() -> list[str]:
    """Return the names of the benchmarks."""
    return sorted(path.stem for path in _FOLDER.glob("*.csv"))


def load_benchmark(name: str) -> tuple[BenchmarkPaper, ...]:
    """Load the papers of a benchmark, in the order of the tables.

    Args:
        name: `paper2code`, the 90 papers of Tables 9, 10 and 11; `human_evaluation`, the 13 of Table 12; or
            `executability`, the 5 of Table 13.

    Raises:
        ConfigError: No benchmark has this name.
    """
    names = benchmark_names()
    if name not in names:
        raise ConfigError(f"there is no benchmark {name!r}; the choices are {', '.join(names)}")
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [{key: value for key, value in row.items() if value} for row in csv.DictReader(file)]
    return tuple(BenchmarkPaper.model_validate(row) for row in rows)
