"""The best against the rest, against p values counted by hand."""

import pytest

from experiments.reports.significance import beats_all, compare, describe, holm, sign_flip


def papers(*values: float) -> dict[str, float]:
    return {f"p{index}": value for index, value in enumerate(values)}


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3], 2 / 8),  # +++ and ---
        ([1, 2, -4], 8 / 8),  # sums 7, 5, 3, 1 each with its mirror image; all count
        ([1, 1, -1], 8 / 8),
        ([3, 2, -1], 4 / 8),  # 6, 4 and their mirror images
        ([1, 2, 3, 4, 5], 2 / 32),
        ([1, 2, 3, 4, -1], 6 / 32),  # 11, and 9 in two ways, and their mirror images
        ([0.1] * 6, 2 / 64),
        ([0, 0, 0], 1),
        ([2], 1),
        ([], 1),
    ],
)
def test_p_counts_the_flips_at_least_as_far_from_zero(differences, p):
    assert sign_flip(differences) == pytest.approx(p)


def test_p_of_many_papers_is_the_same_each_time():
    differences = [0.1 * index - 0.8 for index in range(30)]
    assert 0 < sign_flip(differences) == sign_flip(differences) < 0.01


def test_holm_by_hand():
    # in order 0.01 * 4, 0.02 * 3, 0.03 * 2, 0.04 * 1; never below the one before
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.7, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_best_is_compared_on_the_papers_of_both():
    [found] = compare({"A": papers(1, 2, 3), "B": papers(2, 4, 6, 0.5)})
    assert (found.best, found.rival, found.papers) == ("B", "A", 3)
    assert found.difference == pytest.approx(2)
    assert found.p == pytest.approx(0.25)


def test_a_best_that_is_far_ahead_on_six_papers_beats_one_rival_and_not_two():
    best, rival = papers(5, 5, 5, 5, 5, 5), papers(1, 2, 1, 2, 1, 2)
    assert beats_all(compare({"A": best, "B": rival}))
    assert not beats_all(compare({"A": best, "B": rival, "C": rival}))  # 2 * 2/64 > 0.05


def test_a_best_that_is_behind_on_the_shared_papers_beats_nobody():
    best = papers(*[1.0] * 6) | {"other": 50.0}
    found = compare({"A": best, "B": papers(*[2.0] * 6)})
    assert found[0].best == "A"
    assert found[0].difference == -1
    assert found[0].p < 0.05
    assert not beats_all(found)


def test_too_few_papers_are_said():
    text = describe(compare({"A": papers(5, 5, 5, 5, 5), "B": papers(1, 2, 1, 2, 1)}))
    assert text == (
        "best A against B: difference 3.60, p = 0.062, n = 5 papers; "
        "too few papers to ever reach p < 0.05 (smallest possible after correction: 0.0625)"
    )


def test_enough_papers_are_not_called_too_few():
    text = describe(compare({"A": papers(5, 5, 5, 5, 5, 5), "B": papers(1, 2, 1, 2, 1, 9)}))
    assert text.endswith("n = 6 papers")


def test_rivals_with_too_few_papers_are_named():
    long, short = papers(*[1.0] * 12), papers(1, 2)
    text = describe(compare({"A": papers(*[5.0] * 12), "B": long, "C": short}))
    assert "too few papers to ever reach p < 0.05 against C (" in text


def test_rivals_without_a_common_paper_are_named():
    assert describe(compare({"A": {"x": 2.0}, "B": {"y": 1.0}})).startswith("best A against B: no paper in common; ")


def test_one_row_is_compared_to_nothing():
    assert compare({"A": papers(1, 2), "B": {}}) == []
    assert not beats_all([])
