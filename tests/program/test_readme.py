"""The README: everything of the plan's ledger, with its owner, in tables that are tables."""

from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt

from program.readme import write_readme
from signatures.analysis import FileAnalysis
from signatures.coding import SourceFile
from tests.program.scripted import (
    OWNER,
    PAPER,
    analysis,
    architecture,
    assumption,
    configuration,
    logic_design,
    overall_plan,
    plan,
    source,
    task,
)


def readme(
    analyses: dict[str, FileAnalysis] | None = None, sources: dict[str, SourceFile] | None = None, **changes: Any
) -> str:
    return write_readme(PAPER, plan(**changes), analyses or {}, sources or {})


def tables(text: str) -> list[list[list[str]]]:
    """Return the cells of each table as a Markdown reader sees them, the head first."""
    found: list[list[list[str]]] = []
    tokens = MarkdownIt().enable("table").parse(text)
    for token, content in pairwise(tokens):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found[-1][-1].append(content.content)
    return found


def rows(text: str, head: str) -> list[list[str]]:
    """Return the rows of the table whose first column has this head."""
    [table] = [table for table in tables(text) if table[0][0] == head]
    assert {len(row) for row in table} == {len(table[0])}
    return table[1:]


def test_says_which_paper_it_is_and_that_nobody_has_checked_it():
    text = readme()
    assert text.startswith("# Learning to Count\n")
    assert "read from count.pdf" in text
    assert "> We count | we sum." in text
    assert "has not been checked against the authors' results" in text


def test_every_component_is_named_with_its_place_and_its_files():
    logic = logic_design(
        task("data.py", components=["Data Processing Part"]),
        task("main.py", components=["data processing part", "method part", "evaluation part"]),
    )
    assert rows(readme(logic_design=logic), "Component") == [
        ["data processing part", "data processing", "Section 2", "`data.py`, `main.py`"],
        ["method part", "method", "Section 2", "`main.py`"],
        ["evaluation part", "evaluation", "Section 2", "`main.py`"],
    ]


def test_every_result_is_named_with_its_command():
    names = ["Table 1", "Figure 2"]
    overall = overall_plan(results=[{"name": name, "place": "Section 3", "shows": "x"} for name in names])
    commands = [{"result": name.lower(), "command": f"python main.py '{name}'", "output": "out"} for name in names]
    assert rows(readme(overall_plan=overall, logic_design=logic_design(commands=commands)), "Result") == [
        ["Table 1", "Section 3", "`python main.py 'Table 1'`", "out"],
        ["Figure 2", "Section 3", "`python main.py 'Figure 2'`", "out"],
    ]


def test_every_assumption_is_named_with_its_owner_wherever_it_was_made():
    text = readme(
        {
            "data.py": analysis("x", assumption("order")),
            "main.py": analysis("x", assumption("stop", code="main.py: run")),
        },
        {"data.py": source("x = 1", assumption("cache"))},
        configuration=configuration("a: 1  # ours: x", assumption("rate")),
    )
    found = rows(text, "What")
    assert [(row[0], row[4]) for row in found] == [
        ("seed", "`data.py`"),
        ("rate", "`config.yaml`"),
        ("order", "`data.py`"),
        ("stop", "main.py: run"),
        ("cache", "`data.py`"),
    ]
    assert found[0][1:4] == ["not given", "Section 2", "0"]


def test_an_assumption_that_is_made_again_is_named_once():
    text = readme({"main.py": analysis("x", assumption("Seed", paper="Section 4"))})
    assert [row[:4] for row in rows(text, "What")] == [["seed", "not given", "Section 2", "0"]]


def test_two_files_that_choose_differently_are_both_named():
    text = readme(
        {"data.py": analysis("x", assumption("eps"))}, {"main.py": source("x = 1", assumption("eps", choice="1"))}
    )
    found = [(row[0], row[3], row[4]) for row in rows(text, "What")]
    assert found[1:] == [("eps", "0", "`data.py`"), ("eps", "1", "`main.py`")]


def test_every_file_is_named_with_its_purpose_the_tests_last():
    files = architecture("tests/test_data.py", "data.py", "main.py")
    assert rows(readme(architecture_design=files), "File") == [
        ["`data.py`", "Is data.py."],
        ["`main.py`", "Is main.py."],
        ["`tests/test_data.py`", "Is tests/test_data.py."],
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("p(x|y)", "p(x|y)"),
        ("a | b\n| c |\n", "a | b | c |"),
        (r"$\|w\|_2$", r"$\Vert w\Vert _2$"),
        (r"already \\| so", r"already \\Vert  so"),
        ("two\n\nparagraphs", "two paragraphs"),
        ("`a|b`", "`a|b`"),
    ],
)
def test_what_would_break_a_table_is_escaped(written, shown):
    text = readme(overall_plan=overall_plan(assumptions=[assumption(choice=written)]))
    [row] = rows(text, "What")
    assert row == ["seed", "not given", "Section 2", shown, "`data.py`"]


def test_commands_with_a_pipe_stay_in_their_cell():
    commands = [{"result": "Table 1", "command": "python main.py | tee out", "output": "out"}]
    [row] = rows(readme(logic_design=logic_design(commands=commands)), "Result")
    assert row == ["Table 1", "Section 3", "`python main.py | tee out`", "out"]


def test_without_results_or_assumptions_it_says_so():
    text = readme(
        overall_plan=overall_plan(results=[], assumptions=[]),
        logic_design=logic_design(task("data.py", **OWNER), commands=[]),
    )
    assert "The paper has none that this repository is to reproduce." in text
    assert "None was needed." in text
    assert {table[0][0] for table in tables(text)} == {"Component", "File"}


def test_shows_how_to_run_it_and_both_diagrams():
    text = readme()
    for block in ("python main.py --quick", "python -m pytest", "pip install -r requirements.txt"):
        assert f"{block}\n```" in text
    assert "```mermaid\nclassDiagram\n    class Counter\n```" in text
    assert "```mermaid\nsequenceDiagram\n    main->>Counter: count()\n```" in text


@pytest.mark.parametrize(
    ("packages", "line"),
    [
        (["ffmpeg", "a C compiler"], "Also needed: ffmpeg; a C compiler."),
        ([], ""),
        (["None."], ""),
        (["nodejs"], "nodejs"),
    ],
)
def test_other_packages_are_named_where_there_are_any(packages, line):
    text = readme(logic_design=logic_design(other_packages=packages))
    assert line in text
    assert ("Also needed" in text) == bool(line)
