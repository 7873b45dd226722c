"""Verdicts and evaluations that somebody might give."""

from typing import Any

from optimizers.evaluation import Evaluation
from program.verdict import Sample, Verdict
from signatures.judging import Evidence, Finding, GroundedCritique

FINDINGS = (
    Finding(component="masks", evidence=[], comparison="No mask anywhere.", status="missing"),
    Finding(
        component="loss",
        evidence=[Evidence(file="model.py", first=3, last=9)],
        comparison="The second term is not there.",
        status="partial",
    ),
    Finding(component="data", evidence=[], comparison="As asked.", status="implemented"),
)

CRITIQUES = tuple(
    GroundedCritique(file="main.py", function=name, severity="high", text=f"It is the {kind}.", kind=kind)  # type: ignore[arg-type]
    for name, kind in {"f": "value", "g": "reading", "h": "code", "i": "wiring"}.items()
)


def verdict(*scores: float, **more: Any) -> Verdict:
    samples = tuple(Sample(score=score, findings=FINDINGS, critiques=CRITIQUES) for score in scores)
    fields: dict[str, Any] = {"protocol": "grounded", "setting": "reference-free", "requested": len(scores)}
    return Verdict(**fields | more, samples=samples)


def evaluation(**more: Any) -> Evaluation:
    return Evaluation(**{"candidate": "c", "paper": "p", "title": "One", "verdict": verdict(3.0)} | more)
