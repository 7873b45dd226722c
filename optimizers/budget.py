"""What a compilation will take, before anything is spent, and where it stops."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from data.errors import ConfigError
from data.paper import Paper
from optimizers.study import Stop

FILES = 8
"""Files that a repository is expected to have: one analysis and one answer with code each."""

PLAN_TOKENS = 18_000
"""Tokens of plan, code and instructions in a prompt, beside the paper: the mean of real runs."""

ANSWER_TOKENS = 3_000
"""Tokens of an answer: the mean of real runs."""

REPOSITORY_TOKENS = 30_000
"""Tokens of a repository that a judge reads."""


class Budget(Protocol):
    """Hard caps; None means none."""

    @property
    def runs(self) -> int:
        """Runs of the program, repetitions not counted."""

    @property
    def calls(self) -> int | None:
        """Calls of language models."""

    @property
    def tokens(self) -> int | None:
        """Prompt and completion tokens."""

    @property
    def cost(self) -> float | None:
        """US dollars."""


@dataclass(frozen=True)
class Spent:
    """What has been spent."""

    calls: int = 0
    tokens: int = 0
    cost: float | None = 0.0
    """None where a price is not known."""


@dataclass(frozen=True)
class Estimate:
    """What a compilation is expected to take at most."""

    runs: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None


def check_spent(budget: Budget, spent: Spent, runs: int = 0) -> None:
    """Stop where a cap is reached.

    Args:
        budget: The caps.
        spent: On calls, tokens and money.
        runs: Of the program, that have begun.

    Raises:
        Stop: Nothing more may be begun.
    """
    for name, value, cap in (
        ("runs", runs, budget.runs),
        ("calls", spent.calls, budget.calls),
        ("tokens", spent.tokens, budget.tokens),
        ("dollars", spent.cost, budget.cost),
    ):
        if cap is not None and value is not None and value >= cap:
            raise Stop(f"the budget of {cap:,} {name} is spent")


def estimate(
    budget: Budget,
    papers: Sequence[Paper],
    samples: int,
    referee: bool,
    prices: tuple[float, float] | None,
) -> Estimate:
    """Estimate what a compilation takes if it uses all its runs.

    Args:
        budget: With the number of runs.
        papers: All papers of the compilation.
        samples: Samples of each verdict.
        referee: Whether candidates are also judged against references.
        prices: US dollars for a million prompt and completion tokens; None if not known.
    """
    paper = sum(len(other.markdown) for other in papers) // 4 // max(1, len(papers))
    judged = samples * (2 if referee else 1)
    calls = budget.runs * (4 + 2 * FILES + judged) + len(papers)
    prompt = budget.runs * ((4 + 2 * FILES) * (paper + PLAN_TOKENS) + judged * (paper + REPOSITORY_TOKENS))
    answers = calls * ANSWER_TOKENS
    cost = None if prices is None else (prompt * prices[0] + answers * prices[1]) / 1e6
    return Estimate(budget.runs, calls, prompt, answers, cost)


def check_budget(budget: Budget, dev: int, test: int, price_known: bool) -> None:
    """Refuse a budget that cannot be kept or that is too small for anything.

    Args:
        budget: The caps.
        dev: Number of dev papers.
        test: Number of test papers; each is run twice, before and after.
        price_known: Whether every backbone that is asked has a price.

    Raises:
        ConfigError: The message says which cap, and what to set instead.
    """
    least = 2 * dev + 2 * test
    if budget.runs < least:
        raise ConfigError(
            f"compile: compile.budget.runs is {budget.runs}, but one evaluation of the uncompiled program and one of a "
            f"candidate take {least} on {dev} dev and {test} test papers; set more"
        )
    if budget.cost is not None and not price_known:
        raise ConfigError(
            "compile: compile.budget.cost is set, but the price of a backbone is not known; set its `price`, or "
            "compile.budget.tokens instead"
        )
