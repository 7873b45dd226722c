"""What is verified about answers beyond their types."""

import pytest

from program.checks import (
    check_configuration,
    check_logic_design,
    check_overall_plan,
    check_source_file,
    dependency_graph,
)
from tests.program.scripted import (
    CONFIG,
    OWNER,
    architecture,
    assumption,
    configuration,
    logic_design,
    overall_plan,
    source,
    task,
)

DATA, MAIN, TEST = task("data.py", **OWNER), task("main.py", "data.py"), task("tests/test_data.py", "data.py")


def problems(*tasks, overall=None, planned=None, **changes):
    return check_logic_design(
        logic_design(*(tasks or (DATA, MAIN, TEST)), **changes), overall or overall_plan(), planned or architecture()
    )


def test_the_small_plan_of_these_tests_has_no_fault():
    assert check_overall_plan(overall_plan()) == []
    assert problems() == []
    assert check_configuration(configuration()) == []
    assert check_source_file("main.py", source()) == []


def test_names_each_kind_of_component_that_is_missing():
    parts = overall_plan().components
    assert check_overall_plan(overall_plan(components=parts[:1])) == [
        "components: none is of the kind 'method'",
        "components: none is of the kind 'evaluation'",
    ]


def test_every_planned_file_has_a_task():
    assert problems(DATA, MAIN) == ["tasks: the planned file 'tests/test_data.py' has no task"]


def test_there_are_no_tasks_for_other_files():
    assert problems(DATA, MAIN, TEST, task("more.py")) == ["tasks: 'more.py' is not among the planned files"]


def test_no_file_has_two_tasks():
    assert problems(DATA, MAIN, MAIN, TEST) == ["tasks: 'main.py' has 2 tasks"]


def test_names_an_unknown_dependency_and_who_has_it():
    assert problems(DATA, task("main.py", "data.py", "nets.py"), TEST) == [
        "tasks: 'main.py' depends on 'nets.py', which is not among the planned files"
    ]


def test_a_file_may_depend_on_what_is_made_from_the_plan():
    assert problems(DATA, task("main.py", "data.py", "config.yaml", "requirements.txt"), TEST) == []


def test_rejects_a_cycle_naming_its_files():
    tasks = task("data.py", "tests/test_data.py", **OWNER), task("main.py"), TEST
    [problem] = problems(*tasks)
    start, cycle = problem.split(": ", 2)[1:]
    assert start == "the dependencies form a cycle"
    assert cycle.split(" -> ") in (
        ["data.py", "tests/test_data.py", "data.py"],
        ["tests/test_data.py", "data.py", "tests/test_data.py"],
    )


def test_rejects_a_file_that_depends_on_itself():
    assert problems(DATA, task("main.py", "main.py"), TEST) == [
        "tasks: the dependencies form a cycle: main.py -> main.py"
    ]


def test_the_graph_has_an_edge_to_each_file_from_those_that_it_needs():
    graph = dependency_graph(logic_design(DATA, task("main.py", "data.py", "config.yaml"), TEST).tasks)
    assert list(graph) == ["data.py", "main.py", "tests/test_data.py"]
    assert set(graph.edges) == {("data.py", "main.py"), ("data.py", "tests/test_data.py")}


def test_every_component_and_assumption_has_an_owner():
    found = problems(task("data.py", components=["method part"]), MAIN, TEST)
    assert found == [
        "tasks: the component 'data processing part' is assigned to no file",
        "tasks: the component 'evaluation part' is assigned to no file",
        "tasks: the assumption 'seed' is assigned to no file",
    ]


def test_owners_may_share_and_write_a_name_in_another_case():
    assert problems(DATA, MAIN | {"components": ["Method Part"], "assumptions": ["SEED"]}, TEST) == []


def test_names_that_the_plan_does_not_have_are_rejected_with_those_that_it_has():
    [problem] = problems(DATA, MAIN | {"components": ["optimiser"]}, TEST)
    assert problem.startswith("tasks: the component 'optimiser' does not stand in the overall plan; use its names: [")
    assert "'method part'" in problem


def test_every_result_has_a_command():
    assert problems(commands=[]) == ["commands: nothing produces 'Table 1'"]


def test_a_plan_without_results_needs_no_command():
    assert problems(overall=overall_plan(results=[]), commands=[]) == []


@pytest.mark.parametrize(
    "command",
    [
        "python main.py",
        "python ./main.py --table 1",
        "python3 -u main.py --out=out.json && python data.py",
        "PYTHONPATH=. python main.py; python data.py",
        "bash -c 'python main.py'",
        "python -m main --quick",
        "python -m pytest tests/test_data.py::test_it",
    ],
)
def test_a_command_calls_planned_files(command):
    assert problems(quick_command=command) == []


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("python run.py", "calls 'run.py', which is not among the planned files"),
        ("python main.py && python plot.py", "calls 'plot.py', which is not among the planned files"),
        ("cd sub && python sub/main.py;", "calls 'sub/main.py', which is not among the planned files"),
        ("./run.sh", "calls './run.sh', which is not among the planned files"),
        ("python -m experiments.run", "calls none of the planned files"),
        ("make tables", "calls none of the planned files"),
    ],
)
def test_rejects_a_command_that_calls_something_else(command, missing):
    assert problems(quick_command=command) == [f"commands: {command!r} {missing}"]
    row = {"result": "Table 1", "command": command, "output": "x"}
    assert problems(commands=[row]) == [f"commands: {command!r} {missing}"]


def test_a_command_may_call_a_package():
    files = "data.py", "lab/__main__.py", "main.py", "tests/test_data.py"
    found = problems(
        DATA, task("lab/__main__.py"), MAIN, TEST, planned=architecture(*files), quick_command="python -m lab"
    )
    assert found == []


@pytest.mark.parametrize("package", ["argparse", "Dataclasses>=0.6", "concurrent-futures", "typing"])
def test_packages_of_the_standard_library_are_left_out(package):
    found = problems(packages=["pytest", package])
    assert bool(found) == (package != "concurrent-futures")
    assert all("is part of Python's standard library; leave it out" in line for line in found)


def test_a_package_is_listed_once_however_it_is_written():
    found = problems(packages=["pytest", "scikit-learn>=1", "Scikit_Learn"])
    assert found == ["packages: 'scikit-learn' is listed twice"]


def test_the_tests_need_pytest():
    assert problems(packages=["numpy"]) == ["packages: the tests need 'pytest'"]


def unmarked(*lines: str) -> list[str]:
    """Return the keys that are told to bear no mark."""
    content = "\n".join([*lines, "quick:", "  seed: 1  # ours: quick mode"])
    found = check_configuration(configuration(content))
    assert all(line.endswith("bears no mark `# paper: <place>` or `# ours: <reason>` on its line") for line in found)
    return [line.split("'")[1] for line in found]


@pytest.mark.parametrize(
    "lines",
    [
        ["rate: 0.1  # paper: Section 4"],
        ["rate: 0.1  # a rate; ours: not given"],
        ["model:", "  width: 8  # paper: Table 2", "  deep:", "    depth: 2  # ours: not given"],
        ["widths: [1, 2]  # paper: Table 2"],
        ["widths: [", "  1,", "  2,  # paper: Table 2", "]"],
        ["widths:  # paper: Table 2", "  - 1", "  - 2"],
        ["widths:", "  - 1  # paper: Table 2", "  - 2"],
        ["sizes: {small: 1, large: 2}  # paper: Table 2"],
        ["sizes: {", "  small: 1,", "  large: 2}  # paper: Table 2"],
        ["text: |  # ours: a note", "  two", "  lines"],
        ["nothing:  # ours: none is given"],
        ["base: &base", "  rate: 0.1  # paper: Section 4", "other: *base"],
        ["'a#b': 1  # ours: an odd key"],
    ],
)
def test_marked_values_are_accepted(lines):
    assert unmarked(*lines) == []


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        (["rate: 0.1"], ["rate"]),
        (["rate: 0.1  # a good rate"], ["rate"]),
        (["rate: 0.1  # ours"], ["rate"]),
        (["# paper: Section 4", "rate: 0.1"], ["rate"]),
        (["rate: 0.1", "seed: 1  # ours: x"], ["rate"]),
        (["model:  # paper: Table 2", "  width: 8", "  deep:", "    depth: 2"], ["model.width", "model.deep.depth"]),
        (["widths:", "  - 1", "  - 2"], ["widths"]),
        (["widths: [", "  1,", "  2]"], ["widths"]),
        (["data:", "  widths:", "    - 1", "    - 2", "  rate: 0.1  # paper: Section 4"], ["data.widths"]),
        (["widths:", "  - 1", "  - 2", "# paper: Section 4, as all below", "x: 1  # ours: x"], ["widths"]),
        (["grid:", "  - {a: 1}", "  - a: 2", "    b: 3", "x: 1  # ours: x"], ["grid"]),
        (["sizes: {small: 1, large: 2}"], ["sizes"]),
        (["sizes: {", "  small: 1,", "  large: 2}", "x: 1  # ours: x"], ["sizes"]),
        (["text: |", "  two", "  lines", "x: 1  # ours: x"], ["text"]),
        (["nothing:"], ["nothing"]),
    ],
)
def test_each_value_without_a_mark_is_named(lines, keys):
    assert unmarked(*lines) == keys


def test_a_configuration_in_braces_needs_a_mark_too():
    found = check_configuration(configuration('{"rate": 0.1,\n "quick": {"rate": 1}}'))
    assert ["bears no mark" in line for line in found] == [True]


@pytest.mark.parametrize("quick", ["", "quick:  # ours: x", "quick: true  # ours: x", "quick: {}  # ours: x"])
def test_there_is_a_quick_mode_with_values(quick):
    found = check_configuration(configuration(f"seed: 0  # ours: x\n{quick}"))
    assert found == ["content: there is no top-level mapping `quick` with the values of the quick mode"]


@pytest.mark.parametrize("number", ["1e-4", "1.5E3", "-2e8", "3e+5"])
def test_a_number_that_yaml_reads_as_text_is_named(number):
    for value in (number, f"[1, {number}]"):
        [problem] = check_configuration(configuration(f"optimiser:\n  rate: {value}  # paper: Section 4\n{CONFIG}"))
        assert problem.startswith(f"content: YAML reads the value {number} of 'optimiser.rate' as text")


@pytest.mark.parametrize("value", ["1.0e-4", "0.0001", "'1e-4'", "1e-4x", "resnet1e4", "10"])
def test_numbers_and_texts_that_are_what_they_look_like_are_accepted(value):
    assert check_configuration(configuration(f"rate: {value}  # paper: Section 4\n{CONFIG}")) == []


def test_a_key_that_stands_twice_is_named():
    content = f"data:\n  n: 1  # ours: x\n  n: 2  # ours: x\n{CONFIG}\nseed: 2  # ours: x"
    assert check_configuration(configuration(content)) == [
        "content: the key 'seed' stands twice",
        "content: the key 'data.n' stands twice",
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("x = 1\ndef f(:\n    pass\n", "content: line 2 is not Python: "),
        ("Here is the file:\n\n```python\nx = 1\n```\n", "content: line 1 is not Python: "),
        ("def f():\n    return 1\n  x = 2\n", "content: line 3 is not Python: "),
        ("x = 1\0", "content: line 1 is not Python: source code string cannot contain null bytes"),
        ("x = " + "-" * 100_000 + "1", "content: not Python: "),
        ("", "content: there is no code in it"),
        ("# to be done\n", "content: there is no code in it"),
        ('"""The main file."""\n\n\npass\n...\n', "content: there is no code in it"),
    ],
)
def test_python_parses_and_does_something(code, reason):
    [problem] = check_source_file("main.py", source(code))
    assert problem.startswith(reason)


def test_an_init_file_may_be_empty():
    assert check_source_file("tests/__init__.py", source("")) == []
    assert check_source_file("tests/__init__.py", source('"""Tests."""')) == []
    assert check_source_file("tests/__init__.py", source("def f(:")) != []


def test_other_files_are_not_empty_and_need_not_be_python():
    assert check_source_file("run.sh", source("python main.py | tee log")) == []
    assert check_source_file("run.sh", source("")) == ["content: must not be empty"]


def test_assumptions_of_the_plan_need_owners_one_by_one():
    overall = overall_plan(assumptions=[assumption(), assumption("optimiser")])
    assert problems(overall=overall) == ["tasks: the assumption 'optimiser' is assigned to no file"]
