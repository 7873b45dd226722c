"""Table 1 and Table 6."""

import pytest

from experiments.reports.ablations import ablations_table
from experiments.reports.cells import Cell
from experiments.reports.methods import methods_table
from experiments.reports.samples import Panel, panels
from tests.experiments.reports.made_cells import PANEL, made, row

CELLS = [
    made("PaperCoder", "a", 4, 5, size=100),
    made("PaperCoder", "b", 3, 4, size=200),
    made("PaperCoder", "c", 3.5, 4.5, group="ICLR", size=300),
    made("Paper", "a", 3, 4, size=10),
    made("Paper", "b", 2, 4, size=20),
    made("Paper", "c", 3.5, 2, group="ICLR", size=31),
    made("Oracle", "a", None, 5, backbone="", size=1000),
    made("Oracle", "b", None, 5, backbone="", size=1000),
    made("Oracle", "c", None, 4.9, backbone="", group="ICLR", size=1000),
]

MARKS = "- Bold: the best. \\*: significantly better than every other (sign-flip test over papers, Holm, p < 0.05).\n"
FEW = "too few papers to ever reach p < 0.05 (smallest possible after correction: "


def failed(method: str, paper: str, error: str | None = None, **changes) -> Cell:
    status = "failed" if error else "missing"
    return made(method, paper, 1, 1, size=1, **changes).model_copy(update={"status": status, "error": error})


def test_has_the_layout_of_table_1():
    first = "best PaperCoder against Paper: difference"
    assert methods_table(CELLS, PANEL, ["Paper", "PaperCoder", "Oracle"]).markdown() == (
        "## Methods (protocol paper, judge o3)\n\n"
        "Mean correctness score, 1 to 5 (standard deviation), over the papers of each group, "
        "and mean size of the repositories.\n\n"
        "| Method | Reference-based: ICML | Reference-based: ICLR | Reference-free: ICML | Reference-free: ICLR "
        "| Statistics: # of Tokens | Statistics: # of Files | Statistics: # of Funcs | Statistics: # of Lines |\n"
        "| :-- | --: | --: | --: | --: | --: | --: | --: | --: |\n"
        "| Paper | 2.50 (0.71) | **3.50 (-)** | 4.00 (0.00) | 2.00 (-) | 20.33 | 20.33 | 20.33 | 20.33 |\n"
        "| PaperCoder | **3.50 (0.71)** | **3.50 (-)** | **4.50 (0.71)** | **4.50 (-)** "
        "| 200.00 | 200.00 | 200.00 | 200.00 |\n"
        "| Oracle | - | - | 5.00 (0.00) | 4.90 (-) | 1000.00 | 1000.00 | 1000.00 | 1000.00 |\n\n"
        + MARKS
        + "- Oracle is the authors' own repository, an upper bound: not compared.\n"
        f"- Reference-based, ICML: {first} 1.00, p = 0.500, n = 2 papers; {FEW}0.5).\n"
        "- Reference-based, ICLR: best Paper against PaperCoder: difference 0.00, p = 1.000, n = 1 paper; "
        f"{FEW}1).\n"
        f"- Reference-free, ICML: {first} 0.50, p = 1.000, n = 2 papers; {FEW}0.5).\n"
        f"- Reference-free, ICLR: {first} 2.50, p = 1.000, n = 1 paper; {FEW}1).\n"
    )


def test_repetitions_are_averaged_before_papers_and_the_deviation_is_over_papers():
    cells = [
        made("A", "a", 1, repetition=1, size=1),
        made("A", "a", 2, repetition=2, size=2),
        made("A", "a", 3, repetition=3, size=3),
        made("A", "b", 4, size=8),
    ]
    # papers: 2 and 4; over all repositories it would be 2.5 and 1.29
    assert row(ablations_table(cells, PANEL, []), "A") == ["3.00 (1.41)", "-"]
    assert row(methods_table(cells, PANEL, []), "A")[2] == "5.00"


def test_methods_stand_in_the_order_given_and_the_others_come_last():
    table = ablations_table(CELLS, PANEL, ["Oracle", "Nobody", "PaperCoder"])
    assert [fields[0].text for fields in table.rows] == ["Oracle", "Nobody", "PaperCoder", "Paper"]
    assert row(table, "Nobody") == ["-", "-"]


def test_a_method_has_a_row_for_each_backbone():
    cells = [made("A", "a", 1, backbone="x"), made("A", "a", 3, backbone="y"), made("Oracle", "a", backbone="")]
    table = ablations_table(cells, PANEL, ["Oracle", "A"])
    assert [fields[0].text for fields in table.rows] == ["Oracle", "A (x)", "A (y)"]
    assert row(table, "A (y)") == ["3.00 (-)", "-"]


def test_ablations_have_the_layout_of_table_6():
    table = ablations_table(CELLS, PANEL, ["Paper", "PaperCoder", "Oracle"])
    assert table.csv() == (
        "Method,Ref-based,Ref-free\n"
        "Paper,2.83 (0.76),3.33 (1.15)\nPaperCoder,3.50 (0.50),4.50 (0.50)\nOracle,-,4.97 (0.06)\n"
    )


def test_a_best_that_beats_all_others_has_its_mark():
    cells = [made(method, f"p{index}", score + index / 10) for index in range(6) for method, score in METHODS.items()]
    marked = [fields[1] for fields in ablations_table(cells, PANEL, []).rows]
    assert [(entry.best, entry.significant) for entry in marked] == [(True, True), (False, False)]


METHODS = {"A": 4, "B": 2}


def test_failed_and_missing_cells_are_named_and_count_for_nothing():
    cells = [
        made("A", "a", 4, 4, size=100),
        failed("A", "b", "no answer:\nthe provider failed"),
        failed("A", "c", repetition=2),
        made("B", "a", 3, 3),
        made("B", "b", 2, 2),
    ]
    table = methods_table(cells, PANEL, [])
    assert row(table, "A") == ["4.00 (-)", "4.00 (-)", *["100.00"] * 4]
    assert (
        "Not counted, A: b repetition 1 (failed: no answer: the provider failed), c repetition 2 (missing)."
        in table.notes
    )
    assert "Reference-based, ICML: papers differ, n = 1 (A), 2 (B)." in table.notes


def test_finished_cells_without_a_score_are_named_but_not_a_whole_method():
    cells = [made("A", "a", 4, 4), made("A", "b", None, 4), made("Oracle", "a", None, 5, backbone="")]
    notes = ablations_table(cells, PANEL, []).notes
    assert "No reference-based score, A: b." in notes
    assert not any(note.startswith("No ") and "Oracle" in note for note in notes)


def test_a_judge_without_a_valid_sample_gives_no_score():
    cell = made("A", "a", 4)
    void = cell.model_copy(update={"scores": (cell.scores[0].model_copy(update={"valid": 0, "mean": float("nan")}),)})
    assert row(ablations_table([void, made("A", "b", 3)], PANEL, []), "A") == ["3.00 (-)", "-"]


def test_each_protocol_and_judge_has_its_own_panel():
    cells = [
        made("A", "a", 2, protocol="grounded"),
        made("A", "b", 4, judge="x"),
        made("A", "c", 5, judge="y"),
        failed("A", "d", judge="z"),
    ]
    assert panels(cells) == [Panel("paper", "x"), Panel("paper", "y"), Panel("grounded", "o3")]
    assert row(ablations_table(cells, Panel("paper", "x"), []), "A") == ["4.00 (-)", "-"]


def test_the_grounded_protocol_has_coverage_over_all_groups():
    cells = [
        made("A", "a", 3, 3, protocol="grounded", coverage=0.5),
        made("A", "b", 3, 3, protocol="grounded", coverage=0.75, group="ICLR"),
    ]
    table = methods_table(cells, Panel("grounded", "o3"), [])
    assert [f"{column.group} {column.name}" for column in table.columns[1:4]] == [
        "Reference-based ICML",
        "Reference-based ICLR",
        "Reference-based Coverage",
    ]
    assert row(table, "A")[2] == row(table, "A")[5] == "0.62 (0.18)"


@pytest.mark.parametrize("build", [methods_table, ablations_table])
def test_cells_without_any_score_give_a_table_of_dashes(build):
    cells = [failed("A", "a", "boom")]
    table = build(cells, panels(cells)[0], [])
    assert set(row(table, "A")) == {"-"}
    assert "Not counted, A: a (failed: boom)." in table.notes
    assert "no scores" in table.title
