"""A compilation under way: candidates, what they are worth, what has been spent, and when to stop."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
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

K = TypeVar("K")
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

    def evaluating(self, record: "Record", paper: Paper, rollout: int) -> AbstractContextManager[None]:
        """Be around one evaluation, in its thread."""

    def evaluated(self, record: "Record", evaluation: Evaluation) -> None:
        """Take note of what came of it."""

    def repeated(self, record: "Record", paper: Paper, rollout: int) -> None:
        """Take note that it was asked for again."""

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


@dataclass(frozen=True)
class Run:
    """What a run of the program came to, and how."""

    prediction: dspy.Prediction
    steps: Sequence[tuple[str, dict[str, Any], dspy.Prediction]]
    """Name of the predictor, inputs and output of each step."""

    def repeat(self, program: PaperCoder) -> dspy.Prediction:
        """Let a copy of the program return the same, and leave the same trace, for optimizers learn from it."""
        if dspy.settings.trace is not None:
            predictors = predictors_of(program)
            dspy.settings.trace.extend((predictors[name], inputs, output) for name, inputs, output in self.steps)
        return dspy.Prediction(**self.prediction)


class Study:
    """Evaluates candidates; the same evaluation may be asked for again, and is remembered."""

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
        self._runs: dict[tuple[str, str, int], Future[Run]] = {}
        self._requirements: dict[str, Future[Requirements]] = {}
        self._lock = threading.Lock()

    @property
    def runs(self) -> int:
        """How many runs of the program have begun, repetitions not counted."""
        return len(self._runs)

    @property
    def candidates(self) -> int:
        """How many candidates had a run."""
        return len({candidate for candidate, _, _ in self._runs})

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
            run, first = self._once(
                self._runs,
                (record.candidate.key, paper.hash, rollout),
                lambda: self._evaluate(record, program, paper, rollout),
                lambda: self.observer.check_budget(self.runs),
            )
            if not first:
                self.observer.repeated(record, paper, rollout)
        except Stop as stop:
            self.stopped = self.stopped or stop
            raise self.stopped from None
        except PaperCoderError as error:
            self.stopped = self.stopped or Stop(str(error), error)
            raise self.stopped from None
        return run.repeat(program)

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

    def _once(
        self, known: dict[K, Future[T]], key: K, work: Callable[[], T], check: Callable[[], None] = lambda: None
    ) -> tuple[T, bool]:
        """Return what came of some work, and whether it was done for this; an error is what came of it too.

        Args:
            known: What was done, or is being done in other threads.
            key: What to do.
            work: Does it.
            check: Raises an error if it must not begin.
        """
        with self._lock:
            future = known.get(key)
            mine = future is None
            if future is None:
                check()
                future = known[key] = Future()
        if mine:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
        return future.result(), mine

    def _evaluate(self, record: Record, program: PaperCoder, paper: Paper, rollout: int) -> Run:
        with self.observer.evaluating(record, paper, rollout):
            run = self._run(record, program, paper)
        if rollout == 0:
            record.evaluations[paper.hash] = run.prediction.evaluation
        self.observer.evaluated(record, run.prediction.evaluation)
        return run

    def _run(self, record: Record, program: PaperCoder, paper: Paper) -> Run:
        about: dict[str, Any] = {"candidate": record.candidate.key, "paper": paper.hash, "title": paper.title}
        with dspy.context(trace=[]):
            try:
                prediction = program(paper=paper)
            except AnswerError as error:
                prediction = dspy.Prediction(evaluation=Evaluation(**about, failure=str(error)))
            else:
                evaluation = self._assessed(prediction, paper, about)
                prediction = dspy.Prediction(**prediction, evaluation=evaluation)
            return Run(prediction, _ordered(program, dspy.settings.trace))

    def _assessed(self, prediction: dspy.Prediction, paper: Paper, about: Mapping[str, Any]) -> Evaluation:
        files = sorted(prediction.repository.items(), key=lambda item: item[0].split("/"))  # as they stand on disk
        listing = Listing(files=dict(files))
        soundness, faults = measure_soundness(prediction.plan, prediction.repository)
        on_dev = any(paper.hash == other.hash for other in self.dev)
        reference = self.references.get(paper.hash) if self.referee and on_dev else None
        return Evaluation(
            **about,
            verdict=self._judged(self.judge, paper, listing, None),
            soundness=soundness,
            faults=tuple(faults),
            reference=self._judged(self.referee, paper, listing, reference) if self.referee and reference else None,
        )

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
        def ask() -> Requirements:
            return self._asked(lambda: self.judge.list_requirements(paper.markdown))

        return self._once(self._requirements, paper.hash, ask)[0]


def _ordered(program: PaperCoder, trace: Sequence[Any]) -> list[tuple[str, dict[str, Any], dspy.Prediction]]:
    """Return the steps of a program in an order that does not depend on which answer came first."""
    names = {id(predictor): name for name, predictor in predictors_of(program).items()}
    places = {name: place for place, name in enumerate(names.values())}
    steps = [(names[id(predictor)], inputs, output) for predictor, inputs, output in trace if id(predictor) in names]
    return sorted(steps, key=lambda step: (places[step[0]], getattr(step[1].get("file"), "path", "")))
