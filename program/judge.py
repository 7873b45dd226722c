"""The judge: scores a repository for its paper, with or without the authors' own (Section 4.3.1, Appendix A.3)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dspy
import networkx as nx

from data.errors import AnswerError, ConfigError, FolderError
from program.ask import Ask
from program.exhibit import Exhibit, code_lines, idle_lines, make_exhibit, render_tree, tokens_of, unread_programs
from program.floors import floor
from program.repository import Listing
from program.schedule import run_jobs
from program.score import coverage, score
from program.verdict import Protocol, Sample, Side, Verdict
from signatures.judging import (
    AssessAgainstReference,
    Assessment,
    AssessRepository,
    Critique,
    RateAgainstReference,
    RateRepository,
    ReferenceCritique,
    RequireComponents,
    Requirements,
    SelectFiles,
)

DEFAULT_SAMPLES = 8

DEFAULT_ROOM = 100_000
"""Tokens of paper and repositories, where the context of the judge's backbone is not known."""

COMPONENTS_TOKENS = 4_000
"""Kept for the required components while they are not known."""

MOST_NAMED = 1500
"""Files of a tree that are named one by one."""


class Judge(dspy.Module):
    """Scores a repository by one of two protocols.

    `paper` is that of Paper2Code: critiques and a whole number from the model. `grounded` has the model list what the
    paper requires, then find the evidence for each component; the score is arithmetic (`program.score`), and a
    repository with nothing to judge gets the lowest one without a call (`program.floors`).
    """

    def __init__(
        self,
        protocol: Protocol = "grounded",
        samples: int = DEFAULT_SAMPLES,
        room: int = DEFAULT_ROOM,
        attempts: int = 2,
    ) -> None:
        """Make a judge.

        Args:
            protocol: `paper` or `grounded`.
            samples: Equal prompts, asked at once.
            room: How many tokens paper and repositories may take together.
            attempts: How often an answer that cannot be used is asked for before the sample is invalid.
        """
        super().__init__()
        if samples < 1:
            raise ValueError(f"a judge needs at least one sample, not {samples}")
        self.protocol, self.samples, self.room = protocol, samples, room
        self.select = Ask(SelectFiles, role="judge")
        self.require = Ask(RequireComponents, role="judge")
        self.rate = Ask(RateRepository, role="judge", attempts=attempts)
        self.compare = Ask(RateAgainstReference, role="judge", attempts=attempts)
        self.assess = Ask(AssessRepository, role="judge", attempts=attempts)
        self.contrast = Ask(AssessAgainstReference, role="judge", attempts=attempts)

    def list_requirements(self, paper: str) -> Requirements:
        """Return what a paper requires of an implementation, whoever writes it.

        Args:
            paper: The canonical text of the paper.
        """
        return self.require(paper=paper, check=check_requirements).required_components

    def forward(
        self,
        paper: str,
        repository: Listing,
        reference: Listing | None = None,
        requirements: Requirements | None = None,
    ) -> dspy.Prediction:
        """Judge a repository.

        Args:
            paper: The canonical text of the paper.
            repository: What is judged.
            reference: The authors' repository; None for the reference-free setting.
            requirements: What `list_requirements` returned earlier, so that several repositories of a paper are held
                against the same; asked for if None. The protocol `paper` has no use for it.

        Returns:
            `verdict`.

        Raises:
            AnswerError: No sample is valid, or nothing else could be made of an answer.
            ConfigError: There is no room for a single file.
            FolderError: There are programs, but nothing that can be shown, or the reference has nothing to show.
        """
        exhibit, other = make_exhibit(repository), make_exhibit(reference) if reference is not None else None
        if other is not None and not other.texts:
            raise FolderError(f"no file of the reference can be shown{_reasons(other)}; name the authors' repository")
        if not exhibit.texts and unread_programs(exhibit):
            raise FolderError(f"no file of the repository can be shown{_reasons(exhibit)}")
        found: dict[str, Any] = {
            "protocol": self.protocol,
            "setting": "reference-free" if other is None else "reference-based",
        }
        if self.protocol == "grounded" and (reason := floor(exhibit)):
            return dspy.Prediction(verdict=Verdict(**found, requested=0, floor=reason, repository=_side(exhibit, [])))
        if self.protocol == "paper":
            taken, requirements = 0, None
        else:
            taken = tokens_of(requirements.to_yaml()) if requirements else COMPONENTS_TOKENS
        shown, beside = self._choose(paper, exhibit, other, max(0, self.room - tokens_of(paper) - taken))
        inputs: dict[str, Any] = {"paper": paper, "repository": {path: exhibit.numbered(path) for path in shown}}
        if other is not None:
            inputs["reference"] = {path: other.numbered(path) for path in beside}
            found["reference"] = _side(other, beside)
        if self.protocol == "grounded":
            requirements = requirements or self.list_requirements(paper)
            found["components"] = requirements.components
        files = {path: exhibit.texts[path] for path in shown}
        samples, invalid = self._sample(inputs, files, requirements)
        verdict = Verdict(
            **found, requested=self.samples, samples=samples, invalid=invalid, repository=_side(exhibit, shown)
        )
        return dspy.Prediction(verdict=verdict)

    def _sample(
        self, inputs: dict[str, Any], files: Mapping[str, str], requirements: Requirements | None
    ) -> tuple[list[Sample], list[str]]:
        """Ask for all samples at once.

        Returns:
            The valid ones, and what is wrong with each of the others.
        """
        answers: list[Sample | AnswerError] = self._at_once(
            lambda: self._rated(inputs, files) if requirements is None else self._assessed(inputs, files, requirements)
        )
        samples = [answer for answer in answers if isinstance(answer, Sample)]
        invalid = [answer for answer in answers if not isinstance(answer, Sample)]
        if not samples:
            raise type(invalid[0])(f"none of {self.samples} samples of the judge is valid; the first: {invalid[0]}")
        return samples, [str(answer) for answer in invalid]

    def _at_once(self, ask: Callable[[], Sample]) -> list[Sample | AnswerError]:
        def work(number: int, _: Mapping[int, Any]) -> Sample | AnswerError:
            try:
                return ask()
            except AnswerError as error:
                return error

        jobs: nx.DiGraph[int] = nx.DiGraph()
        jobs.add_nodes_from(range(self.samples))
        done = run_jobs(jobs, work, self.samples)
        return [done[number] for number in range(self.samples)]

    def _rated(self, inputs: dict[str, Any], files: Mapping[str, str]) -> Sample:
        rate = self.compare if "reference" in inputs else self.rate
        beside = inputs.get("reference", {})
        rating = rate(**inputs, check=lambda rating: check_critiques(rating.critiques, files, beside)).rating
        return Sample(score=rating.score, critiques=rating.critiques)

    def _assessed(self, inputs: dict[str, Any], files: Mapping[str, str], requirements: Requirements) -> Sample:
        assess = self.contrast if "reference" in inputs else self.assess
        assessment = assess(
            **inputs,
            required_components=requirements,
            check=lambda assessment: check_assessment(assessment, files, requirements),
        ).assessment
        components = requirements.components
        return Sample(
            score=score(components, assessment.findings, assessment.critiques),
            coverage=coverage(components, assessment.findings),
            findings=assessment.findings,
            critiques=assessment.critiques,
        )

    def _choose(self, paper: str, exhibit: Exhibit, other: Exhibit | None, room: int) -> tuple[list[str], list[str]]:
        """Return which files of the repository and of the reference are shown; all, if they fit."""
        ours, theirs = _size(exhibit), _size(other) if other is not None else 0
        if ours + theirs <= room:
            return list(exhibit.texts), list(other.texts) if other is not None else []
        half = room // 2 if other is not None else room
        mine = min(ours, max(half, room - theirs))
        return (
            self._select(paper, exhibit, mine),
            self._select(paper, other, min(theirs, room - mine)) if other is not None else [],
        )

    def _select(self, paper: str, exhibit: Exhibit, room: int) -> list[str]:
        """Return the most relevant files that fit, in the order of the tree."""
        if _size(exhibit) <= room:
            return list(exhibit.texts)
        if not any(exhibit.tokens(path) <= room for path in exhibit.texts):
            raise ConfigError(
                f"of the {self.room:,} tokens that the judge has room for, the paper takes about {tokens_of(paper):,}, "
                "and no file of the repository fits into the rest; let a backbone with a longer context be the judge"
            )
        chosen = self.select(
            paper=paper,
            tree=render_tree(exhibit, MOST_NAMED, room),
            room=f"{room:,} tokens",
            check=lambda selection: check_selection(selection.files, exhibit, room),
        ).selection.files
        kept = set()
        for path in chosen:
            if path in exhibit.texts and exhibit.tokens(path) <= room:
                room -= exhibit.tokens(path)
                kept.add(path)
        return [path for path in exhibit.texts if path in kept]


def check_requirements(requirements: Requirements) -> list[str]:
    """A method and an evaluation are required by every paper."""
    kinds = {component.kind for component in requirements.components}
    return [f"components: none is of the kind {kind!r}" for kind in ("method", "evaluation") if kind not in kinds]


def check_critiques(
    critiques: Sequence[Critique], files: Mapping[str, str], reference: Mapping[str, str] | None = None
) -> list[str]:
    """Critiques name files of the repository and of the reference, or none."""
    problems = [
        f"critiques: the repository has no file {critique.file!r}; name one that is shown, or '' for what is missing"
        for critique in critiques
        if critique.file and critique.file not in files
    ]
    named = [critique.reference_file for critique in critiques if isinstance(critique, ReferenceCritique)]
    return problems + [
        f"critiques: the reference has no file {path!r}; name one that is shown, or ''"
        for path in named
        if path and path not in (reference or {})
    ]


def check_assessment(assessment: Assessment, files: Mapping[str, str], requirements: Requirements) -> list[str]:
    """Every component has one finding, evidence points at lines of code that exist, critiques at what is there."""
    required = {component.name.lower(): component.name for component in requirements.components}
    found = [finding.component.lower() for finding in assessment.findings]
    problems = [f"findings: the component {name!r} has none" for key, name in required.items() if key not in found]
    problems += [f"findings: {name!r} stands {found.count(name)} times" for name in required if found.count(name) > 1]
    for finding in assessment.findings:
        place = f"findings: {finding.component!r}"
        if finding.component.lower() not in required:
            problems.append(f"{place} is not among the required components")
        if finding.status != "missing" and not finding.evidence:
            problems.append(f"{place} is {finding.status}, but without evidence")
        for evidence in finding.evidence:
            problems += [
                f"{place}: {problem}" for problem in _faults(evidence.file, evidence.first, evidence.last, files)
            ]
    for critique in assessment.critiques:
        if critique.component and critique.component.lower() not in required:
            problems.append(f"critiques: {critique.component!r} is not among the required components")
    return problems + check_critiques(assessment.critiques, files)


def _faults(file: str, first: int, last: int, files: Mapping[str, str]) -> list[str]:
    if file not in files:
        return [f"the evidence names {file!r}, which is not shown"]
    length = len(files[file].splitlines())
    if last > length:
        return [f"the evidence names line {last} of {file!r}, which has {length}"]
    lines = code_lines(file, files[file]) & set(range(first, last + 1))
    if not lines:
        return [f"lines {first} to {last} of {file!r} hold no code, only comments, documentation or nothing"]
    if not lines - idle_lines(file, files[file]):
        return [
            f"lines {first} to {last} of {file!r} do nothing: cite what implements the component, or call it missing"
        ]
    return []


def check_selection(files: Sequence[str], exhibit: Exhibit, room: int) -> list[str]:
    """Chosen files are in the tree, and one of them fits."""
    unknown = [path for path in files if path not in exhibit.texts]
    if unknown:
        return [f"files: {path!r} is not in the tree" for path in unknown]
    if not any(exhibit.tokens(path) <= room for path in files):
        return [f"files: none of them fits into {room:,} tokens; choose smaller ones"]
    return []


def _size(exhibit: Exhibit) -> int:
    return sum(exhibit.tokens(path) for path in exhibit.texts)


def _side(exhibit: Exhibit, shown: Sequence[str]) -> Side:
    left = dict.fromkeys(exhibit.texts.keys() - set(shown), "not chosen: there is no room for all")
    return Side(shown=tuple(shown), left_out=exhibit.left_out | (dict(sorted(left.items())) if shown else {}))


def _reasons(exhibit: Exhibit) -> str:
    """Return why files were left out, the first few of them."""
    listed = [f"{path!r}: {reason}" for path, reason in exhibit.left_out.items()]
    more = [f"{len(listed) - 3} more"] if len(listed) > 3 else []
    return f" ({'; '.join(listed[:3] + more)})" if listed else ": it is empty"
