"""`papercoder compile`: the prompts of the program, optimized against the grounded verdict."""

import json
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from data.errors import ConfigError, FolderError, RejectedAnswer
from data.paper import Paper
from experiments.backbones.api import price_of
from experiments.backbones.build import Sources, model_of
from experiments.backbones.shared import SharedTranscript
from experiments.backbones.transcript import Transcript
from experiments.choice import AUTHORS, JUDGES, RECORDING, choose_backbones, settle_backbone
from experiments.compiling.apart import apart
from experiments.compiling.books import EVALUATIONS, Books
from experiments.compiling.papers import read_split
from experiments.compiling.purse import Purse
from experiments.compiling.register import register
from experiments.config import ApiBackbone, Config, Role
from experiments.gate import Gate
from experiments.judging import build_judge, fingerprint
from experiments.run import PROGRAM
from experiments.self_test import run_self_test
from experiments.session import Session, locked, open_session
from experiments.tracking import Tracker, tracked
from experiments.work import prompt_hash
from optimizers.budget import check_budget, estimate
from optimizers.candidate import freeze
from optimizers.compiled import CompiledProgram, Provenance
from optimizers.gain import mean_guards, paired_bootstrap, warn_of_gaming
from optimizers.registry import Setting, check_options, optimizer
from optimizers.split import Split
from optimizers.student import Student
from optimizers.study import Record, Stop, Study
from program.paper_coder import PaperCoder
from program.repository import write_text

ROLES: tuple[Role, ...] = (*AUTHORS, *JUDGES, "reflection")

SELF_TEST, LOGS = "self-test", "optimizer"
"""Folders within that of a compilation."""


@dataclass
class Compilation:
    """What a compilation works with."""

    config: Config
    roles: Mapping[Role, str]
    split: Split
    session: Session
    study: Study
    books: Books
    student: Student


def compile_program(config: Config, out: Path | None) -> tuple[CompiledProgram, Path]:
    """Optimize the prompts, within the budget.

    Args:
        config: The configuration.
        out: Folder of the compilation; by default one under `compiled/`, the same for the same question. One that is
            there is gone on with.

    Returns:
        The compiled program and its file.

    Raises:
        PaperCoderError: Nothing can be compiled, or something failed on the way; what was done is in the folder.
    """
    config = settle_backbone(config, None)
    check_options(config.compile.optimizer, config.compile.options)
    roles = choose_backbones(config, ROLES)
    split, references = read_split(config, roles.values())
    prices = _prices(config, roles)
    settings = config.compile
    check_budget(settings.budget, len(split.dev), len(split.test), prices is not None)
    key = fingerprint(
        {},
        settings.model_dump(mode="json"),
        config.judge.model_dump(),
        sorted((role, name, *_generation(config, name)) for role, name in roles.items()),
        [paper.hash for name in ("train", "dev", "test") for paper in getattr(split, name)],
        prompt_hash(PaperCoder()),
    )
    folder = out or Path("compiled") / f"{settings.optimizer}-{key}"
    _tell(config, roles, split, prices, bool(references))
    sources, gate = Sources(config, folder), Gate(config.concurrency)
    with locked(folder):
        _refuse_other(folder, key)
        purse = Purse(settings.budget, gate)
        try:
            session = open_session(folder, sources, roles, purse.admit, purse.count, SharedTranscript)
            purse.open(session.transcript.entries)
            shutil.rmtree(folder / LOGS, ignore_errors=True)  # optimizers start anew, and are answered as before
            for mailbox in sources.mailboxes:
                print(mailbox.invitation, file=sys.stderr, flush=True)
            for line in run_self_test(config, folder / SELF_TEST, sources=sources, protocols=("grounded",)):
                print(f"self-test: {line}", file=sys.stderr, flush=True)
            for path in sorted((folder / SELF_TEST).rglob(RECORDING)):
                purse.open(Transcript(path).entries)
            with tracked(
                config.tracking, f"compile {settings.optimizer}", _record(folder).get("mlflow_run")
            ) as tracker:
                _note(folder, key, tracker)
                compiled = _compile(config, roles, split, references, session, purse, tracker)
        except BaseException as error:
            purse.close(Stop("it has ended"))
            error.add_note(f"what was done is in {folder}; the same command goes on")
            raise
        finally:
            sources.close("The compilation has ended.")
    return compiled, folder / PROGRAM


def _compile(
    config: Config,
    roles: Mapping[Role, str],
    split: Split,
    references: Mapping[str, Any],
    session: Session,
    purse: Purse,
    tracker: Tracker,
) -> CompiledProgram:
    settings = config.compile
    tracker.log(
        params={"optimizer": settings.optimizer, "seed": settings.seed, "optimize": ", ".join(settings.optimize)},
        tags={"kind": "compile", **{f"backbone.{role}": name for role, name in roles.items()}},
    )
    books = Books(session, tracker, purse, split.dev, roles["judge"], reserved=2 * len(split.test) + len(split.dev))
    judge = build_judge(config, roles["judge"], "grounded")
    study = Study(judge, split.dev, books, references, judge if settings.referee else None)
    program = PaperCoder(config.concurrency)
    freeze(program, settings.optimize)
    student = Student(program)
    work = Compilation(config, roles, split, session, study, books, student)
    # no tracker here: evaluations open traces of their own; and what is rejected is a result, not to be asked again
    with session.asking(Tracker(), study=study, callbacks=[session.meter], max_trace_size=10_000):
        before = _first(work)
        stopped = _optimize(work)
        if stopped and stopped.error:
            purse.close(stopped)
        books.reserved = 0
        after = study.best()
        final = Student(PaperCoder(config.concurrency))
        after.candidate.apply(final.program)
        try:
            with dspy.context(study=study.reopened()):
                for each in (student, final) if not (stopped and stopped.error) else ():
                    _evaluated(work, each, split.test)
        except Stop as stop:
            stopped = stopped or stop
    books.assess()
    compiled = CompiledProgram.of(after.candidate, _provenance(work, before, after, stopped))
    compiled.save(session.folder / PROGRAM)
    tracker.log(metrics=_figures(compiled.provenance), tags={"warning": compiled.provenance.warning or ""})
    tracker.log_files([session.folder / name for name in (PROGRAM, EVALUATIONS, RECORDING)])
    register(tracker, compiled, session.folder)
    if stopped and stopped.error:
        raise stopped.error
    return compiled


def _first(work: Compilation) -> Record:
    """Evaluate the uncompiled program; without that there is nothing to optimize."""
    try:
        return _evaluated(work, work.student, work.split.dev)
    except Stop as stop:
        raise stop.error or ConfigError(
            f"compile: {stop.reason} before the uncompiled program was evaluated once; set more of compile.budget"
        ) from None


def _optimize(work: Compilation) -> Stop | None:
    """Let the optimizer work; return why it was stopped, if it was."""
    settings, split = work.config.compile, work.split
    examples = {
        name: [dspy.Example(paper=paper).with_inputs("paper") for paper in getattr(split, name)]
        for name in ("train", "dev")
    }
    reflection = work.session.models["reflection"].copy()
    reflection.failed = lambda error: Stop(str(error), error)
    setting = Setting(
        train=examples["train"],
        dev=examples["dev"],
        runs=settings.budget.runs - work.books.reserved,
        reflection=reflection,
        seed=settings.seed,
        threads=max(len(split.train), len(split.dev)),
        log_dir=work.session.folder / LOGS,
        options=settings.options,
    )
    with (
        (work.session.folder / "optimizer.log").open("a", encoding="utf-8") as log,
        redirect_stdout(log),
        redirect_stderr(log),
    ):
        try:
            best = apart(lambda: optimizer(settings.optimizer)(work.student, setting))
            work.books.reserved -= len(split.dev)
            _evaluated(work, best, split.dev)
        except Stop as stop:
            return stop
        except AdapterParseError as error:
            return _unread(work, error)
        except (AssertionError, TypeError, ValueError) as error:
            if not settings.options:
                raise
            reason = " ".join(str(error).split())[:200]
            raise ConfigError(
                f"compile: {settings.optimizer!r} cannot work with {settings.options}: {reason}; "
                "correct compile.options"
            ) from error
    return None


def _unread(work: Compilation, error: AdapterParseError) -> Stop:
    """Stop at a proposal of instructions that cannot be read; it is asked for anew when the compilation goes on."""
    transcript = work.session.transcript
    transcript.reject(transcript.given["", "", ""])
    reason = " ".join(str(error).split())[:200]
    rejected = RejectedAnswer(
        f"reflection: a proposal cannot be used: {reason}; try again, or use another backbone for the role 'reflection'"
    )
    return Stop(str(rejected), rejected)


def _evaluated(work: Compilation, student: dspy.Module, papers: Sequence[Paper]) -> Record:
    """Evaluate a program on papers, all at once."""
    evaluator = dspy.Evaluate(
        devset=[dspy.Example(paper=paper).with_inputs("paper") for paper in papers],
        metric=lambda example, prediction, trace=None: prediction.evaluation.score,
        num_threads=max(1, len(papers)),
        display_progress=False,
    )
    if papers:
        apart(lambda: evaluator(student))
    return work.study.record(student.program)


def _provenance(work: Compilation, before: Record, after: Record, stopped: Stop | None) -> Provenance:
    settings, split, study = work.config.compile, work.split, work.study
    guards = {name: mean_guards(_guards(record, split.dev)) for name, record in (("before", before), ("after", after))}
    gain = paired_bootstrap(_scores(before, split.dev), _scores(after, split.dev), settings.seed)
    spent = work.books.purse.spent
    return Provenance(
        optimizer=settings.optimizer,
        options=settings.options,
        optimized=list(settings.optimize),
        seed=settings.seed,
        backbones={role: f"{name} ({model_of(work.config, name)})" for role, name in work.roles.items()},
        judge={**work.config.judge.model_dump(), "protocol": "grounded", "prompt_hash": prompt_hash(study.judge)},
        papers={name: {paper.hash: paper.title for paper in getattr(split, name)} for name in ("train", "dev", "test")},
        scores={
            when: {
                name: {paper.title: _score(record, paper) for paper in getattr(split, name)} for name in ("dev", "test")
            }
            for when, record in (("before", before), ("after", after))
        },
        guards=guards,
        gain=gain,
        warning=warn_of_gaming(gain["mean"], guards["before"], guards["after"]),
        stopped=stopped.reason if stopped else None,
        candidates=study.candidates,
        runs=study.runs,
        spent={**asdict(spent), "replayed": work.session.meter.replayed},
        versions=_versions(),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _score(record: Record, paper: Paper) -> float | None:
    evaluation = record.evaluations.get(paper.hash)
    return evaluation.score if evaluation else None


def _scores(record: Record, papers: Sequence[Paper]) -> list[float]:
    return [record.evaluations[paper.hash].score for paper in papers]


def _guards(record: Record, papers: Sequence[Paper]) -> list[dict[str, float]]:
    return [record.evaluations[paper.hash].guards for paper in papers if paper.hash in record.evaluations]


def _figures(provenance: Provenance) -> dict[str, float]:
    figures: dict[str, float | None] = {"runs": provenance.runs, "candidates": provenance.candidates}
    figures |= {f"spent.{key}": value for key, value in provenance.spent.items()}
    figures |= {f"gain.{key}": value for key, value in provenance.gain.items()}
    for when, guards in provenance.guards.items():
        figures |= {f"{when}.{name}": value for name, value in guards.items()}
        for split, scores in provenance.scores[when].items():
            known = [score for score in scores.values() if score is not None]
            figures[f"{when}.{split}"] = sum(known) / len(known) if known else None
    return {key: float(value) for key, value in figures.items() if value is not None}


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in ("papercoder", "dspy", "gepa", "optuna", "mlflow"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _generation(config: Config, name: str) -> list[Any]:
    """Return what the answers of a provider's backbone depend on."""
    backbone = config.backbones[name]
    if not isinstance(backbone, ApiBackbone):
        return []
    return [backbone.model, backbone.max_tokens, backbone.temperature, backbone.options]


def _prices(config: Config, roles: Mapping[Role, str]) -> tuple[float, float] | None:
    """Return the highest price among the backbones, for a million prompt and completion tokens."""
    prices = []
    for name in set(roles.values()):
        backbone = config.backbones[name]
        prices.append(price_of(backbone) if isinstance(backbone, ApiBackbone) else (0.0, 0.0))
    known = [price for price in prices if price is not None]
    return (max(p for p, _ in known), max(c for _, c in known)) if len(known) == len(prices) else None


def _tell(
    config: Config, roles: Mapping[Role, str], split: Split, prices: tuple[float, float] | None, referee: bool
) -> None:
    """Say what it is going to take, and what is unwise."""
    settings = config.compile
    papers = [*split.train, *split.dev, *split.test]
    most = estimate(settings.budget, papers, config.judge.samples, settings.referee and referee, prices)
    cost = "price not known" if most.cost is None else f"${most.cost:,.2f}"
    lines = [
        f"at most about {most.runs} runs of the program, {most.calls:,} calls, {most.prompt_tokens:,} prompt tokens, "
        f"{most.completion_tokens:,} completion tokens, {cost}"
    ]
    if roles["judge"] in {roles[role] for role in AUTHORS}:
        lines.append(f"warning: {roles['judge']!r} judges what it wrote itself; name another with roles.judge")
    for line in lines:
        print(line, file=sys.stderr, flush=True)


def _record(folder: Path) -> dict[str, Any]:
    path = folder / "compile.json"
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise FolderError(f"{path} is damaged: {error}; remove it and compile again") from None


def _refuse_other(folder: Path, key: str) -> None:
    record = _record(folder)
    if record and record.get("key") != key:
        raise FolderError(f"{folder} holds a compilation with other settings; choose another --out")
    if not record and (folder / RECORDING).exists():
        raise FolderError(f"{folder} holds something else; choose another --out")


def _note(folder: Path, key: str, tracker: Tracker) -> None:
    write_text(folder / "compile.json", json.dumps({"key": key, "mlflow_run": tracker.run_id}) + "\n")


def describe(compiled: CompiledProgram, path: Path) -> Iterator[str]:
    """Say what came of a compilation, line by line; what is suspicious first."""
    provenance = compiled.provenance
    if provenance.warning:
        yield provenance.warning
    gain = provenance.gain
    if gain["mean"] is None:
        yield "nothing was evaluated on dev"
    elif gain["low"] is None or gain["high"] is None:
        yield f"gain on dev: {gain['mean']:+.3f} (one paper, so no interval)"
    else:
        yield f"gain on dev: {gain['mean']:+.3f} (95 % interval {gain['low']:+.3f} to {gain['high']:+.3f})"
    for split in ("dev", "test"):
        for title, after in provenance.scores["after"][split].items():
            before = provenance.scores["before"][split][title]
            yield f"  {split}: {_shown(before)} -> {_shown(after)}  {title}"
    for name, value in provenance.guards["before"].items():
        yield f"  not optimized: {name} {value:.3f} -> {_shown(provenance.guards['after'].get(name))}"
    spent = provenance.spent
    cost = "" if spent["cost"] is None else f", ${spent['cost']:.2f}"
    yield (
        f"  {provenance.candidates} candidates, {provenance.runs} runs, {spent['calls']:,.0f} calls, "
        f"{spent['tokens']:,.0f} tokens{cost}; {spent['replayed']:,.0f} calls answered from the transcript"
    )
    if provenance.stopped:
        yield f"  stopped: {provenance.stopped}"
    yield f"  {path}: `papercoder run PAPER --program {path}` uses it, `papercoder program show {path}` reads it"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
