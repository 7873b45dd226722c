"""Human scores and Table 5."""

from pathlib import Path

import pytest

from data.errors import ConfigError
from experiments.reports.alignment import alignment_table
from experiments.reports.human import HumanScore, read_human
from experiments.reports.samples import Panel
from tests.experiments.reports.made_cells import PANEL, made, row

CELLS = [
    made("A", "p1", 1, 5),
    made("A", "p2", 2, 4),
    made("B", "p1", 3, 3),
    made("B", "p2", 4, 2),
    made("Oracle", "p1", None, 5, backbone=""),
]
CSV = Path("human.csv")


def test_reads_numbers_with_or_without_a_byte_order_mark():
    CSV.write_bytes("\ufeffpaper, method ,score,comment\np1,A,3.5,good\n\n,,,\np2, B,1\n".encode())
    assert read_human(CSV, CELLS) == [HumanScore("p1", "A", None, 3.5), HumanScore("p2", "B", None, 1)]


def test_reads_methods_and_backbones():
    CSV.write_text("score,backbone,method,paper\n2,gpt,A,p1\n5,,Oracle,p1\n")
    assert read_human(CSV, CELLS) == [HumanScore("p1", "A", "gpt", 2), HumanScore("p1", "Oracle", "", 5)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no human scores in human.csv; give it columns paper, method (or backbone, or both), score"),
        ("paper,method,score\n", "no human scores in human.csv; give it"),
        ("paper,method\np1,A\n", "human.csv has no column score, only paper, method; give it"),
        ("paper,score\np1,1\n", "human.csv has no column method (or backbone), only paper, score; give it"),
        ("paper;method;score\n", "human.csv has no column paper, method (or backbone), score, only paper;method;score"),
        ("paper,method,score\np9,A,1\n", "human.csv, line 2: unknown paper 'p9'; use one of the experiment's: p1, p2"),
        ("paper,method,score\n\np1,C,1\n", "human.csv, line 3: unknown method 'C'; use one of the experiment's: A, B"),
        (
            "paper,backbone,score\np1,o9,1\n",
            "human.csv, line 2: unknown backbone 'o9'; use one of the experiment's: gpt",
        ),
        ('paper,method,score\np1,A,"3,5"\n', "human.csv, line 2: score '3,5' is not a number; write one such as 3.5"),
        ("paper,method,score\np1,A,nan\n", "human.csv, line 2: score 'nan' is not a number"),
        ("paper,method,score\np1,A\n", "human.csv, line 2: score '' is not a number"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(text, message):
    CSV.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_human(CSV, CELLS)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused():
    with pytest.raises(ConfigError, match=r"human scores no\.csv: No such file or directory; name a CSV with columns"):
        read_human(Path("no.csv"), CELLS)
    with pytest.raises(ConfigError, match="Is a directory"):
        read_human(Path(), CELLS)
    CSV.write_bytes("paper,method,score\nü,A,1\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8; save the CSV as UTF-8"):
        read_human(CSV, CELLS)
    CSV.write_text("paper,method,score\n" + "x" * 200_000)
    with pytest.raises(ConfigError, match="line 2: field larger"):
        read_human(CSV, CELLS)


def human(*scores: float) -> list[HumanScore]:
    places = [("p1", "A"), ("p2", "A"), ("p1", "B"), ("p2", "B")]
    return [HumanScore(*place, None, score) for place, score in zip(places, scores, strict=False)]


def test_has_the_layout_of_table_5():
    # ranks 1 2 3 4 against 1 3 2 4: rho = 1 - 6 * 2 / (4 * 15) = 0.8; 8 of 24 orders are as far from zero
    table = alignment_table(CELLS, [PANEL], human(1, 3, 2, 40))
    assert table.csv() == (
        "Statistic,Reference-based: o3,Reference-free: o3\nSpearman's rho,0.80,-0.80\np,0.333,0.333\nn,4,4\n"
    )


def test_each_judge_has_a_column_in_each_setting():
    cells = [*CELLS, *(made("A", f"p{index}", index, judge="4o") for index in (1, 2))]
    table = alignment_table(cells, [PANEL, Panel("paper", "4o")], human(1, 3, 2, 4))
    assert row(table, "n") == ["4", "2", "4", "0"]
    assert row(table, "Spearman's rho") == ["0.80", "-", "-0.80", "-"]
    assert "Reference-based, 4o: no correlation: 2 of the 3 points that a correlation needs." in table.notes
    assert "Reference-free, 4o: 4 of 4 repositories with a human score have none of the judge." in table.notes


def test_repetitions_and_annotators_are_averaged():
    cells = [*CELLS, made("A", "p1", 6, repetition=2)]  # A on p1: 3.5, between B's 3 and 4
    scores = [*human(1, 1, 2, 4), HumanScore("p1", "A", None, 5)]  # and 3, between B's 2 and 4
    table = alignment_table(cells, [PANEL], scores)
    assert row(table, "Spearman's rho")[0] == "1.00"
    assert row(table, "n")[0] == "4"


def test_equal_human_scores_have_no_correlation():
    table = alignment_table(CELLS, [PANEL], human(3, 3, 3, 3))
    assert row(table, "Spearman's rho") == ["-", "-"]
    assert "Reference-based, o3: no correlation: one of the scores is the same at all points." in table.notes


def test_scores_that_fit_several_repositories_are_refused():
    cells = [*CELLS, made("A", "p1", 1, backbone="other")]
    with pytest.raises(ConfigError, match="'p1' do not say which backbone they are about; add a column backbone"):
        alignment_table(cells, [PANEL], human(1, 2, 3))
    with pytest.raises(ConfigError, match="do not say which method"):
        alignment_table(cells, [PANEL], [HumanScore("p1", None, "gpt", 1)])
