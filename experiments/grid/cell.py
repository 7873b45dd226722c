"""One cell of an experiment: a paper, a method, a backbone, a repetition; its folder and what is kept in it."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from data.errors import FolderError
from experiments.grid.papers import GridPaper
from experiments.reports.cells import Cell, CellScore, Executability
from experiments.work import slug
from program.repository import Statistics, write_text
from program.verdict import Protocol, Setting, Verdict


@dataclass(frozen=True)
class Judgement:
    """A verdict that a cell needs."""

    judge: str
    """Name of the judge's backbone."""
    protocol: Protocol
    setting: Setting

    @property
    def folder(self) -> str:
        """Name of its folder in that of the cell."""
        return f"{slug(self.judge)}-{self.protocol}-{self.setting}"

    def __str__(self) -> str:
        return f"{self.judge} {self.protocol} {self.setting}"


@dataclass(frozen=True)
class CellPlan:
    """A combination that an experiment looks into."""

    paper: GridPaper
    method: str
    backbone: str
    """Name of the authors' backbone; empty for a method without one."""
    repetition: int
    judgements: tuple[Judgement, ...]
    folder: Path
    debugger: str = ""
    """Name of the debugger's backbone; empty if the repository is not to be executed."""

    def __str__(self) -> str:
        more = [self.backbone] * bool(self.backbone) + [f"repetition {self.repetition}"] * (self.repetition > 1)
        return f"{self.method} on {self.paper.name}" + (f" ({', '.join(more)})" if more else "")


class CellState(BaseModel):
    """`cell.json`: what became of a cell so far."""

    mlflow_run: str | None = None
    trace: str | None = None
    """The MLflow trace of the method."""
    statistics: Statistics | None = None
    errors: dict[str, str] = Field(default_factory=dict)
    """By what failed: `method`, or the name of a judgement."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Hash of everything that a verdict depends on, by its judgement."""
    scores: dict[str, CellScore] = Field(default_factory=dict)
    executability: Executability | None = None
    unassessed: list[str] = Field(default_factory=list)
    """Judgements whose verdicts do not stand beside the trace yet."""

    def save(self, folder: Path) -> None:
        """Write the file, whole or not at all."""
        write_text(folder / "cell.json", self.model_dump_json(indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "CellState":
        """Read the file; a cell that has none has not begun.

        Raises:
            FolderError: It is damaged.
        """
        path = folder / "cell.json"
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, ValidationError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise FolderError(f"{path} is damaged: {reason}; remove it and run the experiment again") from None

    def result(self, plan: CellPlan) -> Cell:
        """Return what reports are made of."""
        names = [judgement.folder for judgement in plan.judgements]
        scores = [self.scores[name] for name in names if name in self.scores]
        errors = [f"{what}: {message}" for what, message in self.errors.items()]
        executed = not plan.debugger or self.executability is not None
        whole = self.statistics is not None and len(scores) == len(names) and executed
        return Cell(
            paper=plan.paper.name,
            group=plan.paper.group,
            method=plan.method,
            backbone=plan.backbone,
            repetition=plan.repetition,
            status="failed" if errors else "finished" if whole else "missing",
            error="; ".join(errors) or None,
            statistics=self.statistics,
            scores=tuple(scores),
            executability=self.executability if plan.debugger else None,
        )


def score_of(verdict: Verdict, judge: str) -> CellScore:
    """Return the figures of a verdict for reports."""
    return CellScore(
        protocol=verdict.protocol,
        setting=verdict.setting,
        judge=judge,
        mean=verdict.score,
        std=verdict.deviation,
        coverage=verdict.coverage,
        requested=verdict.requested,
        valid=verdict.valid,
        floor=verdict.floor is not None,
    )
