import json
import time
from collections.abc import Mapping

import pytest

from program.execution.grids import Number, read_grids, read_number
from program.execution.reproduction import Comparison, compare_results, uncompared_tables

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
        ("45.2 (0.3)", Number(45.2, aside=0.3)),
        ("**93.1**", Number(93.1)),
        ("93.1%", Number(93.1)),
        ("1,234", Number(1234)),
        ("-1.5e-3", Number(-0.0015)),
        ("−2", Number(-2)),
        (".5", Number(0.5)),
        (r"$\mathbf{85.3}$", Number(85.3)),
        (r"\textbf{85.3}", Number(85.3)),
        (r"$\underline{85.3}_{\pm 0.4}$", Number(85.3, 0.4)),
        ("<b>85.3</b>", Number(85.3)),
        ("<u>85.3</u> ± 1", Number(85.3, 1)),
        (r"$1.2 \times 10^{-3}$", Number(0.0012)),
        ("45.2 (± 0.3)", Number(45.2, 0.3)),
        ("$85_{3}$", None),
        ("$10^{5}$", None),
        ("85<sup>1</sup>", None),
        ("0e99999", None),
        ("1 ± 1e999", None),
        ("1" * 61, None),
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


def table(*lines: str, number: int = 1, caption: str = "A") -> str:
    """Return a Markdown table with a caption and a rule below its first line."""
    rule = "|---" * (lines[0].count("|") - 1) + "|"
    return "\n".join([f"Table {number}: {caption}.", "", lines[0], rule, *lines[1:], "", ""])


def obtained(paper: str, produced: str, place: str = "table_1.csv") -> dict[tuple[str, str], float]:
    """Return what a run has obtained, by the labels of the paper."""
    found = compare_results(paper, {place: produced})
    return {(one.row, one.column): one.obtained for one in found if one.obtained is not None}


SECTIONS = table(
    "| Method | Acc |", "| CIFAR | |", "| Base | 10 |", "| Ours | 50 |", "| MNIST | |", "| Base | 97 |", "| Ours | 99 |"
)


def test_rows_of_the_same_label_are_told_apart_by_their_sections():
    assert obtained(SECTIONS, "dataset,method,acc\nCIFAR,Base,11\nCIFAR,Ours,51\nMNIST,Base,96\nMNIST,Ours,98\n") == {
        ("CIFAR Base", "Acc"): 11,
        ("CIFAR Ours", "Acc"): 51,
        ("MNIST Base", "Acc"): 96,
        ("MNIST Ours", "Acc"): 98,
    }


def test_what_may_belong_to_either_section_is_not_compared():
    assert obtained(SECTIONS, "method,acc\nBase,10\nOurs,50\n") == {}
    paper = table("| Method | Acc |", "| Base | 10 |", "| Ours | 50 |")
    assert obtained(paper, "data,method,acc\na,Base,1\na,Ours,2\nb,Base,3\nb,Ours,4\n") == {}


def test_a_label_that_spans_rows_is_that_of_all_of_them():
    paper = table("| Data | Method | Acc |", "| A | Base | 1 |", "| | Ours | 2 |", "| B | Base | 3 |", "| | Ours | 4 |")
    assert list(obtained(paper, "data,method,acc\na,base,1\na,ours,2\nb,base,3\nb,ours,4\n").values()) == [1, 2, 3, 4]


def test_a_head_over_two_rows_is_joined():
    paper = table("| Method | Cora | | Pubmed | |", "| | P | R | P | R |", "| Ours | 1 | 2 | 3 | 4 |")
    produced = "method,cora P,cora R,pubmed P,pubmed R\nours,11,12,13,14\n"
    assert obtained(paper, produced) == {
        ("Ours", "Cora P"): 11,
        ("Ours", "Cora R"): 12,
        ("Ours", "Pubmed P"): 13,
        ("Ours", "Pubmed R"): 14,
    }
    assert obtained(paper, "method,cora,cora,pubmed,pubmed\n,P,R,P,R\nours,11,12,13,14\n") == obtained(paper, produced)


def test_of_several_runs_none_is_taken_for_the_result():
    paper = table("| Method | Acc |", "| Base | 10 |", "| Ours | 50 |")
    produced = "Method,seed,Acc\nBase,0,10\nBase,1,90\nBase,2,10\nOurs,0,50\nOurs,1,50\n"
    assert obtained(paper, produced) == {("Ours", "Acc"): 50}
    records = '[{"Method": "Base", "Acc": 10}, {"Method": "Base", "Acc": 11}, {"Method": "Ours", "Acc": 50}]'
    assert obtained(paper, records, "table_1.json") == {("Ours", "Acc"): 50}
    assert obtained(paper, '{"Base": {"Acc": 1}, "Base": {"Acc": 2}, "Ours": {"Acc": 50}}', "table_1.json") == {
        ("Ours", "Acc"): 50
    }


@pytest.mark.parametrize(
    ("stated", "produced"),
    [
        (["-1", "+1"], ["+1", "-1"]),
        (["shift −1", "shift 1"], ["shift 1", "shift -1"]),
        (["c = .5", "c = 5"], ["c = 5", "c = .5"]),
        (["<", ">"], [">", "<"]),
        (["C++", "C", "C#"], ["C", "C#", "C++"]),
        (["small model", "model small"], ["model small", "small model"]),
        (["**Ours**", "Base"], ["base", "ours"]),
    ],
)
def test_labels_that_differ_by_a_sign_are_not_confused(stated: list[str], produced: list[str]):
    paper = table("| x | Acc |", *(f"| {label} | {number} |" for number, label in enumerate(stated)))
    text = "x,Acc\n" + "".join(f"{label},{number}\n" for number, label in enumerate(produced))
    plain = [label.replace("**", "").replace("−", "-").lower() for label in stated]
    lower = [label.lower() for label in produced]
    assert obtained(paper, text) == {(label, "Acc"): lower.index(plain[place]) for place, label in enumerate(stated)}


@pytest.mark.parametrize(("stated", "produced"), [(["+", "-"], ["*", "/"]), (["A+", "B+"], ["A", "B"])])
def test_labels_without_a_word_in_common_are_different(stated: list[str], produced: list[str]):
    paper = table("| x | Acc |", *(f"| {label} | 1 |" for label in stated))
    assert obtained(paper, "x,Acc\n" + "".join(f"{label},1\n" for label in produced)) == {}


def test_labels_as_like_to_one_as_to_another_are_not_compared():
    paper = table("| Method | Acc |", "| Ours, small | 1 |", "| Ours, large | 2 |", "| Base | 3 |", "| x | 4 |")
    assert obtained(paper, "method,acc\nours,1\nbase,3\nx,4\n") == {("Base", "Acc"): 3, ("x", "Acc"): 4}


def test_a_table_without_a_number_is_that_of_one_table_of_the_paper_or_of_none():
    lines = ("| Method | Acc |", "| Base | 10 |", "| Ours | 50 |")
    text = "method,acc\nbase,10\nours,50\n"
    assert len(compare_results(table(*lines), {"results.csv": text})) == 2
    assert compare_results(table(*lines) + table(*lines, number=2), {"results.csv": text}) == []
    assert len(compare_results(table(*lines) + table(*lines, number=2), {"table_2.csv": text})) == 2


@pytest.mark.parametrize(
    ("caption", "place", "name"),
    [
        ("Table 2", "results_table_2.csv", "Table 2"),
        ("Table 1", "results_table_2.csv", None),
        ("Table 3.1", "table_3.1.csv", "Table 3.1"),
        ("Table 3.2", "table_3.1.csv", None),
        ("Table 3", "table_3.1.csv", None),
        ("Table IV", "table_4.csv", "Table 4"),
        ("TABLE IX", "tables/table_09.csv", "Table 9"),
        ("Table XIV", "table_14.csv", "Table 14"),
        ("Table IV", "table_6.csv", None),
        ("Table A.1", "table_a1.csv", "Table A1"),
        ("Table 1b", "table_1a.csv", None),
        ("Table 1b", "table_1b.csv", "Table 1b"),
        ("Table 1", "notable_2.csv", "Table 1"),
    ],
)
def test_a_table_is_known_by_its_number(caption: str, place: str, name: str | None):
    paper = f"{caption}: Results.\n\n| Method | Acc |\n|---|---|\n| Base | 10 |\n| Ours | 50 |\n"
    found = compare_results(paper, {place: "method,acc\nbase,10\nours,50\n"})
    assert {one.table for one in found} == ({name} if name else set())


def judged(found: list[Comparison]) -> list[tuple[float | None, float, bool | None]]:
    """Return what is said of each number."""
    return [(one.obtained, one.scale, one.within) for one in found]


def test_a_fraction_is_held_against_a_percentage():
    paper = table("| Method | Acc | Kappa |", "| Base | 80.1% | 0.6 |", "| Ours | 90.0 | 0.8 |")
    found = compare_results(paper, {"table_1.csv": "method,acc,kappa\nbase,0.801,0.6\nours,0.7,0.8\n"})
    assert judged(found) == [(0.801, 100, True), (0.6, 1, True), (0.7, 100, False), (0.8, 1, True)]


def test_a_percentage_below_one_is_known_by_its_table():
    paper = table("| Method | Acc | Error |", "| Base | 99.5 | 0.5 |", "| Ours | 99.2 | 0.8 |")
    found = compare_results(paper, {"table_1.csv": "method,acc,error\nbase,0.995,0.005\nours,0.992,0.008\n"})
    assert judged(found) == [(0.995, 100, True), (0.005, 100, True), (0.992, 100, True), (0.008, 100, True)]


def test_quantities_may_be_rows():
    paper = table("| Metric | Base | Ours |", "| Acc | 80 | 90 |", "| RMSE | 2 | 0.8 |")
    found = compare_results(paper, {"table_1.csv": "metric,base,ours\nacc,0.8,0.9\nrmse,2,0.8\n"})
    assert judged(found) == [(0.8, 100, True), (0.9, 100, True), (2, 1, True), (0.8, 1, True)]


@pytest.mark.parametrize("acc", ["1.0", "0.02", "20"])
def test_a_number_that_is_no_fraction_is_not_scaled(acc: str):
    paper = table("| Method | Acc |", "| Base | 80.1 |", "| Ours | 90.0 |")
    found = compare_results(paper, {"table_1.csv": f"method,acc\nbase,{acc}\nours,20\n"})
    assert [(one.scale, one.within) for one in found] == [(1, False), (1, False)]


def test_a_fraction_and_a_percentage_of_one_run_are_the_same_table():
    paper = table("| Method | Acc |", "| Base | 80.1 |", "| Ours | 90.0 |")
    fraction, percent = "method,acc\nbase,0.8\nours,0.9\n", "method,acc\nbase,80\nours,90\n"
    assert len(compare_results(paper, {"table_1.csv": fraction, "percent/table_1.csv": percent})) == 2


@pytest.mark.parametrize(
    ("caption", "deviation"),
    [
        ("Accuracy (standard deviation)", 1),
        ("Mean and standard error", 1),
        ("Accuracy with std", 1),
        ("Accuracy (rank)", None),
        ("Test error", None),
    ],
)
def test_parentheses_hold_a_deviation_only_if_the_caption_says_so(caption: str, deviation: float | None):
    paper = table("| Method | Acc |", "| Base | 90.5 (1) |", "| Ours | 95.5 (2) |", caption=caption)
    found = compare_results(paper, {"table_1.csv": "method,acc\nbase,90\nours,95\n"})
    assert found[0].deviation == deviation
    assert found[0].tolerance == pytest.approx(deviation or 0.05 * 90.5)


def test_the_tolerance_is_at_least_half_of_the_last_stated_digit():
    paper = table("| Method | Loss |", "| Base | 0.00 |", "| Ours | 0.01 ± 0.001 |", "| Other | 1,200 |")
    found = compare_results(paper, {"table_1.csv": "method,loss\nbase,0.004\nours,0.0149\nother,1200\n"})
    assert [one.tolerance for one in found] == pytest.approx([0.005, 0.005, 60])
    assert [one.within for one in found] == [True, True, True]


def test_tables_may_be_without_outer_bars():
    paper = "Table 1: A.\n\nMethod | Acc\n--- | ---\nBase | 10\nOurs | 50\n\na | b\n"
    assert list(obtained(paper, "method | acc\n:-|-:\nbase | 1\nours | 2\n", "table_1.md").values()) == [1, 2]


def test_the_tables_without_a_counterpart_are_named():
    lines = ("| Method | Acc |", "| Base | 10 |", "| Ours | 50 |")
    words = table("| Method | Kind |", "| Base | old |", number=3)
    paper = table(*lines) + table(*lines, number=2) + words + table(*lines, number=4) + "|a|b|\n|-|-|\n|c|1|\n"
    found = compare_results(paper, {"table_1.csv": "method,acc\nbase,10\nours,50\n"})
    assert uncompared_tables(paper, found) == ["Table 2", "Table 4"]
    assert uncompared_tables(paper, []) == ["Table 1", "Table 2", "Table 4"]


def test_a_table_whose_numbers_are_all_missing_is_not_compared():
    paper = table("| Method | A | B |", "| Base | 10 | |", "| Ours | | 50 |")
    found = compare_results(paper, {"table_1.csv": "method,a,b\nbase,,1\nours,2,\n"})
    assert found == []
    assert uncompared_tables(paper, found) == ["Table 1"]


def nested(tables: int, rows: int, columns: int) -> str:
    """Return tables in JSON whose labels are like those of the paper."""
    cells = {f"Ours {row}": {f"easy {column}": 1 for column in range(columns)} for row in range(rows)}
    return json.dumps({f"x{number}": cells for number in range(tables)})


@pytest.mark.parametrize(
    "produced",
    [
        {"a.md": "|1|\n\n" * 40_000},
        {"a.md": "|" + " " * 400 + "x|1|\n" + "|b|" + "1" * 400_000 + "x|\n"},
        {"a.csv": "\n".join("m," + c * 400 + "x" for c in (" ", "*", "$", "1", "1,", "\\,", "( "))},
        {"a.json": nested(1, 1500, 30)},
        {"a.json": nested(2000, 5, 5)},
        {"a.json": json.dumps({"x" * 400_000: {str(number): [] for number in range(50_000)}})},
        {"a.md": "|" * 1_000_000},
        {"a.md": "a|b\n-|-\n" * 100_000},
        {"a.csv": "ours," + "1," * 450_000 + "\n"},
        {f"t{number}.csv": "m,easy\n" + "".join(f"ours {n},{n}\n" for n in range(400)) for number in range(300)},
    ],
)
def test_nothing_that_a_run_wrote_makes_its_reader_wait(produced: Mapping[str, str]):
    started = time.process_time()
    compare_results(PAPER, produced)
    read_number(" " * 400 + "x")
    assert time.process_time() - started < 6


def test_more_than_there_is_time_for_is_left_out_and_numbered_tables_come_first():
    many = {f"{number}.json": nested(1, 300, 2) for number in range(100)}
    assert len(compare_results(PAPER, {**many, "x.md": "x" * 5_000_000, "z/table_1.csv": WIDE})) == 4
    wide = "method," + ",".join(f"x{number}" for number in range(150)) + ",easy,hard\n"
    row = "," + ",".join("1" for _ in range(150)) + ",1,1\n"
    assert compare_results(PAPER, {"table_1.csv": f"{wide}ours{row}base{row}"}) == []
