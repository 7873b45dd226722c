"""What one candidate is worth on one paper, and what each predictor can learn from it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from program.score import HIGHEST, LOWEST
from program.verdict import Sample, Verdict
from signatures.judging import Cause, Finding, GroundedCritique


@dataclass(frozen=True)
class Evaluation:
    """One run of the program, judged."""

    candidate: str
    """Key of the candidate."""
    paper: str
    """Hash of the paper."""
    title: str
    verdict: Verdict | None = None
    """The grounded, reference-free verdict: what is optimized."""
    failure: str | None = None
    """Why there is no repository to judge."""
    soundness: Mapping[str, float] = field(default_factory=dict)
    """Shares in [0, 1] of checks that are not optimized."""
    faults: tuple[str, ...] = ()
    """What these checks found."""
    reference: Verdict | None = None
    """The reference-based verdict, where the paper has a reference: not optimized either."""

    @property
    def score(self) -> float:
        """The verdict as 0 to 1; a run that failed is worth 0."""
        return 0.0 if self.verdict is None else (self.verdict.score - LOWEST) / (HIGHEST - LOWEST)

    @property
    def guards(self) -> dict[str, float]:
        """What the candidate was not optimized for, each 0 to 1."""
        if self.failure:
            return {"soundness": 0.0}
        values = {"soundness": sum(self.soundness.values()) / len(self.soundness)} if self.soundness else {}
        if self.reference:
            values["reference-based"] = (self.reference.score - LOWEST) / (HIGHEST - LOWEST)
        return values


CAUSES: Mapping[str, tuple[Cause, ...]] = {
    "planner.plan": ("reading",),
    "planner.design": ("wiring",),
    "planner.organise": ("wiring",),
    "planner.configure": ("value",),
    "analyst.analyse": ("reading",),
    "coder.write": ("code",),
}
"""The kinds of faults that each predictor can prevent."""

ABSENT = ("planner.plan", "planner.design")
"""Those who can prevent that a component is not there at all."""


def feedback(evaluation: Evaluation, predictor: str | None = None) -> str:
    """Say in words what a predictor has to do better, or all of them.

    Args:
        evaluation: What came of the run.
        predictor: Its name in the program, e.g. `planner.design`; None for all that was found.
    """
    if evaluation.failure:
        return f"The run failed, which is worth nothing: {evaluation.failure}"
    assert evaluation.verdict is not None
    verdict = evaluation.verdict
    if verdict.floor:
        return f"The repository is worth nothing: {verdict.floor}."
    lines = [f"The repository got {verdict.score:.2f} of 5."]
    names = CAUSES if predictor is None else [predictor]
    told = [line for sample in verdict.samples for name in names for line in _lines(sample, name)]
    told += [fault for name in names for fault in _of_checks(evaluation, name)]
    told = list(dict.fromkeys(told))
    if not told:
        return f"{lines[0]} No fault was found that this step could have prevented."
    return "\n".join([*lines, "What this step could have prevented:", *(f"- {line}" for line in told)])


def _lines(sample: Sample, predictor: str) -> Iterator[str]:
    causes = CAUSES.get(predictor, ())
    if predictor in ABSENT:
        yield from (_absent(finding) for finding in sample.findings if finding.status != "implemented")
    for critique in sample.critiques:
        if isinstance(critique, GroundedCritique) and critique.kind in causes:
            place = " ".join(part for part in (critique.file, critique.function) if part)
            yield f"{critique.severity}: {place + ': ' if place else ''}{critique.text}"


def _absent(finding: Finding) -> str:
    places = ", ".join(f"{e.file} lines {e.first}-{e.last}" for e in finding.evidence)
    return f"{finding.status}: {finding.component}" + (f" ({places})" if places else "") + f" {finding.comparison}"


_OF_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "planner.design": lambda fault: "class diagram" in fault,
    "planner.organise": lambda fault: "import" in fault,
    "coder.write": lambda fault: True,
}


def _of_checks(evaluation: Evaluation, predictor: str) -> list[str]:
    concerns = _OF_CHECKS.get(predictor)
    return [fault for fault in evaluation.faults if concerns and concerns(fault)]
