"""The books of a compilation: what each candidate got, on disk and in MLflow, and what has been spent."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

import dspy

from data.paper import Paper
from experiments.backbones.shared import attempt
from experiments.backbones.shared import evaluation as as_evaluation
from experiments.backbones.transcript import Entry
from experiments.compiling.purse import Purse
from experiments.judging import assess, metrics_of
from experiments.progress import print_line
from experiments.session import Session
from experiments.tracking import Tracker, closing
from experiments.work import slug
from optimizers.budget import Spent, check_spent
from optimizers.candidate import Candidate
from optimizers.evaluation import Evaluation
from optimizers.study import Record, Stop
from program.repository import write_text

EVALUATIONS = "evaluations.jsonl"
"""What each evaluation came to, a line each."""


@dataclass
class Books:
    """Keeps the books of one compilation."""

    session: Session
    tracker: Tracker
    aside: Executor
    """Logs to MLflow while evaluations go on, one thing after the other."""
    purse: Purse
    dev: Sequence[Paper]
    judge: str
    """Name of the judge's backbone."""
    reserved: int
    """Runs that are kept for the papers at the end."""
    run_ids: dict[str, str] = field(default_factory=dict)
    """MLflow run of each candidate, by its key."""
    best: float | None = None
    _trackers: dict[str, Tracker] = field(default_factory=dict)
    """Of the candidates of this session, by key."""
    _measured: set[int] = field(default_factory=set)
    """Numbers of the candidates that are on the curve."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stream: TextIO = field(default_factory=lambda: sys.stderr)
    """That of the command; optimizers are given another one, for they talk much."""
    _traces: list[tuple[str, Evaluation]] = field(default_factory=list)
    _logged: list[Future[None]] = field(default_factory=list)
    _given: dict[tuple[str, str, int], list[Entry]] = field(default_factory=dict)
    """What the calls of each evaluation were answered, by candidate, paper and rollout."""

    def __post_init__(self) -> None:
        path = self.session.folder / "mlflow.json"
        if path.is_file():
            self.run_ids = json.loads(path.read_text(encoding="utf-8"))
        (self.session.folder / EVALUATIONS).unlink(missing_ok=True)  # an earlier session is replayed from the start

    def check_budget(self, runs: int) -> None:
        """Stop where no more runs may begin; calls, tokens and money are capped call by call, where one is really made.

        Raises:
            Stop: Nothing more may be begun.
        """
        check_spent(self.purse.budget, Spent(), runs + self.reserved)

    @contextmanager
    def evaluating(self, record: Record, paper: Paper, rollout: int) -> Iterator[None]:
        """Let the calls of an evaluation share their answers with others, and be a trace of the candidate's run."""
        key = record.candidate.key
        with self._lock:  # its first papers are evaluated at once; they belong to one run
            tracker, new = self._trackers.get(key), key not in self._trackers
            if tracker is None:
                name, known = f"candidate {record.number}", self.run_ids.get(key)
                tracker = self._trackers[key] = self.tracker.open_child(name, known)
                self._enter(key, tracker.run_id)
        with closing(partial(self._close, tracker)) if new else nullcontext(), as_evaluation(rollout) as given:
            self._given[key, paper.hash, rollout] = given
            if new:
                self._describe(record, tracker)
            callbacks = [*tracker.callbacks(), *dspy.settings.callbacks]
            with dspy.context(callbacks=callbacks), tracker.trace("Evaluation", paper=paper.title):
                yield

    def repeated(self, record: Record, paper: Paper, rollout: int) -> None:
        """Count the calls that need not be made again: they are answered from the transcript."""
        for entry in self._given[record.candidate.key, paper.hash, rollout]:
            self.session.meter.count(entry, replayed=True)

    def judging(self) -> AbstractContextManager[None]:
        """Let what a judge that fails was answered not be replayed for ever."""
        return attempt(self.session.transcript)

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
        with self._lock, (self.session.folder / EVALUATIONS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if trace := self.tracker.last_trace():
                self._traces.append((trace, evaluation))
        figures = {f"score.{slug(evaluation.title)}": evaluation.score, **evaluation.guards}
        figures |= metrics_of(evaluation.verdict) if evaluation.verdict else {}
        mean = record.mean(self.dev)
        if mean is not None:
            figures["dev"] = mean
        tracker = self._trackers[evaluation.candidate]
        self._log(lambda: tracker.log(metrics=figures))
        with self._lock:
            if mean is not None and record.number not in self._measured:
                self._measured.add(record.number)
                self.best = best = mean if self.best is None else max(self.best, mean)
                self._log(lambda: self.tracker.log_step("best_dev", best, record.number))
        told = f"failed: {evaluation.failure}" if evaluation.failure else f"{evaluation.score:.3f}"
        print_line(self.session.meter, f"candidate {record.number} on {evaluation.title}: {told}", self._stream)

    def assess(self) -> None:
        """Put the verdicts beside the traces, once these and all that was logged before are in the store."""
        self.tracker.flush()
        for logged in self._logged:
            logged.result()
        while self._traces:
            trace, evaluation = self._traces.pop()
            if evaluation.verdict:
                assess(self.tracker, trace, evaluation.verdict, self.judge)

    def _log(self, work: Callable[[], None]) -> None:
        """Have something logged; what an earlier one failed with is raised."""
        for logged in self._logged:
            if logged.done():
                logged.result()
        try:
            self._logged.append(self.aside.submit(work))
        except RuntimeError:  # it was interrupted, and this thread does not know yet
            raise Stop("it has ended") from None

    def _close(self, tracker: Tracker, status: str) -> None:
        """Close the run of a candidate, unless all has ended and its runs were closed with it."""
        with suppress(Stop):
            self._log(lambda: tracker.close(status))

    def _enter(self, key: str, run_id: str | None) -> None:
        """Remember the run of a candidate for sessions to come."""
        if run_id is None or self.run_ids.get(key) == run_id:
            return
        self.run_ids[key] = run_id
        write_text(self.session.folder / "mlflow.json", json.dumps(self.run_ids, indent=1) + "\n")

    def _describe(self, record: Record, tracker: Tracker) -> None:
        folder = write_candidate(record.candidate, self.session.folder / "candidates" / f"{record.number:03d}")
        tags = {"kind": "candidate", "key": record.candidate.key}
        self._log(lambda: tracker.log(params={"candidate": record.number}, tags=tags))
        self._log(lambda: tracker.log_files(sorted(folder.iterdir()), "instructions"))


def write_candidate(candidate: Candidate, folder: Path) -> Path:
    """Write each instruction of a candidate as a file, and its demos."""
    for name, text in candidate.instructions.items():
        write_text(folder / f"{name}.md", text + "\n")
    if any(candidate.demos.values()):
        write_text(folder / "demos.json", json.dumps(candidate.demos, indent=1, ensure_ascii=False) + "\n")
    return folder
