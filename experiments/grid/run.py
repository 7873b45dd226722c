"""An experiment: every cell's method and verdicts, as many at once as the configuration allows."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx

from data.errors import ConfigError, ExperimentError, FolderError
from experiments.backbones.build import Sources, model_of
from experiments.backbones.transcript import Transcript
from experiments.choice import AUTHORS, JUDGES, RECORDING, choose_backbones, settle_backbone
from experiments.config import Config, Role, validate_config
from experiments.executing.bench import build_executor
from experiments.gate import Gate
from experiments.grid.cell import CellPlan, CellState, Judgement
from experiments.grid.jobs import Workshop
from experiments.grid.methods import asks_models
from experiments.grid.papers import GridPaper, list_papers
from experiments.grid.spec import Spec
from experiments.reports.cells import Cell
from experiments.reports.report import Report, build_report
from experiments.session import locked
from experiments.tracking import tracked
from experiments.work import slug
from program.execution.executor import Executor
from program.repository import write_text
from program.schedule import run_jobs

Job = tuple[str, Any, Any]
"""What is done, and to which paper or cell, for which judge."""


def run_experiment(
    spec: Spec, config: Config, out: Path | None, sources: Sources | None = None
) -> tuple[list[Cell], Report, Path]:
    """Run what is missing of an experiment, and report on all of it.

    Args:
        spec: The experiment.
        config: The configuration, that of the experiment laid over it already.
        out: Its folder; by default `runs/experiments/<name>`. One that is there is gone on with.
        sources: Who answers, if others ask them too; they stay open then.

    Returns:
        All cells, the report, which is on disk too, and the folder.

    Raises:
        PaperCoderError: The experiment cannot begin.
    """
    config = settle_backbone(config, spec.recording)
    folder = out or Path("runs/experiments") / spec.name
    shared, sources = sources is not None, sources or Sources(config, folder, spec.recording)
    cells, roles = plan_cells(spec, config, folder)
    _report(spec, [CellState().result(cell) for cell in cells])  # what no table can be made of is told first, too
    asked = {name for named in roles.values() for name in named.values()}
    asked |= {judgement.judge for cell in cells for judgement in cell.judgements}
    asked |= {cell.debugger for cell in cells if cell.debugger}
    executor = build_executor(config) if spec.debug else None  # without a sandbox this is told first, too
    for name in sorted(asked):
        sources.open(name)  # a missing key is told before anything is done
    with locked(folder):
        try:
            invitations = [] if shared else [mailbox.invitation for mailbox in sources.mailboxes]
            for line in [*_lacking(spec, cells), *invitations]:
                print(line, file=sys.stderr, flush=True)
            return _carry_out(spec, config, folder, cells, roles, sources, executor)
        except BaseException as error:
            error.add_note(f"what was done is in {folder}; the same command goes on")
            raise
        finally:
            if not shared:
                sources.close("The experiment has ended.")


def plan_cells(spec: Spec, config: Config, folder: Path) -> tuple[list[CellPlan], dict[str, Mapping[Role, str]]]:
    """Lay out the cells of an experiment; nothing is written or asked yet.

    Returns:
        The cells, paper by paper, and the backbone of each role for each of the authors' backbones.

    Raises:
        ConfigError: A backbone or a folder is not known, or two cells would share a folder.
    """
    for name in [*spec.backbones, *spec.judges]:
        validate_config({**config.model_dump(mode="json"), "backbone": name})
    roles = _author_roles(spec, config)
    judges = spec.judges or ([choose_backbones(config, JUDGES)["judge"]] if spec.protocols else [])
    wanted = [
        Judgement(j, protocol, setting) for j in judges for protocol in spec.protocols for setting in spec.settings
    ]
    cells = []
    for paper in list_papers(spec):
        for method in spec.methods:
            judgements = tuple(judgement for judgement in wanted if _has_meaning(judgement, paper, method))
            for backbone in roles if asks_models(method) else [""]:
                for repetition in range(1, spec.repetitions + 1 if backbone else 2):
                    parts = [slug(part) for part in (paper.name, method, backbone) if part]
                    place = folder.joinpath("cells", *parts, str(repetition))
                    debugger = _debugger(config, backbone) if spec.debug else ""
                    cells.append(CellPlan(paper, method, backbone, repetition, judgements, place, debugger))
    folders = [cell.folder for cell in cells]
    for cell in cells:
        if folders.count(cell.folder) > 1:
            raise ConfigError(f"experiment: {cell} stands twice, or another name is too much like its own")
    return cells, roles


def _debugger(config: Config, backbone: str) -> str:
    """Return who repairs the repositories of an author: the author, if nobody else is named."""
    return config.roles.get("debugger") or backbone or choose_backbones(config, ("debugger",))["debugger"]


def _author_roles(spec: Spec, config: Config) -> dict[str, Mapping[Role, str]]:
    if not any(map(asks_models, spec.methods)):
        return {}
    if spec.backbones:
        return {name: dict.fromkeys(AUTHORS, name) for name in spec.backbones}
    roles = choose_backbones(config)
    return {"+".join(dict.fromkeys(roles.values())): roles}


def _has_meaning(judgement: Judgement, paper: GridPaper, method: str) -> bool:
    """A reference is needed to compare with, and it is not compared with itself."""
    return judgement.setting == "reference-free" or (paper.reference is not None and method != "Oracle")


def _lacking(spec: Spec, cells: list[CellPlan]) -> list[str]:
    """Say which papers have no reference-based score for want of a reference."""
    names = list(dict.fromkeys(cell.paper.name for cell in cells if cell.paper.reference is None))
    if not names or "reference-based" not in spec.settings:
        return []
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return [f"no `reference`, so no reference-based score: {listed}"]


def _carry_out(
    spec: Spec,
    config: Config,
    folder: Path,
    cells: list[CellPlan],
    roles: Mapping[str, Mapping[Role, str]],
    sources: Sources,
    executor: Executor | None,
) -> tuple[list[Cell], Report, Path]:
    record = _read_record(folder)
    record["models"] = _same_models(folder, record.get("models", {}), sources)
    with tracked(config.tracking, spec.name, record.get("mlflow_run")) as tracker:
        record |= {"mlflow_run": tracker.run_id, "name": spec.name, "spec": spec.model_dump(mode="json")}
        record.setdefault("started", datetime.now(UTC).isoformat(timespec="seconds"))
        write_text(folder / "experiment.json", json.dumps(record, indent=1) + "\n")
        tracker.log(
            params={"methods": ", ".join(spec.methods), "cells": len(cells), "concurrency": config.concurrency},
            tags={"kind": "experiment"},
        )
        workshop = Workshop(config, folder, roles, sources, Gate(config.concurrency), tracker, len(cells), executor)
        try:
            run_jobs(_jobs(cells), partial(_do, workshop), 2 * config.concurrency)  # some are not calling all the time
        except BaseException:
            workshop.abandon()
            raise
        workshop.assess(cells)
        results = [CellState.load(cell.folder).result(cell) for cell in cells]
        report = _report(spec, results)
        tracker.log_files(report.write(folder / "report"), "report")
        finished = sum(cell.status == "finished" for cell in results)
        tracker.log(metrics={"cells_finished": finished})
        tracker.failed = finished < len(results)
    return results, report, folder


def _jobs(cells: list[CellPlan]) -> "nx.DiGraph[Job]":
    """Return what has to be done: the paper, then its components and its repositories, then the verdicts."""
    jobs: nx.DiGraph[Job] = nx.DiGraph()
    for cell in cells:
        paper: Job = ("paper", cell.paper, None)
        method: Job = ("method", cell, None)
        jobs.add_edge(paper, method)
        if cell.debugger:
            jobs.add_edge(method, ("debug", cell, None))
        for judgement in cell.judgements:
            verdict: Job = ("judge", cell, judgement)
            jobs.add_edge(method, verdict)
            if judgement.protocol == "grounded":
                components: Job = ("components", cell.paper, judgement.judge)
                jobs.add_edge(paper, components)
                jobs.add_edge(components, verdict)
    return jobs


def _do(workshop: Workshop, job: Job, done: Mapping[Job, Any]) -> Any:
    """Do one job; what needs the result of one that failed is left undone."""
    match job:
        case "paper", paper, _:
            return workshop.read(paper)
        case "components", paper, judge:
            return workshop.list_components(paper, judge, done["paper", paper, None])
        case "method", cell, _:
            return workshop.write(cell, done["paper", cell.paper, None])
        case "debug", cell, _:
            return workshop.debug(cell, done["paper", cell.paper, None], done["method", cell, None])
        case _, cell, judgement:
            text, listing = done["paper", cell.paper, None], done["method", cell, None]
            grounded = judgement.protocol == "grounded"
            components = done["components", cell.paper, judgement.judge] if grounded else None
            return workshop.judge(cell, judgement, text, listing, components)


def _report(spec: Spec, cells: list[Cell]) -> Report:
    reports = [build_report(layout, cells, methods=spec.methods, human=spec.human) for layout in spec.layouts]
    return Report(
        {name: table for report in reports for name, table in report.tables.items()},
        {name: figure for report in reports for name, figure in report.figures.items()},
    )


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / "experiment.json"
    if not path.exists():
        return {}
    try:
        record = dict(json.loads(path.read_text(encoding="utf-8")))
        return {**record, "models": dict(record.get("models", {}))}
    except (OSError, ValueError, TypeError) as error:
        raise FolderError(f"{path} is damaged: {error}; remove it and run the experiment again") from None


def _same_models(folder: Path, before: Mapping[str, str], sources: Sources) -> dict[str, str]:
    """Return the model behind each backbone; answers of another one would be taken for its own.

    Raises:
        FolderError: It was another one earlier.
    """
    models = {name: model_of(sources.config, name) for name in sources.opened}
    for name, model in models.items():
        if before.get(name, model) != model and any(folder.rglob(RECORDING)):
            raise FolderError(
                f"{folder} has answers of {before[name]} as backbone {name!r}, which is {model} now; "
                "choose another --out, or give the backbone another name"
            )
    return {**before, **models}


def explain_failures(cells: list[Cell], folder: Path) -> ExperimentError | None:
    """Return the error of an experiment whose cells did not all come to their end, or None."""
    failed = [cell for cell in cells if cell.status != "finished"]
    if not failed:
        return None
    first = f"{failed[0].method} on {failed[0].paper}: {failed[0].error or 'it was not reached'}"
    return ExperimentError(
        f"{len(failed)} of {len(cells)} cells failed, the first: {first.rstrip('.')}. The others are in {folder}; "
        "the same command tries these again"
    )


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file.

    Raises:
        FolderError: It exists.
    """
    if path.exists():
        raise FolderError(f"{path} exists; remove it or name another file")


def write_recording(folder: Path, path: Path) -> int:
    """Write the answers of all cells to one transcript, which the backbone `recorded` replays.

    Returns:
        How many there are.

    Raises:
        FolderError: A transcript is damaged, or the file exists or cannot be written.
    """
    refuse_existing(path)
    merged = Transcript(path)
    for source in sorted(folder.rglob(RECORDING)):
        transcript = Transcript(source)
        for number, entry in enumerate(transcript.entries):
            fields = entry.model_dump(exclude={"key", "shared_with", "shared_chars", "prompt"})
            merged.record(transcript.prompt(number), **fields)
    return len(merged.entries)
