"""The score of the grounded protocol: numbers worked out by hand, and what holds whatever the numbers."""

from itertools import pairwise, product

import pytest

from program.score import coverage, score
from signatures.judging import Severity
from tests.program.judged import WEIGHTS, components, fault, found

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")


def rated(*faults: tuple[str, str], **status: str) -> float:
    return score(components(), found(**status), [fault(*each) for each in faults])


def test_all_implemented_without_a_fault_is_a_five():
    assert rated() == 5.0
    assert coverage(components(), found()) == 1.0


def test_all_missing_is_a_one():
    nothing = dict.fromkeys(WEIGHTS, "missing")
    assert rated(**nothing) == 1.0
    assert coverage(components(), found(**nothing)) == 0.0


@pytest.mark.parametrize(
    ("status", "share", "expected"),
    [
        ({"loss": "missing"}, 0.5, 3.0),
        ({"loss": "partial"}, 0.75, 4.0),
        ({"metric": "missing"}, 0.6667, 3.67),
        ({"data": "missing", "metric": "partial"}, 0.6667, 3.67),
        ({"data": "partial"}, 0.9167, 4.67),
    ],
)
def test_components_count_by_weight_and_a_partial_one_by_half(status, share, expected):
    assert coverage(components(), found(**status)) == share
    assert rated(**status) == expected


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ([("loss", "high")], 4.0),
        ([("loss", "medium")], 4.6),
        ([("loss", "low")], 4.92),
        ([("data", "high")], 4.67),
        ([("loss", "high"), ("loss", "high")], 3.5),
        ([("loss", "high"), ("metric", "high")], 3.33),
        ([("", "low")], 4.84),
        ([("", "high")], 3.0),
    ],
)
def test_faults_cost_what_the_component_that_they_spoil_is_worth(faults, expected):
    assert rated(*faults) == expected


def test_faults_do_not_touch_the_share_that_is_implemented():
    assert coverage(components(), found()) == 1.0
    assert rated(("loss", "high")) < 5.0


def test_each_further_fault_of_a_component_costs_less_but_something():
    scores = [rated(*[("loss", "medium")] * number) for number in range(5)]
    costs = [before - after for before, after in pairwise(scores)]
    assert costs == sorted(costs, reverse=True)
    assert min(costs) > 0


def test_no_number_of_faults_in_a_component_outweighs_its_absence():
    assert rated(*[("loss", "high")] * 100) == rated(loss="missing")
    assert rated(*[("loss", "high")] * 5) > rated(loss="missing")


def test_faults_of_the_whole_take_half_at_most():
    assert rated(*[("", "high")] * 100) == rated(("", "high"))


def test_a_fault_of_what_is_missing_costs_nothing_more():
    assert rated(("loss", "high"), loss="missing") == rated(loss="missing")


def test_a_graver_fault_costs_more_wherever_it_is():
    for name in ("data", "loss", "metric", ""):
        low, medium, high = (rated((name, severity)) for severity in SEVERITIES)
        assert 5.0 > low > medium > high


def test_scores_lie_between_one_and_five_with_two_decimals():
    for states in product(("implemented", "partial", "missing"), repeat=len(WEIGHTS)):
        value = rated(("", "low"), ("metric", "medium"), **dict(zip(WEIGHTS, states, strict=True)))
        assert 1.0 <= value < 5.0
        assert value == round(value, 2)


def test_components_are_found_by_name_whatever_its_case_and_their_order():
    turned = [each.model_copy(update={"component": each.component.upper()}) for each in reversed(found(loss="partial"))]
    assert score(components(), turned, [fault("Metric", "high")]) == rated(("metric", "high"), loss="partial")
    assert coverage(components(), turned) == 0.75
