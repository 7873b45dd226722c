"""What has to be done for an experiment, one job at a time; what fails is noted in its cell and stops nothing else."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from data.errors import PaperCoderError
from data.paper import Paper
from experiments.backbones.build import Sources, model_of
from experiments.config import Config, Role
from experiments.executing.debug import repair
from experiments.executing.subject import find_subject
from experiments.fit import fit
from experiments.gate import Gate
from experiments.grid.cell import CellPlan, CellState, Judgement, score_of
from experiments.grid.methods import METHODS
from experiments.grid.papers import GridPaper
from experiments.judging import (
    COMPONENTS,
    ask_judge,
    assess,
    build_judge,
    fingerprint,
    load_requirements,
    load_verdict,
)
from experiments.meter import Meter
from experiments.progress import print_line
from experiments.reports.cells import Executability
from experiments.session import Session, open_session
from experiments.state import RunState
from experiments.tracking import Tracker
from experiments.work import Run, prompt_hash, slug, work
from program.baselines.oracle import Given
from program.execution.executor import Executor
from program.repository import Listing, Repository, measure, write_text
from signatures.judging import Requirements


@dataclass(frozen=True)
class Failure:
    """The result of a job that failed."""

    reason: str


@dataclass
class Workshop:
    """Does the jobs of an experiment, several at once."""

    config: Config
    folder: Path
    roles: Mapping[str, Mapping[Role, str]]
    sources: Sources
    gate: Gate
    tracker: Tracker
    total: int
    """Number of cells."""
    executor: Executor | None = None
    """Runs repositories, if they are to be debugged."""
    meter: Meter = field(default_factory=Meter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ranks: dict[str, int] = field(default_factory=dict)
    _abandoned: bool = False

    def read(self, paper: GridPaper) -> Paper | Failure:
        """Read a paper and fit it into the contexts of all who will read it."""
        with self._lock:
            self._ranks.setdefault(paper.name, len(self._ranks))
        backbones = {name for roles in self.roles.values() for name in roles.values()}
        try:
            text, notices = fit(paper.read(), self.config, backbones)
            self._keep(self._place(paper), text)
        except Exception as error:  # one paper must not end the others, whatever is wrong with it
            return Failure(_reason(error))
        for notice in notices:
            self._tell(f"{paper.name}: {notice}")
        return text

    def list_components(self, paper: GridPaper, judge: str, text: Paper | Failure) -> Requirements | Failure:
        """Have the judge say what a paper requires, once for all who are judged by it."""
        if isinstance(text, Failure):
            return text
        session = self._session(self._place(paper) / slug(judge), {"judge": judge})
        path = session.folder / COMPONENTS
        try:
            if path.exists():
                return load_requirements(path)
            with session.asking(Tracker()):
                requirements = build_judge(self.config, judge).list_requirements(text.markdown)
            write_text(path, requirements.to_yaml())
        except Exception as error:  # as above
            return Failure(_reason(error))
        self._tell(f"{paper.name}: {len(requirements.components)} components required")
        return requirements

    def write(self, cell: CellPlan, paper: Paper | Failure) -> Listing | Failure:
        """Let a method write its repository, or go on with it."""
        state = CellState.load(cell.folder)
        state.errors.clear()
        try:
            if isinstance(paper, Failure):
                raise PaperCoderError(paper.reason)
            listing = self._written(cell, paper, state)
            state.statistics = measure(listing.files)
        except Exception as error:  # as above
            return self._fail(cell, state, "method", error)
        state.save(cell.folder)
        self._tell(f"{cell}: {state.statistics.files} files")
        return listing

    def judge(
        self,
        cell: CellPlan,
        judgement: Judgement,
        paper: Paper | Failure,
        listing: Listing | Failure,
        requirements: Requirements | Failure | None,
    ) -> None:
        """Have the repository of a cell judged."""
        if isinstance(listing, Failure) or isinstance(paper, Failure):
            return
        try:
            if isinstance(requirements, Failure):
                raise PaperCoderError(requirements.reason)
            self._judged(cell, judgement, paper, listing, requirements)
        except Exception as error:  # as above
            with self._lock:
                self._fail(cell, CellState.load(cell.folder), judgement.folder, error)

    def debug(self, cell: CellPlan, paper: Paper | Failure, listing: Listing | Failure) -> None:
        """Have the repository of a cell executed, and repaired until it runs."""
        if isinstance(listing, Failure) or isinstance(paper, Failure):
            return
        try:
            self._debugged(cell, paper, listing)
        except Exception as error:  # as above
            with self._lock:
                self._fail(cell, CellState.load(cell.folder), "debugging", error)

    def assess(self, cells: list[CellPlan]) -> None:
        """Put the verdicts beside the traces of the methods, once all traces are in the store."""
        self.tracker.flush()
        for cell in cells:
            state = CellState.load(cell.folder)
            for name in list(state.unassessed):
                verdict = load_verdict(cell.folder / name)
                if verdict and state.trace:
                    assess(self.tracker, state.trace, verdict, state.scores[name].judge)
                state.unassessed.remove(name)
                state.save(cell.folder)

    def abandon(self) -> None:
        """Let threads that are still at work open no runs of cells any more."""
        self._abandoned = True

    def _keep(self, place: Path, paper: Paper) -> None:
        """Write a paper; what an earlier version of it required no longer holds."""
        path = place / "paper.md"
        if path.exists() and path.read_bytes() != paper.markdown.encode():
            for components in place.glob(f"*/{COMPONENTS}"):
                components.unlink()
        write_text(path, paper.markdown)

    def _written(self, cell: CellPlan, paper: Paper, state: CellState) -> Listing:
        method = METHODS[cell.method](self.config.concurrency, cell.paper.reference)
        if isinstance(method, Given):
            with self._child(cell, state) as tracker:
                size = measure(method.listing.files)
                tracker.log(
                    metrics={f"repository.{key}": float(value) for key, value in size.model_dump().items()},
                    tags={"paper": paper.title, "method": cell.method, "status": "finished"},
                )
            return method.listing
        session = self._session(cell.folder, self.roles[cell.backbone])
        run = self._run_state(cell, paper, session)
        same = run.prompt_hash == prompt_hash(method) and run.paper_hash == paper.hash
        if run.status != "finished" or not same or run.backbones != self._named(session):
            run.status, run.error, run.paper_hash = "running", None, paper.hash

            def track(config: Config, name: str, run_id: str | None) -> AbstractContextManager[Tracker]:
                return self._child(cell, state)

            work(Run(session, paper, run, method, track=track, display=lambda meter: nullcontext()))
            state.trace = run.trace
        return Repository(cell.folder / "repository").read()

    def _run_state(self, cell: CellPlan, paper: Paper, session: Session) -> RunState:
        if (cell.folder / "run.json").exists():
            return RunState.load(cell.folder)
        return RunState(
            method=cell.method,
            folder=str(cell.folder),
            title=paper.title,
            source=paper.source,
            paper_hash=paper.hash,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            config=self.config.model_dump(mode="json"),
        )

    def _named(self, session: Session) -> dict[str, str]:
        return {role: f"{name} ({model_of(self.config, name)})" for role, name in session.roles.items()}

    def _judged(
        self,
        cell: CellPlan,
        judgement: Judgement,
        paper: Paper,
        listing: Listing,
        requirements: Requirements | None,
    ) -> None:
        reference = None
        if judgement.setting == "reference-based" and cell.paper.reference is not None:
            reference = Repository(cell.paper.reference).read()
        name, model = judgement.folder, model_of(self.config, judgement.judge)
        judge = build_judge(self.config, judgement.judge, judgement.protocol)
        against = reference.files if reference else None
        prompts = [prompt_hash(judge), paper.hash, requirements and requirements.to_yaml(), model, judge.samples]
        key = fingerprint(listing.files, against, *prompts)
        with self._lock:
            state = CellState.load(cell.folder)
        if state.keys.get(name) == key and load_verdict(cell.folder / name):
            return
        session = self._session(cell.folder / name, {"judge": judgement.judge}, 1 + self._ranks[cell.paper.name])
        with self._child(cell, state) as tracker:
            verdict = ask_judge(session, tracker, judge, paper.markdown, listing, reference, requirements)
            trace = tracker.last_trace()
        with self._lock:
            state = CellState.load(cell.folder)
            state.trace = state.trace or trace
            state.errors.pop(name, None)
            state.keys[name], state.scores[name] = key, score_of(verdict, judgement.judge)
            state.unassessed = [*(other for other in state.unassessed if other != name), name]
            state.save(cell.folder)
        self._tell(f"{cell}, {judgement}: {verdict.score:.2f}")

    def _debugged(self, cell: CellPlan, paper: Paper, listing: Listing) -> None:
        assert self.executor is not None
        repository = cell.folder / "repository"
        if not (cell.folder / "run.json").exists():  # nobody has written it here
            for path, text in listing.files.items():
                Repository(repository).write(path, text)
        subject = find_subject(repository)
        subject.paper = paper
        with self._lock:
            state = CellState.load(cell.folder)
        session = self._session(
            cell.folder / "debugging", {"debugger": cell.debugger}, 1 + self._ranks[cell.paper.name]
        )
        with self._child(cell, state) as tracker:
            done = repair(session, tracker, self.executor, subject)
        with self._lock:
            state = CellState.load(cell.folder)
            state.errors.pop("debugging", None)
            state.executability = Executability(
                runs=done.status == "ran",
                rounds=len(done.rounds),
                modified_lines=done.modified_lines,
                total_lines=done.total_lines,
                failure="" if done.status == "ran" or not done.failures else done.failures[-1],
            )
            state.save(cell.folder)
        self._tell(f"{cell}: {done.end} ({done.modified_lines} lines modified)")

    @contextmanager
    def _child(self, cell: CellPlan, state: CellState) -> Iterator[Tracker]:
        """Open the MLflow run of a cell, below that of the experiment."""
        with self.tracker.child(str(cell), state.mlflow_run) as tracker:
            if tracker.run_id is None:
                yield tracker
                return
            if state.mlflow_run != tracker.run_id:
                state.mlflow_run = tracker.run_id
                state.save(cell.folder)
            if self._abandoned:
                raise KeyboardInterrupt
            yield tracker

    def _session(self, folder: Path, roles: Mapping[Role, str], rank: int = 0) -> Session:
        """Open a session; of its calls those go first on which others wait, then the verdicts, paper by paper."""
        return open_session(folder, self.sources, roles, partial(self.gate.admit, rank), self.meter.count)

    def _place(self, paper: GridPaper) -> Path:
        return self.folder / "papers" / slug(paper.name)

    def _fail(self, cell: CellPlan, state: CellState, what: str, error: Exception) -> Failure:
        state.errors[what] = _reason(error)
        state.save(cell.folder)
        self._tell(f"{cell}: {what} failed: {state.errors[what]}")
        return Failure(state.errors[what])

    def _tell(self, event: str) -> None:
        print_line(self.meter, event)


def _reason(error: Exception) -> str:
    """Return what went wrong, in a line."""
    return str(error) if isinstance(error, PaperCoderError) else f"unexpected {type(error).__name__}: {error}"
