"""`papercoder judge`: one verdict on one repository."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.errors import ConfigError, FolderError
from data.paper import Paper
from data.read import read_paper
from data.samples import find_sample
from experiments.backbones.build import Sources, model_of
from experiments.choice import JUDGES, choose_backbones, recording_of, settle_backbone
from experiments.config import Config
from experiments.fit import fit
from experiments.judging import (
    COMPONENTS,
    VERDICT,
    ask_judge,
    assess,
    build_judge,
    fingerprint,
    load_requirements,
    load_verdict,
    metrics_of,
)
from experiments.progress import progress
from experiments.session import Session, locked, open_session
from experiments.state import RunState, find_home
from experiments.tracking import tracked
from experiments.work import prompt_hash, slug
from program.judge import Judge
from program.repository import Listing, Repository, measure, write_text
from program.verdict import Verdict
from signatures.judging import Requirements

QUESTION = "question.json"
"""Says what the verdict in a folder is about."""


FILES = (QUESTION, VERDICT, "verdict.md", COMPONENTS, "transcript.jsonl")
"""What is logged as artifacts."""


@dataclass
class Question:
    """What is judged, and how."""

    judge: Judge
    backbone: str
    paper: Paper
    repository: Path
    listing: Listing
    reference: Listing | None
    requirements: Requirements | None
    run: RunState | None
    """The run that wrote the repository, if it lies in the folder of one."""
    model: str

    @property
    def key(self) -> str:
        """A hash of everything that the verdict depends on."""
        reference = self.reference.files if self.reference else None
        components = self.requirements.to_yaml() if self.requirements else None
        judge = [prompt_hash(self.judge), self.judge.protocol, self.judge.samples, self.model]
        left = sorted(self.listing.left_out)
        return fingerprint(self.listing.files, left, reference, components, self.paper.hash, *judge)


def judge_repository(
    repository: Path,
    paper: str | None,
    reference: Path | None,
    components: Path | None,
    out: Path | None,
    config: Config,
) -> Iterator[str]:
    """Judge a repository, and say what came of it, line by line.

    Args:
        repository: Any folder, or that of a run.
        paper: As `papercoder run` takes it; by default that of the run which wrote the repository.
        reference: The authors' repository.
        components: What the paper requires, from an earlier verdict or by hand.
        out: Folder of the verdict; by default one under `verdicts/`, the same for the same question.
        config: The configuration.

    Raises:
        PaperCoderError: There is no verdict.
    """
    recording = recording_of(repository, paper)
    config = settle_backbone(config, recording)
    question, notices = _ask(repository, paper, reference, components, config)
    folder = out or Path("verdicts") / f"{slug(question.paper.title)}-{question.key}"
    for read in filter(None, (question.repository, reference)):
        if folder.resolve().is_relative_to(read.resolve()):
            raise FolderError(f"{folder} would lie in {read}, which the judge reads; choose another --out")
    sources = Sources(config, folder, recording)
    session = open_session(folder, sources, {"judge": question.backbone})
    with locked(folder):
        verdict = _known(folder, question.key)
        if verdict is None:
            try:
                for line in [*notices, *(mailbox.invitation for mailbox in sources.mailboxes)]:
                    print(line, file=sys.stderr, flush=True)
                verdict = _carry_out(session, question, config)
            except BaseException as error:
                error.add_note(f"what was done is in {folder}; the same command goes on")
                raise
            finally:
                sources.close("The judge has ended.")
    yield from _lines(verdict, question.listing, folder)


def _ask(
    repository: Path, paper: str | None, reference: Path | None, components: Path | None, config: Config
) -> tuple[Question, list[str]]:
    """Return what is to be judged, and what to tell the user of it."""
    home = find_home(repository)
    source = (find_sample(paper) or paper) if paper else str(home / "paper.md") if home else None
    if source is None:
        raise ConfigError(f"{repository} does not lie in the folder of a run; name its paper with --paper")
    backbone = choose_backbones(config, JUDGES)["judge"]
    text, notices = fit(read_paper(source), config, [backbone])
    if repository == home:
        repository = repository / "repository"
    run = RunState.load(home) if home else None
    if run and run.status != "finished":
        notices = [*notices, f"the run in {home} is not finished ({run.status}); its repository is judged as it is"]
    question = Question(
        judge=build_judge(config, backbone),
        backbone=backbone,
        paper=text,
        repository=repository,
        listing=Repository(repository).read(),
        reference=Repository(reference).read() if reference else None,
        requirements=load_requirements(components) if components else None,
        run=run,
        model=model_of(config, backbone),
    )
    return question, notices


def _known(folder: Path, key: str) -> Verdict | None:
    """Return the verdict that the folder has already on this question.

    Raises:
        FolderError: What is in the folder is about something else.
    """
    path = folder / QUESTION
    if path.is_file():
        try:
            other = json.loads(path.read_text(encoding="utf-8"))["key"]
        except (ValueError, KeyError, TypeError):
            other = None
        if other != key:
            raise FolderError(f"{folder} holds a verdict on another question; choose another --out")
        return load_verdict(folder)
    if (folder / VERDICT).exists() or (folder / "run.json").exists():
        raise FolderError(f"{folder} holds something else; choose another --out")
    write_text(path, json.dumps({"key": key}) + "\n")
    return None


def _carry_out(session: Session, question: Question, config: Config) -> Verdict:
    folder, run = session.folder, question.run
    with tracked(config.tracking, f"judge {question.repository.absolute().parent.name}") as tracker:
        tags = {"kind": "judge", "paper": question.paper.title, "paper_hash": question.paper.hash}
        tracker.log(tags={**tags, "backbone": question.backbone, "repository": str(question.repository)})
        size = measure(question.listing.files).model_dump()
        tracker.log(metrics={f"repository.{key}": float(value) for key, value in size.items()})
        with progress(session.meter):
            verdict = ask_judge(
                session,
                tracker,
                question.judge,
                question.paper.markdown,
                question.listing,
                question.reference,
                question.requirements,
            )
        tracker.log_files(
            sorted(path for path in folder.iterdir() if path.suffix in (".json", ".jsonl", ".md", ".yaml"))
        )
        tracker.flush()
        traces = [tracker.last_trace()]
        if run:
            traces.append(run.trace)
            tracker.other(run.mlflow_run).log(metrics=metrics_of(verdict))
        for trace in filter(None, traces):
            assess(tracker, trace, verdict, question.backbone)
    return verdict


def _lines(verdict: Verdict, listing: Listing, folder: Path) -> Iterator[str]:
    spread = "" if verdict.deviation is None else f" (standard deviation {verdict.deviation:.2f})"
    yield f"{verdict.score:.2f} of 5{spread}: protocol {verdict.protocol}, {verdict.setting}"
    if verdict.floor:
        yield f"  no model was asked: {verdict.floor}"
    else:
        yield f"  {verdict.valid} of {verdict.requested} samples valid"
    for reason in verdict.invalid:
        yield f"  invalid: {reason}"
    if verdict.coverage is not None and not verdict.floor:
        yield f"  weighted share of the required components that are implemented: {verdict.coverage:.0%}"
    if unseen := len(verdict.repository.left_out):
        yield f"  {unseen} files of the repository were not seen; {folder}/verdict.md says which and why"
    size = measure(listing.files)
    yield f"  {size.files} files, {size.lines} lines, {size.functions} functions, {size.tokens:,} tokens"
    yield f"  {folder}/verdict.md has the critiques"
