"""`papercoder compile`: the prompts of the program, optimized against the grounded verdict."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from data.errors import ConfigError, RejectedAnswer
from data.paper import Paper
from experiments.backbones.build import Sources
from experiments.backbones.shared import SharedTranscript
from experiments.backbones.transcript import Transcript
from experiments.choice import RECORDING, choose_backbones, settle_backbone
from experiments.compiling.apart import apart
from experiments.compiling.books import EVALUATIONS, Books
from experiments.compiling.compilation import Compilation
from experiments.compiling.outcome import figures_of, trace_back
from experiments.compiling.papers import read_split
from experiments.compiling.purse import Purse
from experiments.compiling.question import ROLES, announce, key_of, note, prices_of, read_record, refuse_other
from experiments.compiling.register import register, register_defaults
from experiments.config import Config, Role
from experiments.gate import Gate
from experiments.judging import build_judge
from experiments.run import PROGRAM
from experiments.self_test import run_self_test
from experiments.session import Session, locked, open_session
from experiments.tracking import Tracker, tracked
from optimizers.budget import check_budget
from optimizers.candidate import freeze
from optimizers.compiled import CompiledProgram
from optimizers.registry import Setting, check_options, optimizer
from optimizers.split import Split
from optimizers.student import Student
from optimizers.study import Record, Stop, Study
from program.paper_coder import PaperCoder

SELF_TEST, LOGS = "self-test", "optimizer"
"""Folders within that of a compilation."""


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
    prices = prices_of(config, roles)
    settings = config.compile
    check_budget(settings.budget, len(split.dev), len(split.test), prices is not None)
    key = key_of(config, roles, split)
    folder = out or Path("compiled") / f"{settings.optimizer}-{key}"
    announce(config, roles, split, prices, bool(references))
    sources, gate = Sources(config, folder), Gate(config.concurrency)
    with locked(folder):
        refuse_other(folder, key)
        purse = Purse(settings.budget, gate)
        try:
            session = open_session(folder, sources, roles, purse.admit, purse.count, SharedTranscript)
            purse.open(session.transcript.entries)
            shutil.rmtree(folder / LOGS, ignore_errors=True)  # optimizers start anew, and are answered as before
            for mailbox in sources.mailboxes:
                print(mailbox.invitation, file=sys.stderr, flush=True)
            untracked = config.model_copy(update={"tracking": config.tracking.model_copy(update={"enabled": False})})
            for line in run_self_test(untracked, folder / SELF_TEST, sources=sources, protocols=("grounded",)):
                print(f"self-test: {line}", file=sys.stderr, flush=True)
            for path in sorted((folder / SELF_TEST).rglob(RECORDING)):
                purse.open(Transcript(path).entries)
            name, known = f"compile {settings.optimizer}", read_record(folder).get("mlflow_run")
            with tracked(config.tracking, name, known) as tracker, ThreadPoolExecutor(1) as aside:
                note(folder, key, tracker)
                compiled = _compile(config, roles, split, references, session, purse, tracker, aside)
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
    aside: Executor,
) -> CompiledProgram:
    settings = config.compile
    tracker.log(
        params={"optimizer": settings.optimizer, "seed": settings.seed, "optimize": ", ".join(settings.optimize)},
        tags={"kind": "compile", **{f"backbone.{role}": name for role, name in roles.items()}},
    )
    defaults = aside.submit(register_defaults, tracker)
    reserved = 2 * len(split.test) + len(split.dev)
    books = Books(session, tracker, aside, purse, split.dev, roles["judge"], reserved)
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
    assessed = aside.submit(books.assess)
    compiled = CompiledProgram.of(after.candidate, trace_back(work, before, after, stopped))
    compiled.save(session.folder / PROGRAM)
    tracker.log(metrics=figures_of(compiled.provenance), tags={"warning": compiled.provenance.warning or ""})
    tracker.log_files([session.folder / name for name in (PROGRAM, EVALUATIONS, RECORDING)])
    defaults.result()
    register(tracker, compiled)
    assessed.result()
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
