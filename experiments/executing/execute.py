"""`papercoder execute`: a repository, run in the sandbox."""

from pathlib import Path

from experiments.choice import RECORDING
from experiments.config import Config
from experiments.executing.bench import build_executor
from experiments.executing.report import keep, log, metrics_of, tags_of
from experiments.executing.stand_ins import add_stand_ins
from experiments.executing.subject import Subject, find_subject
from experiments.session import free_folder, locked, refuse_taken
from experiments.tracking import tracked
from experiments.work import slug
from program.execution.report import Report

EXECUTION = "execution"
"""Folder of an execution in that of a run; later ones have a number behind it."""


def execute_repository(
    repository: Path,
    paper: str | None,
    command: str | None,
    full: bool,
    out: Path | None,
    config: Config,
    stand_ins: bool = False,
) -> tuple[Report, Path]:
    """Execute a repository.

    Args:
        repository: Any folder with code, or that of a run.
        paper: As `papercoder run` takes it; by default that of the run which wrote the repository.
        command: What runs it; by default as its plan says, or else its entry point.
        full: Whether all experiments run after the quick mode.
        out: Folder of the report; by default a new one beside the repository of a run, or under `executions/`.
        config: The configuration.
        stand_ins: Whether made-up data is put in place of what is missing.

    Returns:
        The report and its folder.

    Raises:
        PaperCoderError: There is no report.
    """
    subject = find_subject(repository, paper, command)
    folder = out or free_folder(subject.home / EXECUTION if subject.home else Path("executions") / slug(subject.name))
    return execute_subject(subject, folder, full, config, stand_ins), folder


def execute_subject(subject: Subject, folder: Path, full: bool, config: Config, stand_ins: bool = False) -> Report:
    """Execute what was found; the report is in its folder and in MLflow when this returns."""
    executor = build_executor(config)
    refuse_taken(folder, (RECORDING, "mailbox"))  # of made-up data that was being asked for
    with locked(folder), tracked(config.tracking, f"execute {slug(subject.name)}") as tracker:
        title = subject.paper.title if subject.paper else ""
        tracker.log(tags={"kind": "execute", "paper": title, "repository": str(subject.repository)})
        if stand_ins:
            subject = add_stand_ins(subject, executor, folder, config, tracker)
        report = executor.execute(
            subject.repository,
            folder,
            subject.commands,
            full=full or config.execution.full,
            paper=subject.paper.markdown if subject.paper else None,
            class_diagram=subject.class_diagram,
            stand_ins=subject.stand_ins,
        )
        keep(report, folder)
        log(tracker, report, folder)
        if subject.run:
            tracker.other(subject.run.mlflow_run).log(metrics=metrics_of(report), tags=tags_of(report))
    return report
