"""What came of a compilation: its provenance, its figures, and a few lines to read."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from data.paper import Paper
from experiments.backbones.build import model_of
from experiments.compiling.compilation import Compilation
from experiments.work import prompt_hash
from optimizers.compiled import CompiledProgram, Provenance
from optimizers.gain import mean_guards, paired_bootstrap, warn_of_gaming
from optimizers.study import Record, Stop


def trace_back(work: Compilation, before: Record, after: Record, stopped: Stop | None) -> Provenance:
    """Return how a compiled program came about.

    Args:
        work: The compilation.
        before: The uncompiled program.
        after: The best candidate.
        stopped: Why it ended early, if it did.
    """
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


def figures_of(provenance: Provenance) -> dict[str, float]:
    """Return the figures of a compilation for MLflow; what is not known is left out."""
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
