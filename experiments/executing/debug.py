"""`papercoder debug`: a repository is repaired until it runs; what was changed is counted as in Table 7."""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import ConfigError, FolderError
from experiments.backbones.build import Sources, model_of
from experiments.choice import RECORDING, choose_backbones, recording_of, settle_backbone
from experiments.config import Config
from experiments.executing.bench import build_executor
from experiments.executing.report import plain
from experiments.executing.subject import Subject, find_subject
from experiments.fit import fit, room_of_prompt
from experiments.progress import progress
from experiments.session import Session, locked, open_session, refuse_taken
from experiments.tracking import Tracker, tracked
from experiments.work import prompt_hash, slug
from program.debugger import Debugger, End, Round, name_failure
from program.edits import difference, modified_lines
from program.execution.executor import PRODUCED, Executor
from program.execution.report import Execution, Status
from program.exhibit import make_exhibit
from program.repository import Listing, Repository, measure, write_text
from program.sandbox.copying import copy_in, remove

DEBUGGING = "debugging.json"

REPAIRED = "repository"
"""Folder of the repaired repository, in that of its debugging."""


_OURS = (RECORDING, "mailbox")
"""What may lie in a folder that has not begun."""


class Debugging(BaseModel):
    """`debugging.json`: what became of a repository."""

    model_config = ConfigDict(frozen=True)

    key: str
    """Hash of everything that it depends on."""
    end: End | None = None
    """None as long as it is under way."""
    command: str
    status: Status | None = None
    """Of the last run."""
    failures: tuple[str, ...] = ()
    """Of each run that did not come to its end, the kind and the error."""
    rounds: tuple[Round, ...] = ()
    modified_lines: int = 0
    total_lines: int = 0
    """Of programs, settings and prose of the repository before it was repaired."""

    @property
    def percentage(self) -> float:
        """Modified lines per hundred lines."""
        return 100 * self.modified_lines / self.total_lines if self.total_lines else 0.0


def debug_repository(
    repository: Path, paper: str | None, command: str | None, out: Path | None, config: Config
) -> tuple[Debugging, Path]:
    """Repair a repository until it runs; the repository itself stays as it is.

    Args:
        repository: Any folder with code, or that of a run.
        paper: As `papercoder run` takes it; by default that of the run which wrote the repository.
        command: What has to run; by default the quick mode, or else the entry point.
        out: Folder of the repaired repository and the diffs; by default one under `debugging/`, the same for the same
            question. One that is there is gone on with.
        config: The configuration.

    Raises:
        PaperCoderError: Nothing can be debugged here; what was done is in the folder.
    """
    subject = find_subject(repository, paper, command)
    if subject.paper is None:
        raise ConfigError(f"{repository} does not lie in the folder of a run; name its paper with --paper")
    recording = recording_of(repository, paper)
    config = settle_backbone(config, recording)
    backbone = choose_backbones(config, ("debugger",))["debugger"]
    subject.paper, notices = fit(subject.paper, config, [backbone])
    folder = out or Path("debugging") / f"{slug(subject.name)}-{key_of(subject, config, backbone)}"
    executor = build_executor(config)
    sources = Sources(config, folder, recording)
    with locked(folder):
        try:
            session = open_session(folder, sources, {"debugger": backbone})
            for line in [*notices, *(mailbox.invitation for mailbox in sources.mailboxes)]:
                print(line, file=sys.stderr, flush=True)
            with tracked(config.tracking, f"debug {slug(subject.name)}") as tracker, progress(session.meter):
                tags = {"kind": "debug", "paper": subject.paper.title, "repository": str(subject.repository)}
                tracker.log(tags={**tags, "backbone": backbone})
                done = repair(session, tracker, executor, subject)
                if subject.run:
                    tracker.other(subject.run.mlflow_run).log(metrics=metrics_of(done), tags=_tags(done))
        except BaseException as error:
            error.add_note(f"what was done is in {folder}; the same command goes on")
            raise
        finally:
            sources.close("The debugging has ended.")
    return done, folder


def repair(session: Session, tracker: Tracker, executor: Executor, subject: Subject) -> Debugging:
    """Repair a repository in the folder of a session, or return what was done there already.

    Args:
        session: With a model for the role `debugger`.
        tracker: The run that it is logged to.
        executor: Runs it.
        subject: What is repaired; its paper is known.

    Raises:
        PaperCoderError: It could not be carried out; what was done is in the folder.
    """
    assert subject.paper is not None
    if subject.commands is None:
        raise ConfigError(f"{subject.repository} has no entry point (main.py, app.py …); name a command with --command")
    folder, config, backbone = session.folder, session.sources.config, session.roles["debugger"]
    key = key_of(subject, config, backbone)
    known = _known(folder, key)
    if known and known.end:
        return known
    done = Debugging(key=key, command=subject.commands.quick or subject.commands.full[0])
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / DEBUGGING, done.model_dump_json(indent=1) + "\n")
    original = _plain(subject.listing.files)
    failures: list[str] = []

    def run(files: Mapping[str, str]) -> Execution:
        execution = _run(executor, subject, done.command, folder / "runs", files)
        if execution.status != "ran":
            failures.append(name_failure(execution.failure))
        return execution

    def watch(number: int, record: Round) -> None:
        write_text(folder / "rounds" / f"{number}.diff", record.diff)
        write_text(folder / "rounds" / f"{number}.yaml", record.fault.to_yaml() + record.repair.to_yaml())
        executor.tell(f"round {number}: {record.repair.explanation}")

    with session.asking(tracker):
        debugger = Debugger(room_of_prompt(config, backbone))
        found = debugger(
            paper=subject.paper.markdown,
            files=original,
            run=run,
            rounds=config.execution.rounds,
            others=_others(subject),
            watch=watch,
        )
    _write_repaired(subject.repository, folder / REPAIRED, original, found.files)
    done = Debugging(
        key=key,
        end=found.end,
        command=done.command,
        status=found.execution.status,
        failures=tuple(failures),
        rounds=tuple(found.rounds),
        modified_lines=modified_lines(original, found.files),
        total_lines=measure(make_exhibit(Listing(files=original)).texts).lines,
    )
    write_text(folder / "whole.diff", difference(original, found.files))
    write_text(folder / DEBUGGING, done.model_dump_json(indent=1) + "\n")
    tracker.log(metrics=metrics_of(done), tags=_tags(done))
    tracker.log_files([folder / name for name in (DEBUGGING, "whole.diff")], "debugging")
    rounds = folder / "rounds"
    tracker.log_files(sorted(rounds.iterdir()) if rounds.is_dir() else [], "debugging/rounds")
    return done


def key_of(subject: Subject, config: Config, backbone: str) -> str:
    """Return a hash of everything that a debugging depends on."""
    assert subject.paper is not None
    listing, commands = subject.listing, subject.commands
    parts = [json.dumps(listing.files, sort_keys=True), json.dumps(sorted(listing.left_out)), subject.paper.hash]
    parts += [str(commands), prompt_hash(Debugger()), model_of(config, backbone), str(config.execution.rounds)]
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()[:12]


def lines_of(done: Debugging, folder: Path) -> Iterator[str]:
    """Say what came of a debugging, line by line."""
    yield from map(plain, _lines(done, folder))


def _lines(done: Debugging, folder: Path) -> Iterator[str]:
    yield f"{done.end}: {done.command}"
    for number, record in enumerate(done.rounds, start=1):
        yield f"  round {number}: {name_failure(record.failure)}"
        yield f"    {record.fault.kind}, {record.fault.file}: {' '.join(record.repair.explanation.split())}"
    if done.status != "ran" and done.failures:
        yield f"  at last: {done.failures[-1]}"
    yield f"  {done.modified_lines} of {done.total_lines:,} lines modified ({done.percentage:.2f} %)"
    yield f"  {folder}/{REPAIRED} is the repaired repository, {folder}/rounds has the diffs"


def _known(folder: Path, key: str) -> Debugging | None:
    """Return what the folder has already on this question.

    Raises:
        FolderError: What is in the folder is about something else.
    """
    path = folder / DEBUGGING
    if not path.is_file():
        refuse_taken(folder, _OURS)
        return None
    try:
        known = Debugging.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(f"{path} is damaged: {' '.join(str(error).split())[:200]}; choose another --out") from None
    if known.key != key:
        raise FolderError(f"{folder} holds the debugging of something else; choose another --out")
    return known


def _others(subject: Subject) -> set[str]:
    """Return the files of a repository that were not read, hidden ones among them."""
    root = subject.repository
    found = (Path(folder, name).relative_to(root).as_posix() for folder, _, names in os.walk(root) for name in names)
    return {name for name in found if name not in subject.listing.files}


def _plain(files: Mapping[str, str]) -> dict[str, str]:
    """Return files with one kind of line end, so that texts to search for are found."""
    return {path: text.replace("\r\n", "\n").replace("\r", "\n") for path, text in files.items()}


def _run(executor: Executor, subject: Subject, command: str, folder: Path, files: Mapping[str, str]) -> Execution:
    """Run the repository with these files, unless an earlier session has."""
    key = hashlib.sha256(json.dumps(files, sort_keys=True).encode(errors="replace")).hexdigest()[:12]
    path = folder / key / "run.json"
    if path.is_file():
        with suppress(OSError, ValueError):
            return Execution.model_validate_json(path.read_text(encoding="utf-8"))
    if path.parent.exists():
        remove(path.parent)  # of a session that was killed
    work = Path(tempfile.mkdtemp(prefix="papercoder-"))
    try:
        _write_repaired(subject.repository, work, _plain(subject.listing.files), files)
        found = executor.prepare(Listing(files=dict(files)))
        execution = executor.run(work, command, folder / key / PRODUCED, found)
    finally:
        with suppress(OSError):
            remove(work)
    write_text(path, execution.model_dump_json(indent=1) + "\n")
    return execution


def _write_repaired(repository: Path, into: Path, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Write a copy of a repository, with the files that have changed."""
    if into.exists():
        remove(into)
    into.mkdir(parents=True)
    copy_in(repository, into)
    for path, text in after.items():
        if before.get(path) != text:
            Repository(into).write(path, text)


def metrics_of(done: Debugging) -> dict[str, float]:
    """Return the figures of a debugging for MLflow."""
    figures = {
        "ran": done.status == "ran",
        "rounds": len(done.rounds),
        "modified_lines": done.modified_lines,
        "total_lines": done.total_lines,
        "percentage": done.percentage,
    }
    return {f"debugging.{key}": float(value) for key, value in figures.items()}


def _tags(done: Debugging) -> dict[str, str]:
    return {"debugging.end": done.end or "", "debugging.failure": plain(done.failures[-1]) if done.failures else ""}
