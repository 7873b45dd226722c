"""Evaluations: counted once, stopped in time, and never a score where the judge failed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Barrier
from typing import Any

import dspy
import pytest

from data.errors import BackboneError, PaperCoderError, RejectedAnswer, TruncatedAnswer
from data.paper import Paper
from optimizers.budget import Spent, check_spent
from optimizers.candidate import Candidate
from optimizers.evaluation import Evaluation
from optimizers.study import Record, Stop, Study
from program.paper_coder import PaperCoder
from tests.optimizers.evaluations import verdict
from tests.optimizers.test_budget import Caps
from tests.optimizers.test_soundness import FILES, plan

PAPERS = [Paper(title=name, abstract=f"About {name}.", sections=()) for name in ("One", "Two", "Three")]
ONE, TWO, THREE = PAPERS


class Program(PaperCoder):
    """Writes the same repository always, or fails."""

    def __init__(self, word: str = "", error: Exception | None = None) -> None:
        super().__init__()
        self.error, self.runs = error, 0
        coder = self.coder.write
        coder.signature = coder.signature.with_instructions(f"{coder.signature.instructions}{word}")

    def forward(self, paper: Paper, stop_after: Any = "coding") -> dspy.Prediction:
        self.runs += 1
        if self.error:
            raise self.error
        return dspy.Prediction(plan=plan(), analyses={}, sources={}, repository=FILES)


class Judge:
    """Says what it is given, one after the other; errors are raised."""

    def __init__(self, *said: float | tuple[float, ...] | Exception, required: tuple[Exception, ...] = ()) -> None:
        self.said, self.required = list(said), list(required)
        self.asked: list[str] = []

    def list_requirements(self, paper: str) -> str:
        self.asked.append("requirements")
        if self.required:
            raise self.required.pop(0)
        return f"what {paper} requires"

    def __call__(self, paper: str, repository: Any, reference: Any, requirements: str) -> dspy.Prediction:
        assert requirements == f"what {paper} requires"
        self.asked.append("reference" if reference else "verdict")
        said = self.said.pop(0)
        if isinstance(said, Exception):
            raise said
        return dspy.Prediction(verdict=verdict(*(said if isinstance(said, tuple) else (said,))))


class Notes:
    """Writes down what it is told."""

    def __init__(self, caps: Caps | None = None) -> None:
        self.caps = caps or Caps(runs=100)
        self.evaluations: list[Evaluation] = []
        self.repeats: list[tuple[int, str]] = []
        self.attempts = 0

    @contextmanager
    def evaluating(self, record: Record, paper: Paper, rollout: int) -> Iterator[None]:
        yield

    def judging(self) -> AbstractContextManager[None]:
        self.attempts += 1
        return nullcontext()

    def evaluated(self, record: Record, evaluation: Evaluation) -> None:
        self.evaluations.append(evaluation)

    def repeated(self, record: Record, paper: Paper, rollout: int) -> None:
        self.repeats.append((record.number, paper.title))

    def check_budget(self, runs: int) -> None:
        check_spent(self.caps, Spent(), runs)


def study(judge: Judge, notes: Notes | None = None, **more: Any) -> Study:
    fields: dict[str, Any] = {"dev": [ONE, TWO], "references": {}}
    return Study(judge, observer=notes or Notes(), **fields | more)  # type: ignore[arg-type]


def test_an_evaluation_is_the_verdict_and_what_was_not_optimized() -> None:
    notes = Notes()
    judge, referee = Judge(4.0), Judge(2.0)
    made = study(judge, notes, references={ONE.hash: "the authors' own"}, referee=referee)
    found = made.evaluate(Program(), ONE).evaluation
    assert found.score == 0.75
    assert found.guards == {"soundness": 1.0, "reference-based": 0.25}
    assert notes.evaluations == [found]
    assert (judge.asked, referee.asked) == (["requirements", "verdict"], ["reference"])


def test_only_dev_papers_are_held_against_their_reference() -> None:
    referee = Judge()
    made = study(Judge(4.0), references={THREE.hash: "the authors' own"}, referee=referee)
    assert made.evaluate(Program(), THREE).evaluation.reference is None
    assert referee.asked == []


def test_what_a_paper_requires_is_asked_once_for_all_candidates() -> None:
    judge = Judge(4.0, 3.0, 2.0)
    made = study(judge)
    for program in (Program(), Program("!"), Program("?")):
        made.evaluate(program, ONE)
    assert judge.asked.count("requirements") == 1


@pytest.mark.parametrize("error", [RejectedAnswer("It was rejected."), TruncatedAnswer("It was cut off.")])
def test_a_run_that_failed_is_a_result(error: PaperCoderError) -> None:
    notes = Notes()
    found = study(Judge(), notes).evaluate(Program(error=error), ONE).evaluation
    assert (found.score, found.failure, found.verdict) == (0.0, str(error), None)
    assert notes.evaluations == [found]


def test_a_judge_that_fails_is_asked_once_more() -> None:
    judge = Judge(RejectedAnswer("It was rejected."), 3.0)
    assert study(judge).evaluate(Program(), ONE).evaluation.score == 0.5
    assert judge.asked == ["requirements", "verdict", "verdict"]


def test_a_judge_whose_backbone_fails_is_not_for_the_backbone_has_tried_again_already() -> None:
    judge = Judge(BackboneError("There is no answer."))
    with pytest.raises(Stop, match="There is no answer"):
        study(judge).evaluate(Program(), ONE)
    assert judge.asked == ["requirements", "verdict"]


def test_a_judge_that_fails_twice_stops_the_optimization_and_is_no_score() -> None:
    notes = Notes()
    made = study(Judge(RejectedAnswer("First."), RejectedAnswer("Second.")), notes)
    with pytest.raises(Stop) as caught:
        made.evaluate(Program(), ONE)
    assert str(caught.value.error) == caught.value.reason == "Second."
    assert notes.evaluations == []
    assert made.best().mean([ONE]) is None
    assert notes.attempts == 3


def test_requirements_that_fail_are_asked_for_once_more_too() -> None:
    judge = Judge(3.0, required=(RejectedAnswer("First."),))
    assert study(judge).evaluate(Program(), ONE).evaluation.score == 0.5
    assert judge.asked == ["requirements", "requirements", "verdict"]
    with pytest.raises(Stop, match="Second"):
        study(Judge(3.0, required=(RejectedAnswer("First."), RejectedAnswer("Second.")))).evaluate(Program(), ONE)


def test_once_stopped_nothing_more_is_evaluated() -> None:
    program = Program(error=BackboneError("There is no answer."))
    made = study(Judge())
    stops = []
    for _ in range(2):
        with pytest.raises(Stop) as caught:
            made.evaluate(program, ONE)
        stops.append(caught.value)
    assert program.runs == 1
    assert stops[0] is stops[1] is made.stopped
    assert isinstance(stops[0].error, BackboneError)


def test_a_study_that_was_stopped_can_be_reopened_with_all_that_it_knows() -> None:
    made = study(Judge(3.0, 4.0, 5.0), Notes(Caps(runs=1)))
    made.evaluate(Program(), ONE)
    with pytest.raises(Stop, match="the budget of 1 runs is spent"):
        made.evaluate(Program(), TWO)
    twin = made.reopened()
    twin.observer = Notes()
    twin.evaluate(Program(), TWO)
    assert twin.best().mean([ONE, TWO]) == pytest.approx(0.625)
    assert made.stopped is not None


class Stepping(Program):
    """Leaves a trace, the later step first."""

    def forward(self, paper: Paper, stop_after: Any = "coding") -> dspy.Prediction:
        for predictor in (self.coder.write, self.planner.plan):
            dspy.settings.trace.append((predictor, {"of": paper.title}, dspy.Prediction(by=predictor.role)))
        return super().forward(paper, stop_after)


def test_a_repetition_is_remembered_and_costs_no_run() -> None:
    notes, program = Notes(Caps(runs=1)), Program()
    made = study(Judge(3.0), notes)
    first, again = (made.evaluate(program, ONE) for _ in range(2))
    assert first.toDict() == again.toDict()
    assert (program.runs, made.runs, len(notes.evaluations), notes.repeats) == (1, 1, 1, [(0, "One")])


def test_a_repetition_leaves_the_trace_of_the_first_with_the_predictors_of_its_own_program() -> None:
    made = study(Judge(3.0))
    for program in (Stepping(), Stepping()):
        with dspy.context(trace=[]):
            made.evaluate(program, ONE)
            steps = [(predictor, inputs, output.by) for predictor, inputs, output in dspy.settings.trace]
        assert steps == [
            (program.planner.plan, {"of": "One"}, "planner"),
            (program.coder.write, {"of": "One"}, "coder"),
        ]


def test_a_repetition_waits_for_the_first_and_shares_its_error() -> None:
    made = study(Judge(BackboneError("There is no answer.")))
    programs, together = [Program() for _ in range(4)], Barrier(4)

    def evaluate(program: Program) -> str:
        together.wait()
        with pytest.raises(Stop) as caught:
            made.evaluate(program, ONE)
        return str(caught.value.error)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(evaluate, programs)) == {"There is no answer."}
    assert sum(program.runs for program in programs) == 1


def test_another_rollout_is_another_run_and_does_not_replace_the_first() -> None:
    made = study(Judge(3.0, 5.0))
    made.evaluate(Program(), ONE)
    assert made.evaluate(Program(), ONE, rollout=1).evaluation.score == 1.0
    assert made.runs == 2
    assert made.best().mean([ONE]) == 0.5


def test_programs_with_the_same_prompts_are_one_candidate() -> None:
    made = study(Judge(3.0, 3.0, 3.0))
    for program in (Program(), Program("!"), Program()):
        made.evaluate(program, ONE)
    assert [record.number for record in made.records.values()] == [0, 1]


def test_the_cap_on_runs_is_exact_however_many_begin_at_once() -> None:
    notes, together = Notes(Caps(runs=5)), Barrier(16)
    made = study(Judge(*[3.0] * 16), notes, dev=[ONE])

    def evaluate(number: int) -> bool:
        program = Program(str(number))
        together.wait()
        try:
            made.evaluate(program, ONE)
        except Stop:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(evaluate, range(16)))
    assert made.runs == 5


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ({"": (3.0, 3.0), "!": (4.0, 3.0)}, "!"),
        ({"": (3.0, 3.0), "!": (3.0, 3.0)}, ""),
        ({"": (3.0, 3.0), "!": (5.0,)}, ""),
        ({"": (5.0,), "!": (2.0, 1.0)}, "!"),
    ],
)
def test_the_best_has_the_best_mean_on_all_of_dev_and_of_equal_ones_is_the_earliest(
    scores: dict[str, tuple[float, ...]], best: str
) -> None:
    made = study(Judge(*[score for papers in scores.values() for score in papers]))
    for word, papers in scores.items():
        for paper, _ in zip(PAPERS, papers, strict=False):
            made.evaluate(Program(word), paper)
    assert made.best().candidate == Candidate.of(Program(best))


def test_with_nothing_known_the_uncompiled_program_is_the_best() -> None:
    made = study(Judge(5.0))
    made.record(Program())
    made.evaluate(Program("!"), ONE)
    assert made.best().number == 0


def test_samples_are_told_in_the_same_order_in_whatever_order_they_came() -> None:
    first, second = (study(Judge(said)).evaluate(Program(), ONE).evaluation for said in ((2.0, 4.0), (4.0, 2.0)))
    assert first == second
