"""Is a compiled program better?"""

import pytest

from optimizers.gain import mean_guards, paired_bootstrap, warn_of_gaming


def test_the_interval_is_that_of_the_mean_difference_of_pairs() -> None:
    before = [0.1, 0.9, 0.4, 0.5]
    assert paired_bootstrap(before, [score + 0.05 for score in before]) == {
        "mean": pytest.approx(0.05),
        "low": pytest.approx(0.05),
        "high": pytest.approx(0.05),
    }


def test_papers_that_disagree_make_it_wide() -> None:
    gain = paired_bootstrap([0.0] * 4, [0.4, -0.4, 0.4, -0.4])
    assert gain["mean"] == pytest.approx(0.0)
    assert gain["low"] == pytest.approx(-0.4)
    assert gain["high"] == pytest.approx(0.4)


def test_its_coverage_is_that_of_the_normal_interval_for_many_papers() -> None:
    after = [0.01 * number for number in range(100)]
    gain = paired_bootstrap([0.0] * 100, after)
    half = 1.96 * (sum((x - 0.495) ** 2 for x in after) / 100) ** 0.5 / 10
    assert gain["low"] == pytest.approx(0.495 - half, abs=0.005)
    assert gain["high"] == pytest.approx(0.495 + half, abs=0.005)


def test_a_seed_makes_it_repeatable() -> None:
    before, after = [0.1, 0.2, 0.7], [0.5, 0.1, 0.9]
    assert paired_bootstrap(before, after, 1) == paired_bootstrap(before, after, 1)


def test_one_paper_has_no_interval_and_none_no_gain() -> None:
    assert paired_bootstrap([0.25], [0.5]) == {"mean": 0.25, "low": None, "high": None}
    assert paired_bootstrap([], []) == {"mean": None, "low": None, "high": None}


def test_a_rise_while_something_else_falls_is_suspicious() -> None:
    before, after = {"soundness": 1.0, "reference-based": 0.5}, {"soundness": 0.8, "reference-based": 0.55}
    assert warn_of_gaming(0.3, before, after) == (
        "WARNING: the judge's score rose by 0.30 while soundness fell from 1.00 to 0.80: the judge may have been gamed"
    )
    both = warn_of_gaming(0.3, before, {"soundness": 0.8, "reference-based": 0.2}) or ""
    assert "soundness fell from 1.00 to 0.80, reference-based fell from 0.50 to 0.20" in both


@pytest.mark.parametrize("gain", [None, 0.0, -0.1])
def test_no_rise_is_not_suspicious(gain: float | None) -> None:
    assert warn_of_gaming(gain, {"soundness": 1.0}, {"soundness": 0.1}) is None


@pytest.mark.parametrize("after", [{"soundness": 0.995}, {"soundness": 1.0}, {}])
def test_a_rise_while_nothing_falls_is_not_suspicious(after: dict[str, float]) -> None:
    assert warn_of_gaming(0.3, {"soundness": 1.0}, after) is None


def test_a_guard_is_averaged_over_the_papers_that_have_it() -> None:
    guards = [{"soundness": 1.0, "reference-based": 0.4}, {"soundness": 0.5}]
    assert mean_guards(guards) == {"soundness": 0.75, "reference-based": 0.4}
