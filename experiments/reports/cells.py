"""What an experiment found in one of its cells: a repository, and what judges say of it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from program.repository import Statistics
from program.verdict import Protocol, Setting


class CellScore(BaseModel):
    """One verdict on the repository of a cell."""

    model_config = ConfigDict(frozen=True)

    protocol: Protocol
    setting: Setting
    judge: str
    """Name of the judge's backbone."""
    mean: float
    """Mean over the valid samples, 1 to 5."""
    std: float | None
    """Standard deviation over the valid samples; None with fewer than two."""
    coverage: float | None
    """Weighted share of the components implemented, 0 to 1; None under the protocol `paper`."""
    requested: int
    valid: int
    floor: bool = False
    """Whether the score is the lowest one without a sample, because there is nothing to judge."""


class Executability(BaseModel):
    """What it took to make the repository of a cell run."""

    model_config = ConfigDict(frozen=True)

    runs: bool
    rounds: int
    modified_lines: int
    total_lines: int
    failure: str = ""
    """The last one, if it does not run."""

    @property
    def percentage(self) -> float:
        """Modified lines per hundred lines."""
        return 100 * self.modified_lines / self.total_lines if self.total_lines else 0.0


class Cell(BaseModel):
    """One paper, method, backbone and repetition."""

    model_config = ConfigDict(frozen=True)

    paper: str
    """Short name of the paper."""
    group: str
    """Column of the paper in Table 1: its conference, or whatever the experiment calls it."""
    method: str
    backbone: str
    """Name of the authors' backbone; empty for methods without one (Oracle)."""
    repetition: int
    """From 1."""
    status: Literal["finished", "failed", "missing"]
    error: str | None = None
    statistics: Statistics | None = None
    scores: tuple[CellScore, ...] = ()
    executability: Executability | None = None
