"""The program without its later stages (Table 6): what is asked, in which order, and what the prompts show."""

from pathlib import Path
from typing import Any

import dspy
import pytest

from data.errors import RejectedAnswer
from experiments.benchmarks.simulated import sections
from program.folder import RunFolder
from program.paper_coder import PaperCoder
from program.planner import PARTS
from signatures.sections import SHARED_CONTEXT, header
from tests.program.scripted import (
    PAPER,
    Script,
    analysis,
    answering,
    architecture,
    configuration,
    logic_design,
    overall_plan,
    source,
)

FILES = ("data.py", "main.py", "tests/test_data.py")
"""As planned; with a logic design, the last two depend on the first alone."""

PLANNING = {
    "overall_plan": overall_plan(),
    "architecture_design": architecture(),
    "logic_design": logic_design(),
    "configuration": configuration(),
}

CODE = {
    "data.py": "ones = [1] * 10\n",
    "main.py": "from data import ones\n\nprint(sum(ones))\n",
    "tests/test_data.py": "from data import ones\n\n\ndef test_ones():\n    assert sum(ones) == 10\n",
}

BUNDLE = "==== main.py ====\nprint(sum([1, 2]))\n\n==== config.yaml ====\nseed: 3\n"


def answer(artifact: Any) -> str:
    return sections(artifact.model_dump(mode="json"))


def answers(number: int) -> list[str]:
    """Return what is answered with so many parts, in the order in which a program without concurrency asks."""
    planned = [answer(PLANNING[part]) for part in PARTS[:number] if part in PLANNING]
    if number < 2:
        return [*planned, sections({"files": BUNDLE})]
    written = [answer(source(CODE[path])) for path in FILES]
    if number < 5:
        return planned + written
    analysed = [answer(analysis(f"What {path} does.")) for path in FILES]
    return planned + analysed + written


def run(number: int, **more: Any) -> tuple[dspy.Prediction, Script]:
    with answering(*answers(number)) as script:
        made = PaperCoder(concurrency=1, parts=PARTS[:number])(paper=PAPER, **more)
    return made, script


def own_headers(prompt: str) -> list[str]:
    """Return which of the shared inputs and of the file's own a prompt shows."""
    names = (*SHARED_CONTEXT, "file", "file_analysis")
    before = prompt.rpartition(header("task"))
    return [name for name in names if f"{header(name)}\n" in (before[2] if name.startswith("file") else before[0])]


def code_in(prompt: str) -> list[str]:
    shown = prompt.partition(header("code"))[2].partition(header("task"))[0]
    return [line.removeprefix("### ") for line in shown.splitlines() if line.startswith("### ")]


def test_without_any_part_the_repository_is_one_answer_to_the_paper():
    made, script = run(0)
    assert len(script.prompts) == 1
    assert own_headers(script.prompts[0]) == ["paper"]
    assert made.repository == {"main.py": "print(sum([1, 2]))\n", "config.yaml": "seed: 3\n"}
    assert (dict(made.plan), made.analyses, made.sources) == ({}, {}, {})


def test_with_an_overall_plan_alone_the_repository_is_one_answer_to_both():
    made, script = run(1)
    assert [own_headers(prompt) for prompt in script.prompts] == [["paper"], ["paper", "overall_plan"]]
    assert set(made.repository) == {"main.py", "config.yaml"}
    assert made.plan.overall_plan == overall_plan()


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_planning_asks_for_its_parts_one_after_the_other_each_with_all_before(number):
    _, script = run(number)
    planned = [part for part in PARTS[:number] if part in PLANNING]
    for count, prompt in enumerate(script.prompts[: len(planned)]):
        assert own_headers(prompt) == ["paper", *planned[:count]]
        assert all(PLANNING[part].to_yaml() in prompt for part in planned[:count])


@pytest.mark.parametrize("number", [2, 3, 4])
def test_files_are_written_one_by_one_from_what_was_planned_and_told_what_is_not_there(number):
    _, script = run(number)
    planned = [part for part in PARTS[:number] if part in PLANNING]
    written = script.prompts[len(planned) :]
    assert len(written) == len(FILES)
    absent = [part.replace("_", " ") for part in PARTS[number:-1]] + ["file analysis"]
    for prompt in written:
        assert own_headers(prompt) == ["paper", *planned, "code", "file"]
        assert f"There is no {', '.join(absent)}: do without." in prompt


def test_the_whole_program_analyses_each_file_before_it_and_misses_nothing():
    _, script = run(5)
    files = script.prompts[4:]
    planned = ["paper", *PLANNING]
    assert [own_headers(prompt) for prompt in files[:3]] == [[*planned, "file"]] * 3
    assert [own_headers(prompt) for prompt in files[3:]] == [[*planned, "code", "file", "file_analysis"]] * 3
    assert not any("do without" in prompt for prompt in script.prompts)


def test_without_a_logic_design_each_file_sees_all_earlier_ones_as_planned():
    made, script = run(2)
    assert [code_in(prompt) for prompt in script.prompts[2:]] == [list(FILES[:count]) for count in range(3)]
    assert CODE["main.py"] in script.prompts[-1]
    assert list(made.sources) == list(FILES)


@pytest.mark.parametrize("number", [3, 4])
def test_with_a_logic_design_each_file_sees_those_that_it_depends_on(number):
    _, script = run(number)
    assert [code_in(prompt) for prompt in script.prompts[-3:]] == [[], ["data.py"], ["data.py"]]


def test_without_a_logic_design_no_file_is_written_before_the_one_planned_before_it():
    with answering(*answers(2)) as script:
        PaperCoder(concurrency=8, parts=PARTS[:2])(paper=PAPER)
    assert [code_in(prompt) for prompt in script.prompts[2:]] == [list(FILES[:count]) for count in range(3)]


def test_the_file_that_is_asked_for_is_named_with_its_purpose():
    _, script = run(2)
    for path, prompt in zip(FILES, script.prompts[2:], strict=True):
        assert f'"path": "{path}"' in prompt.partition(header("file"))[2]
        assert f"Is {path}." in prompt.partition(header("file"))[2]


@pytest.mark.parametrize(
    ("number", "added"),
    [
        (2, set()),
        (3, {"requirements.txt"}),
        (4, {"requirements.txt", "config.yaml", "README.md"}),
        (5, {"requirements.txt", "config.yaml", "README.md"}),
    ],
)
def test_files_that_follow_from_the_plan_are_there_only_where_it_was_made(number, added):
    made, _ = run(number)
    assert set(made.repository) == {*FILES, *added}
    assert {path: made.repository[path] for path in FILES} == CODE


def test_the_plan_holds_exactly_its_parts():
    for number in range(len(PARTS) + 1):
        made, _ = run(number)
        assert list(made.plan.keys()) == [part for part in PARTS[:number] if part in PLANNING]
        assert list(made.analyses) == (list(FILES) if number == 5 else [])


@pytest.mark.parametrize("number", [0, 1, 2, 4])
@pytest.mark.parametrize("stage", ["planning", "analysis"])
def test_no_code_is_written_when_it_stops_before(number, stage):
    planned = [answer(PLANNING[part]) for part in PARTS[:number]]
    with answering(*planned):
        made = PaperCoder(parts=PARTS[:number])(paper=PAPER, stop_after=stage)
    assert (made.analyses, made.sources, made.repository) == ({}, {}, {})


@pytest.mark.parametrize(
    "parts",
    [
        ("architecture_design",),
        ("overall_plan", "logic_design"),
        ("architecture_design", "overall_plan"),
        (*PARTS, "analysis"),
        PARTS[1:],
        ("coding",),
    ],
)
def test_parts_that_are_not_the_first_few_are_refused(parts):
    with pytest.raises(ValueError, match="parts must be the first few of"):
        PaperCoder(parts=parts)


def test_a_program_has_the_predictors_of_its_parts_alone():
    names = ["planner.plan", "planner.design", "planner.organise", "planner.configure"]
    for number in range(len(PARTS) + 1):
        found = [name for name, _ in PaperCoder(parts=PARTS[:number]).named_predictors()]
        assert found == [*names[: min(number, 4)], *(["analyst.analyse"] if number == 5 else []), "coder.write"]


@pytest.mark.parametrize(
    ("bundle", "fault"),
    [
        ("Here it is.", "holds no file"),
        ("==== README.md ====\nText.\n", "none of them is a Python file"),
        ("==== main.py ====\ndef (:\n", "main.py: line 1 is not Python"),
        ("==== main.py ====\n\n", "main.py: there is no code in it"),
        ("==== ../main.py ====\nx = 1\n", "leaves the repository"),
    ],
)
def test_a_repository_in_one_answer_goes_back_with_its_faults(bundle, fault):
    with answering(sections({"files": bundle}), sections({"files": BUNDLE})) as script:
        made = PaperCoder(parts=())(paper=PAPER)
    assert fault in script.prompts[1].removeprefix(script.prompts[0])
    assert "main.py" in made.repository


def test_a_repository_that_is_never_written_ends_the_run():
    with answering(*["I will not."] * 3), pytest.raises(RejectedAnswer, match="coder: source_files: 3 answers"):
        PaperCoder(parts=())(paper=PAPER)


def test_artifacts_of_an_ablation_are_kept_and_edited_ones_are_read():
    with answering(*answers(2), folder=RunFolder(Path("run"))):
        PaperCoder(concurrency=1, parts=PARTS[:2])(paper=PAPER)
    assert Path("run/repository/main.py").read_text() == CODE["main.py"]
    Path("run/repository/data.py").write_text("ones = [2]\n")
    mine = [*answers(2)[:2], *answers(2)[3:]]
    with answering(*mine, folder=RunFolder(Path("run"))) as script:
        made = PaperCoder(concurrency=1, parts=PARTS[:2])(paper=PAPER)
    assert made.repository["data.py"] == "ones = [2]\n"
    assert "### data.py\nones = [2]\n" in script.prompts[-1]
