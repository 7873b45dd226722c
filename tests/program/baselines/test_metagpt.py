"""MetaGPT's procedure: who works when, from which documents, and what goes back."""

from typing import Any

import pytest

from data.errors import RejectedAnswer
from program.baselines.metagpt import MetaGPT
from signatures.metagpt import (
    DesignSystem,
    ListTasks,
    RepairCode,
    WriteNextFile,
    WriteRequirements,
    WriteTests,
)
from signatures.sections import SHARED_CONTEXT, header
from tests.program.baselines.answers import answer, asked, bundle, shown
from tests.program.scripted import PAPER, Script, answering

STEPS = (WriteRequirements, DesignSystem, ListTasks, WriteNextFile, WriteTests, RepairCode)

REQUIREMENTS = answer(
    WriteRequirements,
    product_goals=["Count well."],
    user_stories=["As a reader I want numbers so that I trust them."],
    alternatives=[],
    analysis="Counting is hard.",
    requirement_pool=[{"priority": "P0", "requirement": "Count to ten."}],
    usage="python main.py",
    unclear="Nothing.",
)
DESIGN = answer(
    DesignSystem,
    implementation_approach="Plain numpy.",
    file_list=["main.py", "net/__init__.py", "net/model.py", "config.yaml"],
    data_structures="classDiagram\n    class Net",
    call_flow="sequenceDiagram\n    main->>Net: count()",
    unclear="Nothing.",
)
CODE = {
    "config.yaml": "seed: 1\n",
    "net/__init__.py": "",
    "net/model.py": "class Net:\n    x = 1\n",
    "main.py": "from net.model import Net\n\nprint(Net.x)\n",
}
"""In the order of the task list."""

PACKAGES = {"requirements.txt": "numpy\n"}
"""Made from the task list, unless the engineer writes it."""

TESTS = {"tests/test_net.py": "from net.model import Net\n\n\ndef test_net():\n    assert Net.x == 1\n"}


def task_list(*paths: str) -> str:
    return answer(
        ListTasks,
        packages=["numpy"],
        tasks=[{"path": path, "work": f"Write {path}."} for path in paths],
        shared_knowledge="Numbers are ints.",
        unclear="Nothing.",
    )


def written(text: str) -> str:
    return answer(WriteNextFile, content=text)


PLANNED = (REQUIREMENTS, DESIGN, task_list(*CODE))
WRITTEN = tuple(written(text) for text in CODE.values())


def run(*answers: str) -> tuple[dict[str, str], Script]:
    with answering(*answers) as script:
        return MetaGPT()(paper=PAPER).repository, script


def order(script: Script) -> list[str]:
    return asked(script, *STEPS)


def test_each_role_works_once_and_the_engineer_once_for_each_file():
    repository, script = run(*PLANNED, *WRITTEN, bundle(TESTS))
    assert order(script) == ["WriteRequirements", "DesignSystem", "ListTasks", *["WriteNextFile"] * 4, "WriteTests"]
    assert repository == PACKAGES | CODE | TESTS
    assert len(set(script.prompts)) == len(script.prompts)


def test_roles_are_predictors_with_a_backbone():
    assert {name: predictor.role for name, predictor in MetaGPT().named_predictors()} == {  # type: ignore[attr-defined]
        "require": "planner",
        "design": "planner",
        "schedule": "planner",
        "write": "coder",
        "test": "coder",
        "repair": "coder",
    }


def test_every_role_reads_the_whole_paper_first():
    _, script = run(*PLANNED, *WRITTEN, bundle(TESTS))
    head, paper, _ = script.prompts[0].partition(f"{header('paper')}\n{PAPER.markdown}")
    assert paper
    assert all(prompt.startswith(head + paper) for prompt in script.prompts)


def test_documents_are_handed_on():
    _, script = run(*PLANNED, *WRITTEN, bundle(TESTS))
    _, design, schedule, *write, test = script.prompts
    for prompt in (design, schedule, test):
        assert "Count to ten." in shown(prompt, "product_requirements")
    for prompt in (schedule, *write):
        assert "Plain numpy." in shown(prompt, "system_design")
    for prompt in write:
        assert "Numbers are ints." in shown(prompt, "task_list")
        assert header("product_requirements") not in prompt


def test_files_are_written_in_the_order_of_the_task_list_each_seeing_all_before_it():
    _, script = run(*PLANNED, *WRITTEN, bundle(TESTS))
    write = script.prompts[3:7]
    assert [shown(prompt, "path") for prompt in write] == list(CODE)
    assert [paths_in(prompt) for prompt in write] == [list(CODE)[:n] for n in range(4)]
    assert paths_in(script.prompts[7]) == list(CODE)


def paths_in(prompt: str) -> list[str]:
    return [line.removeprefix("### ") for line in shown(prompt, "code").splitlines() if line.startswith("### ")]


def test_inputs_collide_with_no_shared_context_but_paper_and_code():
    shared = {name for step in STEPS for name in step.input_fields if name in SHARED_CONTEXT}
    assert shared == {"paper", "code"}
    assert len({next(iter(step.output_fields)) for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize(
    ("paths", "fault"),
    [
        ([*CODE][:-1], "the file 'main.py' of the design has no task"),
        ([*CODE, "more.py"], "'more.py' is not in the design's file list"),
        ([*CODE, "main.py"], "'main.py' has 2 tasks"),
    ],
)
def test_a_task_list_that_does_not_fit_the_design_goes_back(paths, fault):
    _, script = run(REQUIREMENTS, DESIGN, task_list(*paths), task_list(*CODE), *WRITTEN, bundle(TESTS))
    assert fault in script.prompts[3]


def test_a_file_that_is_not_python_goes_back():
    wrong = written("def (\n")
    repository, script = run(*PLANNED, *WRITTEN[:3], wrong, WRITTEN[3], bundle(TESTS))
    assert "content: line 1 is not Python" in script.prompts[7]
    assert repository == PACKAGES | CODE | TESTS


def test_a_file_that_cannot_be_written_is_named():
    with (
        answering(*PLANNED, *["I will not."] * 3),
        pytest.raises(RejectedAnswer, match=r"^coder: written_file of config\.yaml: 3 answers"),
    ):
        MetaGPT()(paper=PAPER)


@pytest.mark.parametrize(
    ("tests", "fault"),
    [
        ({"main.py": "x = 1\n"} | TESTS, "main.py: is the engineer's file already"),
        ({"test_net.py": "def test_a():\n    pass\n"}, "test_net.py: not beneath tests/"),
        ({"tests/conftest.py": "x = 1\n"}, "files: none of them is a test"),
        ({"tests/test_net.py": "x = 1\n"}, "tests/test_net.py: pytest finds no test in it"),
        ({"tests/../../main.py": "x = 1\n"}, "leaves the repository"),
        ({}, "holds no file"),
    ],
)
def test_tests_that_cannot_be_kept_go_back(tests: dict[str, str], fault: str):
    repository, script = run(*PLANNED, *WRITTEN, bundle(tests), bundle(TESTS))
    assert fault in script.prompts[8]
    assert repository == PACKAGES | CODE | TESTS


BROKEN: dict[str, Any] = {"tests/test_net.py": TESTS["tests/test_net.py"].replace("import Net", "import Net, Old")}


def test_what_checks_find_in_the_whole_goes_back_to_the_engineer():
    repository, script = run(*PLANNED, *WRITTEN, bundle(BROKEN), bundle(TESTS))
    assert order(script)[-1] == "RepairCode"
    finding = "tests/test_net.py: line 1 imports Old from net.model, where it is not defined"
    assert finding in shown(script.prompts[-1], "check_findings")
    assert paths_in(script.prompts[-1]) == [*CODE, *TESTS]
    assert repository == PACKAGES | CODE | TESTS


def test_there_is_one_repair_even_where_faults_stay():
    repository, script = run(*PLANNED, *WRITTEN, bundle(BROKEN), bundle(BROKEN))
    assert order(script).count("RepairCode") == 1
    assert repository == PACKAGES | CODE | BROKEN


def test_a_repair_that_breaks_a_file_goes_back():
    _, script = run(*PLANNED, *WRITTEN, bundle(BROKEN), bundle({"main.py": "def (\n"}), bundle(TESTS))
    assert "main.py: line 1 is not Python" in script.prompts[-1]


def test_requirements_that_the_engineer_writes_are_kept():
    theirs = {"requirements.txt": "numpy>=2\n"}
    repository, _ = run(*PLANNED, *WRITTEN, bundle(BROKEN), bundle(TESTS | theirs))
    assert repository == CODE | TESTS | theirs
