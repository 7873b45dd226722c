"""A verdict on a repository: asked for, kept on disk, logged beside the run that wrote it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from data.errors import FolderError
from experiments.config import Config
from experiments.fit import room_of_prompt
from experiments.session import Session
from experiments.tracking import Tracker
from program.adapter import explain
from program.judge import Judge
from program.repository import Listing, write_text
from program.verdict import Protocol, Sample, Verdict
from signatures.judging import Requirements

VERDICT = "verdict.json"
COMPONENTS = "components.yaml"


def build_judge(config: Config, backbone: str, protocol: Protocol | None = None) -> Judge:
    """Return the judge that a configuration describes, or one with another protocol."""
    settings = config.judge
    return Judge(protocol or settings.protocol, settings.samples, room_of_prompt(config, backbone), settings.attempts)


def ask_judge(
    session: Session,
    tracker: Tracker,
    judge: Judge,
    paper: str,
    repository: Listing,
    reference: Listing | None,
    requirements: Requirements | None = None,
) -> Verdict:
    """Have a repository judged; the verdict is on disk and in MLflow when this returns.

    Args:
        session: Where it happens, and who is the judge.
        tracker: Where it is logged.
        judge: Who judges.
        paper: The canonical text of the paper.
        repository: What is judged.
        reference: The authors' repository; None for the reference-free setting.
        requirements: What the paper requires, if that is known already.

    Raises:
        PaperCoderError: There is no verdict.
    """
    with session.asking(tracker):
        verdict: Verdict = judge(
            paper=paper, repository=repository, reference=reference, requirements=requirements
        ).verdict
    folder = session.folder
    write_text(folder / VERDICT, verdict.model_dump_json(indent=1) + "\n")
    write_text(folder / "verdict.md", describe(verdict))
    if verdict.components:
        write_text(folder / COMPONENTS, Requirements(components=list(verdict.components)).to_yaml())
    tracker.log(metrics=metrics_of(verdict))
    return verdict


def name_of(verdict: Verdict) -> str:
    """Return under which name a verdict stands in MLflow."""
    return f"{verdict.protocol}.{verdict.setting}"


def metrics_of(verdict: Verdict) -> dict[str, float]:
    """Return the figures of a verdict for MLflow; what is not known is left out."""
    figures: dict[str, float | None] = {
        "score": verdict.score,
        "score_std": verdict.deviation,
        "coverage": verdict.coverage,
        "samples_requested": verdict.requested,
        "samples_valid": verdict.valid,
        "samples_invalid": len(verdict.invalid),
    }
    severities = [critique.severity for sample in verdict.samples for critique in sample.critiques]
    for severity in ("high", "medium", "low"):
        figures[f"critiques_{severity}"] = severities.count(severity) / verdict.valid if verdict.valid else None
    name = name_of(verdict)
    return {f"{name}.{key}": float(value) for key, value in figures.items() if value is not None}


def rationale(sample: Sample) -> str:
    """Return why a sample has its score: the components that are not all there, then the critiques."""
    lines = [
        f"{finding.status}: {finding.component}. {finding.comparison}"
        for finding in sample.findings
        if finding.status != "implemented"
    ]
    for critique in sample.critiques:
        place = " ".join(part for part in (critique.file, critique.function) if part)
        lines.append(f"{critique.severity}: {place + ': ' if place else ''}{critique.text}")
    return "\n".join(f"- {line}" for line in lines) or "No fault was found."


def assess(tracker: Tracker, trace: str, verdict: Verdict, judge: str) -> None:
    """Put a verdict beside a trace that is in the store: each sample with its rationale.

    Args:
        tracker: The run at hand.
        trace: Id of the trace.
        verdict: What to put there.
        judge: Name of the judge's backbone.
    """
    name = f"correctness ({verdict.protocol}, {verdict.setting})"
    if verdict.floor:
        tracker.assess(trace, name, verdict.score, f"No model was asked: {verdict.floor}.", judge)
    for number, sample in enumerate(verdict.samples, start=1):
        tracker.assess(trace, name, sample.score, rationale(sample), judge, sample=str(number))


def describe(verdict: Verdict) -> str:
    """Return a verdict as a page to read."""
    spread = "" if verdict.deviation is None else f" (standard deviation {verdict.deviation:.2f})"
    lines = [
        f"# Verdict: {verdict.score:.2f} of 5{spread}",
        f"Protocol `{verdict.protocol}`, {verdict.setting}; {verdict.valid} of {verdict.requested} samples valid.",
    ]
    if verdict.floor:
        lines.append(f"No model was asked: {verdict.floor}.")
    if verdict.coverage is not None:
        lines.append(f"Weighted share of the required components that are implemented: {verdict.coverage:.0%}.")
    for title, side in (("repository", verdict.repository), ("reference", verdict.reference)):
        if side and side.left_out:
            listed = "\n".join(f"- `{path}`: {reason}" for path, reason in list(side.left_out.items())[:50])
            lines.append(f"Of the {title}, {len(side.shown)} files were seen; not seen:\n\n{listed}")
    for number, sample in enumerate(verdict.samples, start=1):
        lines.append(f"## Sample {number}: {sample.score:g}")
        for finding in sample.findings:
            places = ", ".join(f"`{e.file}` {e.first}-{e.last}" for e in finding.evidence)
            lines.append(f"- {finding.status}: {finding.component}" + (f" ({places})" if places else ""))
        lines.append(rationale(sample))
    lines += [f"## Invalid sample\n\n{reason}" for reason in verdict.invalid]
    return "\n\n".join(lines).replace("\n\n- implemented", "\n- implemented") + "\n"


def load_verdict(folder: Path) -> Verdict | None:
    """Return the verdict in a folder, or None if there is none yet.

    Raises:
        FolderError: It is damaged.
    """
    path = folder / VERDICT
    try:
        return Verdict.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise FolderError(f"{path} is damaged: {reason}; remove it and run the command again") from None


def load_requirements(path: Path) -> Requirements:
    """Read a `components.yaml`, from an earlier verdict or written by hand.

    Raises:
        FolderError: There is none, or it cannot be used.
    """
    try:
        return Requirements.from_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FolderError(f"cannot read {path}: {error.strerror}; name a {COMPONENTS} of an earlier verdict") from None
    except ValidationError as error:
        raise FolderError(f"{path} cannot be used: {'; '.join(explain(error))}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise FolderError(f"{path} cannot be used: {' '.join(str(error).split())[:200]}") from None


def fingerprint(files: Mapping[str, str], *more: Any) -> str:
    """Return a short hash of a repository and whatever else a verdict depends on."""
    text = json.dumps([sorted(files.items()), *more], ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
