"""The documents of MetaGPT's roles."""

import pytest
from pydantic import ValidationError

from signatures.metagpt import ProductRequirements, SystemDesign, TaskList, WrittenFile


def requirements(*priorities: str) -> ProductRequirements:
    return ProductRequirements.model_validate(
        {
            "product_goals": ["Count."],
            "user_stories": ["As a reader I want numbers."],
            "alternatives": [],
            "analysis": "Hard.",
            "requirement_pool": [{"priority": priority, "requirement": "Count."} for priority in priorities],
            "usage": "python main.py",
            "unclear": "",
        }
    )


def design(*paths: str) -> SystemDesign:
    return SystemDesign(
        implementation_approach="numpy", file_list=list(paths), data_structures="x", call_flow="y", unclear=""
    )


def test_a_requirement_pool_has_something_that_must_be():
    assert len(requirements("P0", "P2").requirement_pool) == 2
    with pytest.raises(ValidationError, match="none of the requirements is a P0"):
        requirements("P1", "P2")


def test_priorities_are_three():
    with pytest.raises(ValidationError, match=r"requirement_pool\.0\.priority"):
        requirements("P3")


def test_paths_of_a_design_are_written_alike():
    assert design("main.py", "./net/model.py").file_list == ["main.py", "net/model.py"]


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (["main.py", "../a.py"], "leaves the repository"),
        (["main.py", "Main.py"], "differ in case only"),
        (["main.py", "net", "net/a.py"], "is a file and also the folder"),
        (["net/model.py"], "'main.py' is not among"),
        ([], "at least 1 item"),
    ],
)
def test_refuses_a_file_list_and_says_why(paths, reason):
    with pytest.raises(ValidationError, match=reason):
        design(*paths)


def test_an_unsafe_path_of_a_task_is_refused():
    with pytest.raises(ValidationError, match="leaves the repository"):
        TaskList.model_validate(
            {"packages": [], "tasks": [{"path": "../a.py", "work": "It."}], "shared_knowledge": "", "unclear": ""}
        )


@pytest.mark.parametrize("text", ["x = 1", "\n\nx = 1\n\n", "```python\nx = 1\n```", "x = 1\r\n"])
def test_a_written_file_is_the_code_itself_with_one_newline_at_the_end(text):
    assert WrittenFile(content=text).content == "x = 1\n"
