"""Experiments whose repositories are executed and repaired: Table 7."""

from pathlib import Path

import pytest

from data.errors import ConfigError
from experiments.benchmarks.simulated import Server, sections
from experiments.grid.spec import load_spec
from tests.experiments.executing.repositories import fault, need_sandbox, repair
from tests.experiments.grid.grids import OUT, reported, steps, write_paper, write_spec

BUNDLE = "==== main.py ====\nimport model\n\nprint(model.count(3))\n\n==== model.py ====\ndef count(number):\n    {}\n"


@pytest.fixture(autouse=True)
def _sandbox(server: Server) -> None:
    need_sandbox()
    broken = BUNDLE.format("return numbr + 1")
    server.model.answers |= {
        "source_files": lambda ask: sections({"files": broken}),
        "fault": fault,
        "repair": lambda ask: repair(),
    }
    fields = {"layouts": ["executability"], "methods": ["Paper"], "papers": [write_paper("a"), write_paper("b")]}
    write_spec(**fields, protocols=[], debug=True)


def test_each_repository_is_repaired_and_the_table_counts_the_lines(server: Server) -> None:
    cells, report = reported(server, execution__cache="cache")
    assert [cell.status for cell in cells] == ["finished", "finished"]
    (table,) = report.tables.values()
    assert [[entry.text for entry in row][:2] for row in table.rows[:2]] == [
        ["Modified lines", "1"],
        ["Total lines", "5"],
    ]
    assert steps(server)["repair"] == 2
    assert not set(steps(server)) & {"assessment", "required_components"}
    assert len(list(OUT.rglob("debugging/whole.diff"))) == 2


def test_the_same_experiment_again_asks_and_runs_nothing(server: Server) -> None:
    first = reported(server, execution__cache="cache")[0]
    asked = len(server.asks)
    assert reported(server, execution__cache="cache")[0] == first
    assert len(server.asks) == asked


def test_a_debugger_that_fails_is_the_fault_of_its_cell(server: Server) -> None:
    server.model.answers["repair"] = lambda ask: "nothing" if "Learning a" in ask.prompt else repair()
    cells, report = reported(server, execution__cache="cache")
    assert [cell.status for cell in cells] == ["failed", "finished"]
    assert "debugging: debugger: repair of round 1: 3 answers were rejected" in (cells[0].error or "")
    (table,) = report.tables.values()
    assert [column.name for column in table.columns] == ["Repo Name", "b", "Average"]


def test_the_layout_needs_the_debugger() -> None:
    path = write_spec("other.yaml", layouts=["executability"], protocols=[])
    with pytest.raises(ConfigError, match="needs `debug: true`"):
        load_spec(path)


def test_the_configuration_of_table_7_is_valid() -> None:
    plan = load_spec(Path(__file__).parents[3] / "experiments/configs/table-7.yaml")
    assert (plan.layouts, plan.debug, plan.protocols) == (["executability"], True, ())
