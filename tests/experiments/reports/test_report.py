"""Reports, from a layout's name to files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from data.errors import ConfigError, FolderError
from experiments.reports.report import LAYOUTS, build_report
from tests.experiments.reports.made_cells import made

CELLS = [made(method, paper, 3, 4, backbone=name) for method in "AB" for paper in ("p1", "p2") for name in ("x", "y")]
OUT = Path("out")


@pytest.fixture
def human() -> Path:
    path = Path("human.csv")
    path.write_text("paper,method,backbone,score\np1,A,x,1\np1,A,y,2\np2,B,x,3\n")
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_writes_its_tables(layout, human):
    report = build_report(layout, CELLS, methods=["B", "A"], human=human)
    paths = report.write(OUT)
    assert sorted(paths) == sorted(path for path in OUT.iterdir())
    assert {path.suffix for path in paths} >= {".md", ".csv", ".tex"}
    for path in paths:
        if path.suffix != ".png":
            text = path.read_bytes().decode("utf-8")
            assert text.endswith("\n") and "\r" not in text


def test_the_correlation_has_pictures():
    paths = build_report("correlation", CELLS).write(OUT)
    assert [path.name for path in paths] == [
        f"correlation-paper.{ending}" for ending in ("md", "csv", "tex", "svg", "png")
    ]


def test_protocols_and_judges_have_tables_of_their_own():
    cells = [*CELLS, made("A", "p1", 3, protocol="grounded"), made("A", "p1", 3, judge="org/GPT 4")]
    assert list(build_report("methods", cells).tables) == [
        "methods-paper-o3",
        "methods-paper-org-gpt-4",
        "methods-grounded-o3",
    ]


def test_methods_have_tables_of_backbones_in_the_order_given():
    assert list(build_report("backbones", CELLS, methods=["B"]).tables) == ["backbones-b-paper", "backbones-a-paper"]


def test_names_that_become_the_same_file_stay_apart():
    cells = [made(method, "p1", 3) for method in ("a+b", "a b")]
    assert len(build_report("backbones", cells).tables) == 2


def test_notes_are_those_of_all_tables_once():
    cells = [*CELLS, made("A", "p3").model_copy(update={"status": "failed", "error": "boom"})]
    notes = build_report("methods", [*cells, made("A", "p1", 3, protocol="grounded")]).notes
    assert len(notes) == len(set(notes))
    assert "Not counted, A: p3 gpt (failed: boom)." in notes


def test_what_cannot_be_built_is_refused():
    with pytest.raises(
        ConfigError, match="unknown layout 'tables'; choose one of methods, backbones, ablations, align"
    ):
        build_report("tables", CELLS)
    with pytest.raises(ConfigError, match="no cells for the layout 'methods'"):
        build_report("methods", [])
    with pytest.raises(ConfigError, match="'alignment' needs human scores; name a CSV"):
        build_report("alignment", CELLS)
    with pytest.raises(ConfigError, match="no cell names a backbone"):
        build_report("backbones", [made("Oracle", "p1", 1, 1, backbone="")])


def test_a_folder_that_cannot_be_written_to_is_refused():
    OUT.write_text("a file")
    with pytest.raises(FolderError, match="cannot write out"):
        build_report("methods", CELLS).write(OUT)


def test_a_picture_in_the_way_of_a_folder_is_refused():
    (OUT / "correlation-paper.png").mkdir(parents=True)
    with pytest.raises(FolderError, match=r"cannot write out/correlation-paper\.png: Is a directory"):
        build_report("correlation", CELLS).write(OUT)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_experiment_in_which_all_failed_still_has_a_report(layout, human):
    cells = [cell.model_copy(update={"status": "failed", "error": "boom"}) for cell in CELLS]
    report = build_report(layout, cells, human=human)
    # where a table is of one backbone, this stands in its title
    assert any(re.match(r"Not counted, A: p1 (x )?\(failed: boom\)", note) for note in report.notes)
    assert not report.figures
    assert report.write(OUT)


def test_importing_the_reports_loads_no_scientific_library():
    code = (
        "import sys, experiments.reports.report; print({'scipy', 'matplotlib', 'numpy', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
