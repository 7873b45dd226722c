"""Table 4."""

import pytest

from data.errors import ConfigError
from experiments.reports.backbones import backbones_table, rank
from experiments.reports.human import HumanScore
from tests.experiments.reports.made_cells import PANEL, made, row

CELLS = [
    made("Ours", "a", 1, 2, backbone="small"),
    made("Ours", "b", 2, 2, backbone="small"),
    made("Ours", "a", 3, 2, backbone="big"),
    made("Ours", "b", 4, 4, backbone="big"),
    made("Paper", "a", 5, 5, backbone="big"),
    made("Oracle", "a", None, 5, backbone=""),
]


def test_ties_share_their_mean_rank():
    samples = {"w": {"a": 1.0}, "x": {"a": 3.0}, "y": {"a": 3.0}, "z": {"a": 0.1 + 0.2}, "v": {"a": 0.3}}
    assert rank(samples) == {"w": {"a": 3}, "x": {"a": 1.5}, "y": {"a": 1.5}, "z": {"a": 4.5}, "v": {"a": 4.5}}


def test_has_the_layout_of_table_4_with_backbones_as_columns():
    human = [HumanScore("a", None, "small", 2), HumanScore("b", None, "small", 1), HumanScore("a", None, "big", 5)]
    assert backbones_table(CELLS, PANEL, "Ours", human).csv() == (
        "Measure,Evaluation,small,big\n"
        "Score ↑,Ref-based,1.50 (0.71),3.50 (0.71)\n"
        "Score ↑,Ref-free,2.00 (0.00),3.00 (1.41)\n"
        "Score ↑,Human,1.50 (0.71),5.00 (-)\n"
        "Ranking ↓,Ref-based,2.00 (0.00),1.00 (0.00)\n"
        "Ranking ↓,Ref-free,1.75 (0.35),1.25 (0.35)\n"
        "Ranking ↓,Human,2.00 (-),1.00 (-)\n"
    )


def test_without_human_scores_there_are_no_such_rows():
    assert [fields[1].text for fields in backbones_table(CELLS, PANEL, "Ours").rows] == ["Ref-based", "Ref-free"] * 2


def test_the_lowest_rank_is_the_best():
    best = {
        fields[0].text: [field.best for field in fields[2:]] for fields in backbones_table(CELLS, PANEL, "Ours").rows
    }
    assert best == {"Score ↑": [False, True], "Ranking ↓": [False, True]}


def test_papers_that_a_backbone_lacks_are_not_ranked():
    cells = [made("Ours", paper, 3, backbone=name) for paper in "ab" for name in ("x", "y")]
    cells.append(made("Ours", "c", 1, backbone="x"))
    table = backbones_table(cells, PANEL, "Ours")
    assert row(table, "Score ↑", "Ref-based") == ["2.33 (1.15)", "3.00 (0.00)"]
    assert row(table, "Ranking ↓", "Ref-based") == ["1.50 (0.00)", "1.50 (0.00)"]
    assert "Ref-based ranking: over the 2 of 3 papers that every backbone has a score for." in table.notes


def test_several_annotators_are_averaged():
    human = [HumanScore("a", None, "big", 2), HumanScore("a", None, "big", 5), HumanScore("a", "Paper", "big", 1)]
    assert row(backbones_table(CELLS, PANEL, "Ours", human), "Score ↑", "Human") == ["-", "3.50 (-)"]


def test_human_scores_have_to_name_backbones():
    with pytest.raises(ConfigError, match="no column backbone; add it"):
        backbones_table(CELLS, PANEL, "Ours", [HumanScore("a", "Ours", None, 2)])


def test_a_method_without_backbones_is_refused():
    with pytest.raises(ConfigError, match="'Oracle' names a backbone"):
        backbones_table(CELLS, PANEL, "Oracle")
