"""Estimates and caps."""

from dataclasses import dataclass

import pytest

from data.errors import ConfigError
from data.paper import Paper
from optimizers.budget import Spent, check_budget, check_spent, estimate
from optimizers.study import Stop


@dataclass(frozen=True)
class Caps:
    runs: int = 10
    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None


PAPER = Paper(title="One", abstract="x" * 4000, sections=())


@pytest.mark.parametrize(
    ("budget", "spent", "runs", "reason"),
    [
        (Caps(runs=10), Spent(), 10, "the budget of 10 runs is spent"),
        (Caps(calls=2000), Spent(calls=2000), 0, "the budget of 2,000 calls is spent"),
        (Caps(tokens=5), Spent(tokens=7), 0, "the budget of 5 tokens is spent"),
        (Caps(cost=1.5), Spent(cost=1.5), 0, "the budget of 1.5 dollars is spent"),
    ],
)
def test_at_a_cap_it_stops_and_says_which(budget: Caps, spent: Spent, runs: int, reason: str) -> None:
    with pytest.raises(Stop) as caught:
        check_spent(budget, spent, runs)
    assert (caught.value.reason, caught.value.error) == (reason, None)


@pytest.mark.parametrize(
    ("budget", "spent", "runs"),
    [
        (Caps(), Spent(10**6, 10**9, 10.0**6), 9),
        (Caps(calls=5, tokens=5, cost=5), Spent(4, 4, 4.9), 9),
        (Caps(cost=1), Spent(cost=None), 0),
    ],
)
def test_below_the_caps_it_goes_on(budget: Caps, spent: Spent, runs: int) -> None:
    check_spent(budget, spent, runs)


def test_no_optimizer_takes_a_stop_for_the_failure_of_a_candidate() -> None:
    assert not issubclass(Stop, Exception)


def test_an_estimate_grows_with_runs_samples_and_the_referee() -> None:
    one = estimate(Caps(runs=1), [PAPER], 1, False, (1.0, 2.0))
    assert one.cost == pytest.approx((one.prompt_tokens + 2 * one.completion_tokens) / 1e6)
    for more in (
        estimate(Caps(runs=2), [PAPER], 1, False, (1.0, 2.0)),
        estimate(Caps(runs=1), [PAPER], 8, False, (1.0, 2.0)),
        estimate(Caps(runs=1), [PAPER], 1, True, (1.0, 2.0)),
        estimate(Caps(runs=1), [PAPER.model_copy(update={"abstract": "x" * 40_000})], 1, False, (1.0, 2.0)),
    ):
        assert more.prompt_tokens > one.prompt_tokens
        assert more.cost is not None
        assert more.cost > one.cost


def test_without_a_price_there_is_no_estimate_of_money() -> None:
    assert estimate(Caps(), [PAPER], 1, False, None).cost is None


def test_a_budget_for_less_than_an_evaluation_of_both_programs_is_refused() -> None:
    check_budget(Caps(runs=10), dev=3, test=2, price_known=True)
    with pytest.raises(ConfigError) as caught:
        check_budget(Caps(runs=9), dev=3, test=2, price_known=True)
    assert str(caught.value) == (
        "compile: compile.budget.runs is 9, but one evaluation of the uncompiled program and one of a candidate take "
        "10 on 3 dev and 2 test papers; set more"
    )


def test_a_cap_in_money_needs_prices() -> None:
    check_budget(Caps(), 1, 0, price_known=False)
    with pytest.raises(ConfigError, match=r"compile\.budget\.cost is set, but the price of a backbone is not known"):
        check_budget(Caps(cost=1.0), 1, 0, price_known=False)
