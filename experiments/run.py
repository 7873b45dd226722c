"""One run: from a paper to a folder with a repository and everything on the way there."""

import hashlib
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from importlib.metadata import version
from pathlib import Path

import dspy
from filelock import FileLock, Timeout

from data.errors import ConfigError, FolderError, PaperError
from data.paper import Paper
from data.read import read_paper
from experiments.backbones.build import LanguageModels, build_language_models, model_of
from experiments.backbones.engine import Rejections
from experiments.backbones.transcript import Transcript
from experiments.choice import choose_backbones, find_recording, settle_backbone
from experiments.config import ApiBackbone, Config, Role
from experiments.meter import Meter
from experiments.progress import progress
from experiments.record import metrics, parameters, sum_up, tags
from experiments.state import RunState
from experiments.tracking import Tracker, tracked
from program.adapter import SYSTEM, SharedPrefixAdapter
from program.folder import RunFolder
from program.paper_coder import PaperCoder, Stage
from program.repository import write_text

ENDED = {"finished": "finished", "stopped": "stopped", "failed": "failed", "interrupted": "been interrupted"}

LOCK = ".lock"
"""The file in a run's folder that the process at work holds."""


@dataclass
class Session:
    """What one session of a run works with."""

    folder: Path
    paper: Paper
    state: RunState
    config: Config
    roles: dict[Role, str]
    meter: Meter
    models: LanguageModels
    transcript: Transcript


def start_run(source: str, out: Path | None, config: Config, stop_after: Stage) -> RunState:
    """Read a paper and run the program on it.

    Args:
        source: As `data.read.read_paper` takes it.
        out: The folder of the run, which must not exist or be empty; by default one under `runs/`.
        config: The configuration.
        stop_after: The last stage.

    Raises:
        PaperCoderError: Whatever went wrong; the folder has what was done.
    """
    recording = find_recording(source)
    config = settle_backbone(config, recording)
    paper, notices = fit(read_paper(source), config, choose_backbones(config))
    folder = out or _free_folder(paper.title)
    state = RunState(
        folder=str(folder),
        title=paper.title,
        source=paper.source,
        recording=str(recording) if recording else None,
        paper_hash=paper.hash,
        notices=notices,
        stop_after=stop_after,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        config=config.model_dump(mode="json"),
    )
    _refuse_taken(folder)
    session = _open_session(folder, paper, state, config)  # before the folder is made: a missing key leaves none behind
    with _locked(folder):
        _refuse_taken(folder)
        write_text(folder / "paper.md", paper.markdown)
        return _work(session)


def resume_run(folder: Path, state: RunState, config: Config, stop_after: Stage) -> RunState:
    """Go on with a run where it stopped, from its files as they are now.

    Args:
        folder: The folder of the run.
        state: Its `run.json`.
        config: The configuration, that of the earlier session or another one.
        stop_after: The last stage.

    Raises:
        PaperCoderError: Whatever went wrong; the folder has what was done.
    """
    with _locked(folder):
        config = settle_backbone(config, Path(state.recording) if state.recording else None)
        paper = read_paper(folder / "paper.md").model_copy(update={"source": state.source})
        paper, notices = fit(paper, config, choose_backbones(config))
        state = state.model_copy(
            update={
                "folder": str(folder),
                "status": "running",
                "error": None,
                "stop_after": stop_after,
                "title": paper.title,
                "paper_hash": paper.hash,
                "notices": [*state.notices, *(notice for notice in notices if notice not in state.notices)],
                "config": config.model_dump(mode="json"),
            }
        )
        return _work(_open_session(folder, paper, state, config))


def _open_session(folder: Path, paper: Paper, state: RunState, config: Config) -> Session:
    """Find everything that a session works with; nothing is written yet."""
    roles, meter = choose_backbones(config), Meter()
    recording = Path(state.recording) if state.recording else None
    models, transcript = build_language_models(config, roles, folder, recording, meter.count)
    return Session(folder, paper, state, config, roles, meter, models, transcript)


def fit(paper: Paper, config: Config, roles: Mapping[Role, str]) -> tuple[Paper, list[str]]:
    """Drop the appendices of a paper that is too long for the context of a backbone.

    References are dropped by the readers already. Three tenths of the context are kept for the plan and the code.

    Returns:
        The paper, and what to tell the user.

    Raises:
        PaperError: It is too long even without appendices.
    """
    rooms = {name: room for name in set(roles.values()) if (room := _room(config, name)) is not None}
    if not rooms:
        return paper, []
    name = min(rooms, key=rooms.__getitem__)
    whole, room = _tokens(paper), rooms[name]
    if whole <= room:
        return paper, []
    shorter = paper.without_appendices()
    rest = _tokens(shorter)
    if rest <= room:
        return shorter, [
            f"the paper has about {whole:,} tokens and backbone {name!r} has room for {room:,}: "
            f"its appendices were dropped, {rest:,} remain"
        ]
    raise PaperError(
        f"the paper has about {whole:,} tokens, {rest:,} without appendices, and backbone {name!r} has room for "
        f"{room:,} "
        f"(context of {config.backbones[name].context_tokens:,}, less the answer and three tenths for plan and code); "
        "use a backbone with a longer context"
    )


def prompt_hash(program: dspy.Module) -> str:
    """Return a hash of everything in the prompts of a program that does not depend on the paper."""
    adapter = SharedPrefixAdapter()
    texts = [SYSTEM] + [
        f"{name}\n{adapter.task(predictor.signature, predictor.demos, {})}"
        for name, predictor in sorted(program.named_predictors())
    ]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _refuse_taken(folder: Path) -> None:
    if folder.is_dir() and any(path.name != LOCK for path in folder.iterdir()):
        todo = f"`papercoder resume {folder}` goes on" if (folder / "run.json").exists() else "choose another --out"
        raise FolderError(f"{folder} is not empty; {todo}")


def _work(session: Session) -> RunState:
    """Run the program; whatever happens, `run.json` and MLflow say how it ended."""
    folder, state, config = session.folder, session.state, session.config
    program = PaperCoder(config.concurrency)
    state.version, state.prompt_hash = version("papercoder"), prompt_hash(program)
    state.backbones = {role: f"{name} ({model_of(config, name)})" for role, name in session.roles.items()}
    try:
        state.save(folder)
        with tracked(config.tracking, _slug(state.title), state.mlflow_run) as tracker:
            state.mlflow_run = tracker.run_id or state.mlflow_run
            state.save(folder)
            tracker.log(params=parameters(state, config, session.roles), tags=tags(state, session.roles))
            _carry_out(program, session, tracker)
    except BaseException as error:
        state.ended_by(error)
        error.add_note(f"what was done is in {folder}; `papercoder resume {folder}` goes on")
        with suppress(FolderError):  # the disk may be full; what went wrong first is what is told
            state.save(folder)
        raise
    return state


def _carry_out(program: PaperCoder, session: Session, tracker: Tracker) -> None:
    """Run the program and record what came of it."""
    folder, state = session.folder, session.state
    before, started = state.model_copy(deep=True), time.monotonic()

    def record() -> None:
        state.seconds = round(before.seconds + time.monotonic() - started, 3)
        sum_up(state, before, session.meter, session.transcript, RunFolder(folder))
        state.save(folder)
        session.models.close(f"The run has {ENDED[state.status]}.")
        tracker.log(metrics=metrics(state), tags={"status": state.status, "error": state.error or ""})
        tracker.log_folder(folder)

    try:
        for line in [*state.notices, *(mailbox.invitation for mailbox in session.models.mailboxes)]:
            print(line, file=sys.stderr, flush=True)
        with progress(session.meter):
            _run_program(program, session, tracker)
        state.status = "finished" if state.stop_after == "coding" else "stopped"
    except BaseException as error:
        state.ended_by(error)
        with suppress(FolderError, ConfigError):  # what went wrong first is what is told
            record()
        raise
    record()


def _run_program(program: PaperCoder, session: Session, tracker: Tracker) -> None:
    folder, models, meter = RunFolder(session.folder), session.models, session.meter
    meter.started = time.monotonic()
    with dspy.context(
        lm=models.by_role["planner"],
        lms=models.by_role,
        adapter=SharedPrefixAdapter(),
        folder=folder,
        callbacks=[*tracker.callbacks(), meter, Rejections(session.transcript)],
        disable_history=True,
        max_trace_size=0,
    ):
        try:
            prediction = program(paper=session.paper, stop_after=session.state.stop_after)
        finally:
            session.state.program_seconds += time.monotonic() - meter.started
    if prediction.repository:
        notices = _complete(folder, prediction.repository)
        session.state.notices += [notice for notice in notices if notice not in session.state.notices]


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


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second process out of the folder."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise FolderError(f"{folder}: another process works on this run; wait for it to end") from None
    except OSError as error:
        raise FolderError(f"cannot use {folder}: {error.strerror}; choose another --out") from error
    try:
        yield
    finally:
        lock.release()


def _room(config: Config, name: str) -> int | None:
    """Return how many tokens a paper may have: seven tenths of the context, less the answer."""
    backbone = config.backbones[name]
    if backbone.context_tokens is None:
        return None
    answer = backbone.max_tokens or 0 if isinstance(backbone, ApiBackbone) else 0
    return max(0, backbone.context_tokens * 7 // 10 - answer)


def _tokens(paper: Paper) -> int:
    return len(paper.markdown) // 4


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].rstrip("-") or "paper"


def _free_folder(title: str) -> Path:
    name, number = Path("runs") / _slug(title), 1
    folder = name
    while folder.exists():
        number += 1
        folder = name.with_name(f"{name.name}-{number}")
    return folder
