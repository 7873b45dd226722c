"""Figure 3 and its numbers."""

import io

import numpy as np
import pytest
from matplotlib import image

from experiments.reports.coefficients import pearson, spearman
from experiments.reports.correlation import correlation_figure, correlation_table
from tests.experiments.reports.made_cells import PANEL, made, row

CELLS = [
    made("A", "p1", 1, 2),
    made("A", "p2", 2, 3),
    made("B", "p1", 3, 5, repetition=1),
    made("B", "p1", 4, 4, repetition=2),
    made("Oracle", "p1", None, 5, backbone=""),
]


def test_coefficients_by_hand():
    # deviations -1.5 -0.5 0.5 1.5 and -1.5 -0.5 1.5 0.5: products 4, squares 5 and 5
    table = correlation_table(CELLS, PANEL)
    assert table.csv() == "Coefficient,Value,p,n\nPearson's r,0.80,0.333,4\nSpearman's rho,0.80,0.333,4\n"


def test_pearson_and_spearman_differ_on_a_curve():
    assert pearson([1, 2, 3], [1, 2, 6]).value == pytest.approx(5 / (2 * 14) ** 0.5)
    assert spearman([1, 2, 3], [1, 2, 6]).value == pytest.approx(1)


def test_three_points_on_a_line_are_no_proof():
    assert pearson([1, 2, 3], [2, 4, 6]).p == pytest.approx(2 / 6)  # two of the six orders lie on a line


def test_many_points_have_the_usual_p():
    first = list(range(10))
    second = [0, 2, 1, 4, 3, 6, 5, 8, 7, 9]
    found = pearson(first, second)
    assert found.value == pytest.approx(1 - 6 * 8 / (10 * 99))
    assert 0 < found.p < 1e-4
    assert found.fields() == ("0.95", "< 0.001", "10")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([], "0 of the 3 points"),
        (CELLS[:2], "2 of the 3 points"),
        ([made("A", f"p{index}", index, 4.7) for index in range(1, 5)], "one of the scores is the same at all points"),
    ],
)
def test_no_correlation_is_said_and_never_a_nan(cells, reason):
    table = correlation_table(cells, PANEL)
    assert [fields[1].text for fields in table.rows] == ["-", "-"]
    assert table.notes[0].startswith(f"No correlation: {reason}")
    assert "nan" not in table.markdown()


def colours(png: bytes) -> dict[str, int]:
    pixels = (image.imread(io.BytesIO(png))[..., :3] * 255).round().astype(int)
    blue, orange = np.array([31, 119, 180]), np.array([255, 127, 14])
    blended = {"A": blue * 0.7 + 255 * 0.3, "B": orange * 0.7 + 255 * 0.3}
    return {name: int((abs(pixels - colour).max(axis=-1) <= 3).sum()) for name, colour in blended.items()}


def test_the_picture_shows_the_points_of_each_method_in_its_colour():
    both = colours(correlation_figure(CELLS, PANEL, ["A", "B"]).png)
    only = colours(correlation_figure(CELLS[:2], PANEL, ["A", "B"]).png)
    assert both["A"] > 50 < both["B"]
    assert only["A"] > 50
    assert only["B"] == 0
    assert colours(correlation_figure(CELLS, PANEL, ["B", "A"]).png) != both


def test_the_vector_picture_names_methods_and_the_coefficient():
    svg = correlation_figure([*CELLS, made("$x_1$ & $", "p3", 2, 2)], PANEL, []).svg
    # deviations -1.4 -0.4 0.6 1.6 -0.4 and -1.2 -0.2 1.8 0.8 -1.2: products 4.6, squares 5.2 and 6.8
    assert "Pearson's r = 0.77, p = 0.233" in svg
    # ranks 1 2.5 4 5 2.5 and 1.5 3 5 4 1.5: products of deviations 7.75, squares 9.5 and 9.5
    assert "Spearman's rho = 0.82, p = " in svg
    assert "$x_1$ &amp; $" in svg


def test_the_picture_says_that_there_is_no_correlation():
    assert "No correlation: 2 of the 3 points" in correlation_figure(CELLS[:2], PANEL, []).svg


def test_the_picture_is_the_same_each_time():
    assert correlation_figure(CELLS, PANEL, []) == correlation_figure(CELLS, PANEL, [])


def test_oracle_and_cells_without_both_scores_are_no_points():
    assert row(correlation_table(CELLS, PANEL), "Pearson's r")[-1] == "4"
    assert correlation_figure([CELLS[-1]], PANEL, []) is None
