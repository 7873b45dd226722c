"""What a judge says of a repository: the samples, and what follows from them."""

from statistics import mean, stdev
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from signatures.judging import Critique, Finding, GroundedCritique, ReferenceCritique, RequiredComponent

Protocol = Literal["paper", "grounded"]
Setting = Literal["reference-free", "reference-based"]


class Sample(BaseModel):
    """One valid answer of the judge."""

    model_config = ConfigDict(frozen=True)

    score: float
    """1 to 5; a whole number under the protocol `paper`."""
    coverage: float | None = None
    """Weighted share of the required components that are implemented; under `grounded` only."""
    findings: tuple[Finding, ...] = ()
    critiques: tuple[Critique | GroundedCritique | ReferenceCritique, ...] = ()


class Side(BaseModel):
    """What was seen of a repository."""

    model_config = ConfigDict(frozen=True)

    shown: tuple[str, ...] = ()
    left_out: dict[str, str] = Field(default_factory=dict)
    """Files that were not shown, and why."""


class Verdict(BaseModel):
    """Score of a repository for a paper; an invalid sample is unscored, never a low score."""

    model_config = ConfigDict(frozen=True)

    protocol: Protocol
    setting: Setting
    requested: int
    samples: tuple[Sample, ...] = ()
    invalid: tuple[str, ...] = ()
    """Why a sample is not valid, a line for each."""
    floor: str | None = None
    """Why no model was asked: the repository has nothing to judge, and its score is 1."""
    components: tuple[RequiredComponent, ...] = ()
    """What the paper requires; under `grounded` only."""
    repository: Side = Side()
    reference: Side | None = None

    @property
    def valid(self) -> int:
        """Number of samples that count."""
        return len(self.samples)

    @property
    def score(self) -> float:
        """Mean over the valid samples, 1 to 5."""
        return 1.0 if self.floor else mean(sample.score for sample in self.samples)

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the valid samples, with n - 1; None with fewer than two."""
        return stdev(sample.score for sample in self.samples) if self.valid > 1 else None

    @property
    def coverage(self) -> float | None:
        """Mean weighted share of the required components that are implemented."""
        if self.floor:
            return 0.0
        shares = [sample.coverage for sample in self.samples if sample.coverage is not None]
        return mean(shares) if shares else None
