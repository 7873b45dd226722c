from experiments.reports.cells import Cell, Executability
from experiments.reports.report import build_report


def cell(paper: str, method: str = "PaperCoder", repetition: int = 1, **found: object) -> Cell:
    fields = {"runs": True, "rounds": 1, "modified_lines": 2, "total_lines": 1000} | found
    return Cell(
        paper=paper,
        group="",
        method=method,
        backbone="mini",
        repetition=repetition,
        status="finished",
        executability=Executability.model_validate(fields),
    )


def test_the_table_is_laid_out_as_in_the_paper_with_honest_averages() -> None:
    cells = [cell("A"), cell("B", modified_lines=25, total_lines=500, rounds=3)]
    (table,) = build_report("executability", cells).tables.values()
    assert [column.name for column in table.columns] == ["Repo Name", "A", "B", "Average"]
    assert [[entry.text for entry in row] for row in table.rows] == [
        ["Modified lines", "2", "25", "13.50"],
        ["Total lines", "1000", "500", "750.00"],
        ["Percentage", "0.20", "5.00", "2.60"],
        ["Rounds", "1", "3", "2.00"],
        ["Runs", "1", "1", "1.00"],
    ]


def test_what_does_not_run_is_said_below_the_table() -> None:
    failed = cell("A", runs=False, failure="name: NameError: x")
    (table,) = build_report("executability", [failed]).tables.values()
    assert "A does not run: name: NameError: x" in table.notes
    assert table.rows[-1][1].text == "0"


def test_each_method_has_a_table_and_each_repetition_a_column() -> None:
    report = build_report("executability", [cell("A"), cell("A", repetition=2), cell("A", "Paper")])
    assert sorted(report.tables) == ["executability-paper", "executability-papercoder"]
    assert [column.name for column in report.tables["executability-papercoder"].columns][1:3] == ["A 1", "A 2"]


def test_a_repository_that_was_not_executed_has_no_column() -> None:
    missing = Cell(paper="A", group="", method="PaperCoder", backbone="mini", repetition=1, status="missing")
    (table,) = build_report("executability", [missing]).tables.values()
    assert [column.name for column in table.columns] == ["Repo Name", "Average"]
