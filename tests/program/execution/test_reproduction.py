import json

import pytest

from program.execution.grids import Number, read_grids, read_number
from program.execution.reproduction import compare_results

PAPER = """# A paper

Table 1: Accuracy.

| Method | Easy, $n = 5$ | Hard |
|---|---|---|
| Ours | 0.90 ± 0.02 | 0.80 |
| **Base** | 0.70 ± 0.02 | 0.40 |

Text between.

| Method | Easy, $n = 5$ | Hard |
|---|---|---|
| Ours | 1.0 | 2.0 |
| Base | 3.0 | 4.0 |

Table 2: Loss.

| Setting | Value |
|---|---|
| Rate | 0.1 |
"""
WIDE = "method,easy mean,easy std,hard mean,hard std\nours,0.91,0.5,0.85,0.5\nbase,0.60,0.5,0.41,0.5\n"
MARKDOWN = (
    "# Table 1\n\n| Method | Easy | Hard |\n|---|---|---|\n| Ours | 0.91 ± 0.5 | 0.85 |\n| Base | 0.60 | 0.41 |\n"
)
LONG = "method,task,accuracy\nours,easy,0.91\nours,hard,0.85\nbase,easy,0.60\nbase,hard,0.41\n"
NESTED = json.dumps({"table 1": {"Ours": {"easy": 0.91, "hard": 0.85}, "Base": {"easy": 0.6, "hard": 0.41}}})
RECORDS = json.dumps([{"method": "ours", "easy": 0.91, "hard": 0.85}, {"method": "base", "easy": 0.6, "hard": 0.41}])
TURNED = "task,ours,base\neasy,0.91,0.60\nhard,0.85,0.41\n"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("results/table_1.csv", WIDE),
        ("results/table_1.md", MARKDOWN),
        ("stdout", "Some words.\n\n" + MARKDOWN + "\nMore words.\n"),
        ("table1.csv", LONG),
        ("results.json", NESTED),
        ("table_1.json", RECORDS),
        ("tab-1.csv", TURNED),
        ("table_1.tsv", WIDE.replace(",", "\t")),
    ],
)
def test_a_table_is_found_in_whatever_form_it_was_produced(place: str, text: str):
    found = compare_results(PAPER, {place: text})
    assert [(one.table, one.row, one.stated, one.obtained, one.within, one.place) for one in found] == [
        ("Table 1", "Ours", 0.9, 0.91, True, place),
        ("Table 1", "Ours", 0.8, 0.85, False, place),
        ("Table 1", "**Base**", 0.7, 0.6, False, place),
        ("Table 1", "**Base**", 0.4, 0.41, True, place),
    ]


def test_the_tolerance_is_the_stated_deviation_or_a_share_of_the_number():
    found = compare_results(PAPER, {"table_1.csv": WIDE}, tolerance=0.1)
    assert [one.tolerance for one in found] == pytest.approx([0.02, 0.08, 0.02, 0.04])
    assert [one.within for one in found] == [True, True, False, True]


def test_what_was_not_produced_is_never_within():
    part = "method,easy,hard\nours,0.91,\nbase,,\n"
    found = compare_results(PAPER, {"table_1.csv": part})
    assert [(one.obtained, one.within) for one in found] == [(0.91, True), (None, None), (None, None), (None, None)]


@pytest.mark.parametrize(
    "produced",
    [
        {},
        {"table_2.csv": WIDE},  # the number of another table
        {"table_1.csv": "kind,x,y\na,1,2\nb,3,4\n"},  # other labels
        {"table_1.png": WIDE.replace(",", ";")},
        {"a.csv": WIDE, "b.csv": WIDE.replace("0.91", "0.51")},  # two that fit, and nobody knows which
        {"results.json": "{"},
        {"results.json": "[" * 100_000},
    ],
)
def test_nothing_is_claimed_where_it_is_not_clear_what_was_produced(produced: dict[str, str]):
    assert compare_results(PAPER, produced) == []


def test_the_same_table_in_two_forms_is_one():
    assert len(compare_results(PAPER, {"table_1.csv": WIDE, "table_1.md": MARKDOWN})) == 4


def test_a_table_that_bears_the_number_comes_before_one_that_only_fits():
    other = WIDE.replace("0.91", "0.11")
    found = compare_results(PAPER, {"a.csv": other, "table_1.csv": WIDE, "table_1_ablation.csv": other})
    assert found[0].obtained == 0.91


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.53 ± 0.18", Number(0.53, 0.18)),
        ("$0.53 \\pm 0.18$", Number(0.53, 0.18)),
        ("45.2 (0.3)", Number(45.2, 0.3)),
        ("**93.1**", Number(93.1)),
        ("93.1%", Number(93.1)),
        ("1,234", Number(1234)),
        ("-1.5e-3", Number(-0.0015)),
        ("−2", Number(-2)),
        (".5", Number(0.5)),
        ("1.5$^*$", None),
        ("12 layers", None),
        ("-", None),
        ("", None),
        ("1,2,3", None),
        ("1e999", None),
    ],
)
def test_cells_are_numbers_only_if_all_of_them_is(text: str, number: Number | None):
    assert read_number(text) == number


def test_records_of_many_runs_are_no_table_of_results():
    assert read_grids("runs.csv", "seed,loss\n" + "".join(f"s{n},{n}\n" for n in range(3000))) == []


def test_captions_may_stand_below_the_tables():
    table = "| M | A | B |\n|---|---|---|\n| Ours | 1 | 2 |\n"
    paper = f"{table}\nTable 7: First.\n\n{table}\nTable 8: Second.\n"
    assert {one.table for one in compare_results(paper, {"table_8.csv": "m,a,b\nours,1,2\n"})} == {"Table 8"}


def test_a_table_with_two_columns_of_labels_is_compared_once():
    paper = "Table 1: A.\n\n| Method | Data | Accuracy |\n|---|---|---|\n| Ours | easy | 1 |\n| Ours | hard | 2 |\n"
    found = compare_results(paper, {"table_1.csv": "method,data,accuracy\nours,easy,1\nours,hard,3\n"})
    assert [(one.row, one.column, one.within) for one in found] == [
        ("Ours easy", "Accuracy", True),
        ("Ours hard", "Accuracy", False),
    ]


def test_numbers_below_an_empty_head_are_not_compared():
    paper = "Table 1: A.\n\n| Method | Accuracy |  |\n|---|---|---|\n| Ours | 1 | 2 |\n| Base | 3 | 4 |\n"
    found = compare_results(paper, {"table_1.csv": "method,accuracy,\nours,1,2\nbase,3,4\n"})
    assert [one.column for one in found] == ["Accuracy", "Accuracy"]
