"""The work of a run: a method is let loose on a paper, and what comes of it is kept, counted and logged."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from glob import escape
from importlib.metadata import version

import dspy

from data.errors import ConfigError, FolderError
from data.paper import Paper
from experiments.backbones.build import model_of
from experiments.config import Config
from experiments.executing.mend import mend
from experiments.fit import room_of_prompt
from experiments.meter import Meter
from experiments.progress import progress
from experiments.record import metrics, parameters, sum_up, tags
from experiments.session import Session
from experiments.state import RunState
from experiments.tracking import Tracker, tracked
from program.adapter import SYSTEM, SharedPrefixAdapter
from program.folder import RunFolder
from program.paper_coder import PaperCoder
from program.repository import write_text


def _track(config: Config, name: str, run_id: str | None) -> AbstractContextManager[Tracker]:
    return tracked(config.tracking, name, run_id)


@dataclass
class Run:
    """A method and a paper."""

    session: Session
    paper: Paper
    state: RunState
    method: dspy.Module
    """Takes a paper, gives a `repository`: the text of every file by path."""
    track: Callable[[Config, str, str | None], AbstractContextManager[Tracker]] = _track
    """Opens the run in MLflow."""
    display: Callable[[Meter], AbstractContextManager[None]] = progress


def work(run: Run) -> RunState:
    """Do a run; whatever happens, `run.json` and MLflow say how it ended.

    Raises:
        PaperCoderError: Whatever went wrong; the folder has what was done.
    """
    session, state = run.session, run.state
    folder, config = session.folder, session.sources.config
    state.version, state.prompt_hash = version("papercoder"), prompt_hash(run.method)
    state.backbones = {role: f"{name} ({model_of(config, name)})" for role, name in session.roles.items()}
    try:
        write_text(folder / "paper.md", run.paper.markdown)
        state.save(folder)
        with run.track(config, slug(state.title), state.mlflow_run) as tracker:
            state.mlflow_run = tracker.run_id or state.mlflow_run
            state.save(folder)
            tracker.log(params=parameters(state, config, session.roles), tags=tags(state, session.roles))
            _carry_out(run, tracker)
    except BaseException as error:
        state.ended_by(error)
        with suppress(FolderError):  # the disk may be full; what went wrong first is what is told
            state.save(folder)
        raise
    return state


def _carry_out(run: Run, tracker: Tracker) -> None:
    """Let the method work and record what came of it."""
    session, state = run.session, run.state
    folder = session.folder
    before, started = state.model_copy(deep=True), time.monotonic()

    def record() -> None:
        state.seconds = round(before.seconds + time.monotonic() - started, 3)
        sum_up(state, before, session.meter, session.transcript, RunFolder(folder))
        state.save(folder)
        tracker.log(metrics=metrics(state), tags={"status": state.status, "error": state.error or ""})
        tracker.log_folder(folder)

    try:
        with run.display(session.meter):
            _ask_method(run, tracker)
        state.status = "finished" if state.stop_after == "coding" else "stopped"
    except BaseException as error:
        state.ended_by(error)
        with suppress(FolderError, ConfigError):  # what went wrong first is what is told
            record()
        raise
    record()


def _ask_method(run: Run, tracker: Tracker) -> None:
    session, state = run.session, run.state
    folder, meter = RunFolder(session.folder), session.meter
    meter.started = time.monotonic()
    stop = {"stop_after": state.stop_after} if isinstance(run.method, PaperCoder) else {}
    with session.asking(tracker, folder=folder):
        try:
            prediction = run.method(paper=run.paper, **stop)
        finally:
            state.program_seconds += time.monotonic() - meter.started
            state.trace = tracker.last_trace() or state.trace
        if prediction.repository:
            notices = _complete(folder, prediction.repository)
            if state.execute:
                with dspy.context(folder=None):
                    notices += mend(folder, run.paper, room_of_prompt(session.sources.config, session.roles["coder"]))
            state.notices += [notice for notice in notices if notice not in state.notices]


def _complete(folder: RunFolder, repository: Mapping[str, str]) -> list[str]:
    """Bring the repository on disk up to its plan; return what the user has to know."""
    notices = []
    for name, text in repository.items():
        path = folder.repository.path(name)
        if folder.edited(path) and path.read_text(encoding="utf-8", errors="replace") != text:
            notices.append(f"{path} was edited and stays; it is not as the plan would have it now")
        folder.write(path, text)
    for left in folder.remove_unplanned(repository):
        notices.append(f"{folder.root / left} was edited and stays, but it is no longer planned")
    for path in [*folder.made(), folder.root / "run.json", folder.root / "paper.md"]:
        for half in path.parent.glob(f".{escape(path.name)}.????????"):
            half.unlink(missing_ok=True)  # a run was killed while it wrote the file
    return notices


def prompt_hash(program: dspy.Module) -> str:
    """Return a hash of everything in the prompts of a program that does not depend on the paper."""
    adapter = SharedPrefixAdapter()
    texts = [SYSTEM] + [
        f"{name}\n{adapter.task(predictor.signature, predictor.demos, {})}"
        for name, predictor in sorted(program.named_predictors())
    ]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def slug(title: str) -> str:
    """Return a title as the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].rstrip("-") or "paper"
