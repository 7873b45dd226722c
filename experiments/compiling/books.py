"""The books of a compilation: what each candidate got, on disk and in MLflow, and what has been spent."""

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import dspy

from data.paper import Paper
from experiments.backbones.shared import evaluation as as_evaluation
from experiments.compiling.purse import Purse
from experiments.judging import assess, metrics_of
from experiments.progress import print_line
from experiments.session import Session
from experiments.tracking import Tracker
from experiments.work import slug
from optimizers.budget import check_spent
from optimizers.candidate import Candidate
from optimizers.evaluation import Evaluation
from optimizers.study import Record
from program.repository import write_text


@dataclass
class Books:
    """Keeps the books of one compilation."""

    session: Session
    tracker: Tracker
    purse: Purse
    dev: Sequence[Paper]
    judge: str
    """Name of the judge's backbone."""
    reserved: int
    """Runs that are kept for the papers at the end."""
    run_ids: dict[str, str] = field(default_factory=dict)
    """MLflow run of each candidate, by its key."""
    best: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stream: TextIO = field(default_factory=lambda: sys.stderr)
    """That of the command; optimizers are given another one, for they talk much."""
    _traces: list[tuple[str, Evaluation]] = field(default_factory=list)

    def __post_init__(self) -> None:
        path = self.session.folder / "mlflow.json"
        if path.is_file():
            self.run_ids = json.loads(path.read_text(encoding="utf-8"))

    def check_budget(self, runs: int) -> None:
        """Stop where a cap is reached.

        Raises:
            Stop: Nothing more may be begun.
        """
        check_spent(self.purse.budget, self.purse.spent, runs + self.reserved)

    @contextmanager
    def evaluating(self, record: Record, paper: Paper, rollout: int, first: bool) -> Iterator[None]:
        """Let the calls of an evaluation share their answers with others; trace it if it is the first of its kind."""
        with as_evaluation(rollout):
            if not first:
                yield
                return
            key = record.candidate.key
            with self.tracker.child(f"candidate {record.number}", self.run_ids.get(key)) as tracker:
                if tracker.run_id and self._enter(key, tracker.run_id):
                    self._describe(record, tracker)
                with dspy.context(callbacks=[*tracker.callbacks(), *dspy.settings.callbacks]):
                    yield
                if (trace := tracker.last_trace()) and paper.hash in record.evaluations:
                    self._traces.append((trace, record.evaluations[paper.hash]))

    def evaluated(self, record: Record, evaluation: Evaluation) -> None:
        """Log what came of an evaluation, and the curve of the best mean on dev."""
        line = {
            "candidate": record.number,
            "key": evaluation.candidate,
            "paper": evaluation.title,
            "score": evaluation.score,
            "failure": evaluation.failure,
            **evaluation.guards,
        }
        with self._lock, (self.session.folder / "evaluations.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        figures = {f"score.{slug(evaluation.title)}": evaluation.score, **evaluation.guards}
        figures |= metrics_of(evaluation.verdict) if evaluation.verdict else {}
        mean = record.mean(self.dev)
        if mean is not None:
            figures["dev"] = mean
        self.tracker.other(self.run_ids.get(evaluation.candidate)).log(metrics=figures)
        with self._lock:
            if mean is not None and (self.best is None or mean > self.best):
                self.best = mean
            if self.best is not None:
                self.tracker.log_step("best_dev", self.best, len(self.session.transcript.entries))
        told = f"failed: {evaluation.failure}" if evaluation.failure else f"{evaluation.score:.3f}"
        print_line(self.session.meter, f"candidate {record.number} on {evaluation.title}: {told}", self._stream)

    def assess(self) -> None:
        """Put the verdicts beside the traces, once these are in the store."""
        self.tracker.flush()
        while self._traces:
            trace, evaluation = self._traces.pop()
            if evaluation.verdict:
                assess(self.tracker, trace, evaluation.verdict, self.judge)

    def _enter(self, key: str, run_id: str) -> bool:
        """Remember the run of a candidate; say whether it is new."""
        with self._lock:
            if self.run_ids.get(key) == run_id:
                return False
            self.run_ids[key] = run_id
            write_text(self.session.folder / "mlflow.json", json.dumps(self.run_ids, indent=1) + "\n")
            return True

    def _describe(self, record: Record, tracker: Tracker) -> None:
        folder = write_candidate(record.candidate, self.session.folder / "candidates" / f"{record.number:03d}")
        tracker.log(params={"candidate": record.number}, tags={"kind": "candidate", "key": record.candidate.key})
        tracker.log_files(sorted(folder.iterdir()), "instructions")


def write_candidate(candidate: Candidate, folder: Path) -> Path:
    """Write each instruction of a candidate as a file, and its demos."""
    for name, text in candidate.instructions.items():
        write_text(folder / f"{name}.md", text + "\n")
    if any(candidate.demos.values()):
        write_text(folder / "demos.json", json.dumps(candidate.demos, indent=1, ensure_ascii=False) + "\n")
    return folder
