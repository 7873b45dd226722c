"""One run: from a paper to a folder with a repository and everything on the way there."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from data.errors import FolderError, PaperCoderError, SandboxError
from data.read import read_paper
from experiments.backbones.build import Sources
from experiments.choice import choose_backbones, find_recording, settle_backbone
from experiments.config import Config
from experiments.executing.execute import EXECUTION, execute_subject
from experiments.executing.subject import find_subject
from experiments.fit import fit
from experiments.session import LOCK, free_folder, locked, open_session
from experiments.state import RunState
from experiments.work import Run, slug, work
from optimizers.compiled import CompiledProgram
from program.paper_coder import PaperCoder, Stage

ENDED = {"finished": "finished", "stopped": "stopped", "failed": "failed", "interrupted": "been interrupted"}


PROGRAM = "program.json"
"""The compiled program that a run uses lies in its folder under this name."""


def start_run(
    source: str,
    out: Path | None,
    config: Config,
    stop_after: Stage,
    program: Path | None = None,
    execute: bool = False,
) -> RunState:
    """Read a paper and run the program on it.

    Args:
        source: As `data.read.read_paper` takes it.
        out: The folder of the run, which must not exist or be empty; by default one under `runs/`.
        config: The configuration.
        stop_after: The last stage.
        program: A compiled program; the prompts of this version if None.
        execute: Whether the repository is checked, mended once and executed.

    Raises:
        PaperCoderError: Whatever went wrong; the folder has what was done.
    """
    compiled = CompiledProgram.load(program) if program else None
    recording = find_recording(source)
    config = settle_backbone(config, recording)
    roles = choose_backbones(config)
    paper, notices = fit(read_paper(source), config, roles.values())
    folder = out or free_folder(Path("runs") / slug(paper.title))
    state = RunState(
        folder=str(folder),
        title=paper.title,
        source=paper.source,
        recording=str(recording) if recording else None,
        paper_hash=paper.hash,
        notices=notices,
        stop_after=stop_after,
        execute=execute,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        config=config.model_dump(mode="json"),
    )
    _refuse_taken(folder)
    session = open_session(folder, Sources(config, folder, recording), roles)  # before the folder is made: it may fail
    with locked(folder):
        _refuse_taken(folder)
        if compiled:
            compiled.save(folder / PROGRAM)
        state = _alone(Run(session, paper, state, _program(folder, config)))
    return _executed(state, config)


def resume_run(folder: Path, state: RunState, config: Config, stop_after: Stage, execute: bool = False) -> RunState:
    """Go on with a run where it stopped, from its files as they are now.

    Args:
        folder: The folder of the run.
        state: Its `run.json`.
        config: The configuration, that of the earlier session or another one.
        stop_after: The last stage.
        execute: Whether the repository is checked, mended once and executed; so it is if the run began like that.

    Raises:
        PaperCoderError: Whatever went wrong; the folder has what was done.
    """
    if state.method != "PaperCoder":
        raise FolderError(f"{folder} is a cell of an experiment ({state.method}); run the experiment again instead")
    with locked(folder):
        recording = Path(state.recording) if state.recording else None
        config = settle_backbone(config, recording)
        roles = choose_backbones(config)
        paper = read_paper(folder / "paper.md").model_copy(update={"source": state.source})
        paper, notices = fit(paper, config, roles.values())
        state = state.model_copy(
            update={
                "folder": str(folder),
                "status": "running",
                "error": None,
                "stop_after": stop_after,
                "execute": execute or state.execute,
                "title": paper.title,
                "paper_hash": paper.hash,
                "notices": [*state.notices, *(notice for notice in notices if notice not in state.notices)],
                "config": config.model_dump(mode="json"),
            }
        )
        session = open_session(folder, Sources(config, folder, recording), roles)
        state = _alone(Run(session, paper, state, _program(folder, config)))
    return _executed(state, config)


def _executed(state: RunState, config: Config) -> RunState:
    """Execute the repository of a run that is finished, if that was asked for; without a sandbox the run says so."""
    if not state.execute or state.status != "finished":
        return state
    folder = Path(state.folder)
    place = free_folder(folder / EXECUTION)
    try:
        report = execute_subject(find_subject(folder), place, False, config)
    except PaperCoderError as error:
        state.execution, state.execution_folder = f"not executed: {error}", None
        if not isinstance(error, SandboxError):
            state.save(folder)
            raise
    else:
        state.execution, state.execution_folder = report.status, str(place)
        if report.lacks_packages:
            state.execution = "not executed: its packages cannot be installed here; `papercoder doctor` says why"
    state.save(folder)
    return state


def _alone(run: Run) -> RunState:
    """Do a run that has its backbones for itself, and tell its user how it goes."""
    sources = run.session.sources
    try:
        for line in [*run.state.notices, *(mailbox.invitation for mailbox in sources.mailboxes)]:
            print(line, file=sys.stderr, flush=True)
        return work(run)
    except BaseException as error:
        folder = run.session.folder
        error.add_note(f"what was done is in {folder}; `papercoder resume {folder}` goes on")
        raise
    finally:
        sources.close(f"The run has {ENDED[run.state.status]}.")


def _program(folder: Path, config: Config) -> PaperCoder:
    """Return the program of a run: the compiled one in its folder, if there is one."""
    path = folder / PROGRAM
    return CompiledProgram.load(path).program(config.concurrency) if path.exists() else PaperCoder(config.concurrency)


def _refuse_taken(folder: Path) -> None:
    if folder.is_dir() and any(path.name != LOCK for path in folder.iterdir()):
        todo = f"`papercoder resume {folder}` goes on" if (folder / "run.json").exists() else "choose another --out"
        raise FolderError(f"{folder} is not empty; {todo}")
