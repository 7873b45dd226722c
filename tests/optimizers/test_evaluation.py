"""The verdict as a score in 0..1, and in words for the predictor that could have done better."""

import dspy
import pytest

from optimizers.candidate import predictors_of
from optimizers.evaluation import CAUSES, feedback
from optimizers.student import explained_metric, metric
from program.paper_coder import PaperCoder
from tests.optimizers.evaluations import evaluation, verdict

MISSING = "missing: masks"
PARTIAL = "partial: loss (model.py lines 3-9)"
CHECKS = (
    "main.py: line 1 imports nothing, which is not in the repository",
    "the class Model of the class diagram is in no file",
)


@pytest.mark.parametrize(("given", "score"), [([1.0], 0.0), ([3.0], 0.5), ([5.0], 1.0), ([2.0, 3.0], 0.375)])
def test_the_score_is_the_mean_of_the_samples_as_0_to_1(given: list[float], score: float) -> None:
    assert evaluation(verdict=verdict(*given)).score == score


def test_a_repository_with_nothing_to_judge_is_worth_0() -> None:
    assert evaluation(verdict=verdict(floor="no file has code")).score == 0.0
    assert feedback(evaluation(verdict=verdict(floor="no file has code"))) == (
        "The repository is worth nothing: no file has code."
    )


def test_a_run_that_failed_is_worth_0_and_everybody_is_told_why() -> None:
    failed = evaluation(verdict=None, failure="planner: configuration: 3 answers were rejected")
    assert failed.score == 0.0
    assert failed.guards == {"soundness": 0.0}
    for name in [None, *CAUSES]:
        assert feedback(failed, name) == (
            "The run failed, which is worth nothing: planner: configuration: 3 answers were rejected"
        )


def test_every_predictor_of_the_program_has_faults_that_it_can_prevent() -> None:
    assert list(CAUSES) == list(predictors_of(PaperCoder()))


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (MISSING, {"planner.plan", "planner.design"}),
        (PARTIAL, {"planner.plan", "planner.design"}),
        ("high: main.py i: It is the wiring.", {"planner.design", "planner.organise"}),
        ("high: main.py f: It is the value.", {"planner.configure"}),
        ("high: main.py g: It is the reading.", {"planner.plan", "analyst.analyse"}),
        ("high: main.py h: It is the code.", {"coder.write"}),
        (CHECKS[0], {"planner.organise", "coder.write"}),
        (CHECKS[1], {"planner.design", "coder.write"}),
    ],
)
def test_a_fault_is_told_to_those_who_can_prevent_it_and_to_nobody_else(fault: str, told: set[str]) -> None:
    found = evaluation(faults=CHECKS)
    assert {name for name in CAUSES if fault in feedback(found, name)} == told
    assert feedback(found).count(fault) == 1


def test_what_is_said_of_the_code_is_told_with_it() -> None:
    told = feedback(evaluation(), "planner.design")
    assert told.startswith("The repository got 3.00 of 5.\n")
    assert "No mask anywhere." in told
    assert "The second term is not there." in told
    assert "data" not in told


def test_what_several_samples_say_alike_is_told_once() -> None:
    assert feedback(evaluation(verdict=verdict(3.0, 3.0))) == feedback(evaluation(verdict=verdict(3.0)))


def test_who_could_not_have_prevented_anything_is_told_so() -> None:
    empty = verdict(4.5).samples[0].model_copy(update={"findings": (), "critiques": ()})
    found = evaluation(verdict=verdict(4.5).model_copy(update={"samples": (empty,)}))
    for name in CAUSES:
        assert feedback(found, name) == (
            "The repository got 4.50 of 5. No fault was found that this step could have prevented."
        )


def test_what_was_not_optimized_is_no_part_of_the_score() -> None:
    found = evaluation(soundness={"parses": 1.0, "imports": 0.5}, reference=verdict(2.0))
    assert found.score == 0.5
    assert found.guards == {"soundness": 0.75, "reference-based": 0.25}


def test_the_metric_gives_optimizers_a_number_and_predictors_words() -> None:
    found = evaluation(faults=CHECKS)
    example, prediction = dspy.Example(), dspy.Prediction(evaluation=found)
    assert metric(example, prediction) == 0.5
    told = metric(example, prediction, None, "program.planner.configure", None)
    assert (told.score, told.feedback) == (0.5, feedback(found, "planner.configure"))
    explained = explained_metric(example, prediction)
    assert (explained.score, explained.feedback) == (0.5, feedback(found))


def test_no_prediction_is_worth_0() -> None:
    assert metric(dspy.Example(), None) == 0.0
    assert explained_metric(dspy.Example(), None).score == 0.0
