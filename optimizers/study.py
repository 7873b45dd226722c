"""A compilation under way: candidates, what they are worth, what has been spent, and when to stop."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Protocol, TypeVar

import dspy

from data.errors import AnswerError, PaperCoderError
from data.paper import Paper
from optimizers.candidate import Candidate, predictors_of
from optimizers.evaluation import Evaluation
from optimizers.soundness import measure_soundness
from program.judge import Judge
from program.paper_coder import PaperCoder
from program.repository import Listing
from program.verdict import Verdict
from signatures.judging import Requirements

T = TypeVar("T")


class Stop(BaseException):
    """Ends an optimization from inside a metric call; no optimizer takes it for a failure of a candidate."""

    def __init__(self, reason: str, error: PaperCoderError | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error
        """What went wrong, if something did; None at the end of a budget."""


class Observer(Protocol):
    """Who keeps the books of a study."""

    def evaluating(self, record: "Record", paper: Paper, rollout: int, first: bool) -> AbstractContextManager[None]:
        """Be around one evaluation, in its thread; `first` says that it is not a repetition of an earlier one."""

    def evaluated(self, record: "Record", evaluation: Evaluation) -> None:
        """Take note of what came of it, the first time."""

    def judging(self) -> AbstractContextManager[None]:
        """Be around one attempt to have something judged; what a failed one was answered is no result."""

    def check_budget(self, runs: int) -> None:
        """Raise `Stop` if nothing more may be spent; `runs` of the program have begun."""


@dataclass
class Record:
    """A candidate and its evaluations."""

    number: int
    """From 0, the uncompiled program; in the order of appearance."""
    candidate: Candidate
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    """By hash of the paper."""

    def mean(self, papers: Sequence[Paper]) -> float | None:
        """Return the mean score on these papers, 0 to 1; None unless it was evaluated on all of them."""
        found = [self.evaluations.get(paper.hash) for paper in papers]
        known = [evaluation.score for evaluation in found if evaluation]
        return fmean(known) if known and len(known) == len(found) else None


class Study:
    """Evaluates candidates.

    The same evaluation may be asked for again: the program runs again, for optimizers want its trace, but its calls
    are answered from the transcript and nothing is spent.
    """

    def __init__(
        self,
        judge: Judge,
        dev: Sequence[Paper],
        observer: Observer,
        references: Mapping[str, Listing],
        referee: Judge | None = None,
    ) -> None:
        """Make an empty study.

        Args:
            judge: Grounded; its reference-free verdict is the score.
            dev: The papers by which candidates are chosen.
            observer: Who keeps the books.
            references: The authors' repositories by hash of the paper, for the verdict that is not optimized.
            referee: Who gives that verdict, on dev papers; nobody if None.
        """
        self.judge, self.dev, self.observer = judge, list(dev), observer
        self.references, self.referee = references, referee
        self.records: dict[str, Record] = {}
        self.stopped: Stop | None = None
        self._begun: set[tuple[str, str, int]] = set()
        self._requirements: dict[str, Future[Requirements]] = {}
        self._lock = threading.Lock()

    @property
    def runs(self) -> int:
        """How many runs of the program have begun, repetitions not counted."""
        return len(self._begun)

    @property
    def candidates(self) -> int:
        """How many candidates had a run."""
        return len({candidate for candidate, _, _ in self._begun})

    def evaluate(self, program: PaperCoder, paper: Paper, rollout: int = 0) -> dspy.Prediction:
        """Run a program on a paper and have the repository judged.

        Args:
            program: With the instructions and demos of the candidate.
            paper: The paper.
            rollout: Distinguishes several runs of the same candidate on the same paper.

        Returns:
            What the program returned, if it came to an end, and its `evaluation`.

        Raises:
            Stop: The budget is spent, or something failed that is not the candidate's fault.
        """
        if self.stopped:
            raise self.stopped
        record = self.record(program)
        try:
            first = self._begin((record.candidate.key, paper.hash, rollout))
            with self.observer.evaluating(record, paper, rollout, first):
                prediction = self._run(record, program, paper)
            if rollout == 0:
                record.evaluations[paper.hash] = prediction.evaluation
            if first:
                self.observer.evaluated(record, prediction.evaluation)
        except Stop as stop:
            self.stopped = self.stopped or stop
            raise self.stopped from None
        except PaperCoderError as error:
            self.stopped = self.stopped or Stop(str(error), error)
            raise self.stopped from None
        return prediction

    def reopened(self) -> "Study":
        """Return the same study for what comes after the optimizer, which may have threads that do not know yet."""
        twin = copy(self)
        twin.stopped = None
        return twin

    def record(self, program: PaperCoder) -> Record:
        """Return the record of the candidate that a program is."""
        candidate = Candidate.of(program)
        with self._lock:
            return self.records.setdefault(candidate.key, Record(len(self.records), candidate))

    def best(self) -> Record:
        """Return the candidate with the best mean on dev; of equal ones the earliest."""
        scored = [(record.mean(self.dev), record) for record in self.records.values()]
        known = [(mean, -record.number, record) for mean, record in scored if mean is not None]
        return max(known, key=lambda entry: entry[:2])[2] if known else next(iter(self.records.values()))

    def _begin(self, key: tuple[str, str, int]) -> bool:
        """Count a run against the budget, unless it is a repetition."""
        with self._lock:
            if key in self._begun:
                return False
            self.observer.check_budget(len(self._begun))
            self._begun.add(key)
            return True

    def _run(self, record: Record, program: PaperCoder, paper: Paper) -> dspy.Prediction:
        about: dict[str, Any] = {"candidate": record.candidate.key, "paper": paper.hash, "title": paper.title}
        try:
            with _ordered_trace(program):
                prediction = program(paper=paper)
        except AnswerError as error:
            return dspy.Prediction(evaluation=Evaluation(**about, failure=str(error)))
        files = sorted(prediction.repository.items(), key=lambda item: item[0].split("/"))  # as they stand on disk
        listing = Listing(files=dict(files))
        soundness, faults = measure_soundness(prediction.plan, prediction.repository)
        on_dev = any(paper.hash == other.hash for other in self.dev)
        reference = self.references.get(paper.hash) if self.referee and on_dev else None
        evaluation = Evaluation(
            **about,
            verdict=self._judged(self.judge, paper, listing, None),
            soundness=soundness,
            faults=tuple(faults),
            reference=self._judged(self.referee, paper, listing, reference) if self.referee and reference else None,
        )
        return dspy.Prediction(**prediction, evaluation=evaluation)

    def _judged(self, judge: Judge, paper: Paper, listing: Listing, reference: Listing | None) -> Verdict:
        """Have a repository judged; the order of samples, and so of feedback, is not that in which they came."""
        requirements = self._required(paper)
        asked: dict[str, Any] = {"paper": paper.markdown, "repository": listing, "reference": reference}
        verdict: Verdict = self._asked(lambda: judge(**asked, requirements=requirements).verdict)
        samples = sorted(verdict.samples, key=lambda sample: sample.model_dump_json())
        return verdict.model_copy(update={"samples": tuple(samples)})

    def _asked(self, ask: Callable[[], T]) -> T:
        """Ask the judge; one that fails is asked once more, and is never a score."""
        with dspy.context(trace=None):  # what the judge is asked is nothing for the optimizer to learn from
            try:
                with self.observer.judging():
                    return ask()
            except AnswerError:
                with self.observer.judging():
                    return ask()

    def _required(self, paper: Paper) -> Requirements:
        with self._lock:
            future = self._requirements.get(paper.hash)
            mine = future is None
            if future is None:
                future = self._requirements[paper.hash] = Future()
        if mine:
            try:
                future.set_result(self._asked(lambda: self.judge.list_requirements(paper.markdown)))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()


@contextmanager
def _ordered_trace(program: PaperCoder) -> Iterator[None]:
    """Bring what optimizers learn from into an order that does not depend on which answer came first."""
    outer = dspy.settings.trace
    if outer is None:
        yield
        return
    places = {id(predictor): place for place, predictor in enumerate(predictors_of(program).values())}
    with dspy.context(trace=[]):
        own: list[Any] = dspy.settings.trace
        try:
            yield
        finally:
            outer += sorted(
                own, key=lambda step: (places.get(id(step[0]), -1), getattr(step[1].get("file"), "path", ""))
            )
