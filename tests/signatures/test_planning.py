"""What the artifacts of planning hold by their types."""

from typing import Any

import pytest
from pydantic import ValidationError

from signatures.planning import ArchitectureDesign, Configuration, FileTask, LogicDesign, OverallPlan, is_test

CLASSES = "classDiagram\n    class Model"
CALLS = "sequenceDiagram\n    Main->>Model: fit()"


def design(*paths: str, **changes: Any) -> ArchitectureDesign:
    files = [{"path": path, "purpose": "x"} for path in paths]
    fields = {"approach": "numpy", "files": files, "entry_point": "main.py", "unclear": "Nothing."}
    return ArchitectureDesign.model_validate(fields | {"class_diagram": CLASSES, "sequence_diagram": CALLS} | changes)


def logic(**changes: Any) -> LogicDesign:
    task = {"path": "main.py", "role": "x", "depends_on": [], "components": [], "assumptions": []}
    fields: dict[str, Any] = {"tasks": [task], "commands": [], "quick_command": "python main.py", "packages": []}
    fields |= {"other_packages": [], "shared_knowledge": "", "api": "", "unclear": ""}
    return LogicDesign.model_validate(fields | changes)


def component(name: str) -> dict[str, str]:
    return {"name": name, "kind": "method", "place": "Section 2", "description": "x"}


def plan(**changes: Any) -> OverallPlan:
    fields = {"method": "x", "experiments": "x", "strategy": "x", "components": [component("loss")]}
    return OverallPlan.model_validate(fields | {"results": [], "assumptions": []} | changes)


def test_names_in_a_plan_are_unique_whatever_their_case():
    with pytest.raises(ValidationError, match="components: the name 'Loss' is used twice"):
        plan(components=[component("loss"), component("data"), component("Loss")])


def test_a_plan_has_components():
    with pytest.raises(ValidationError, match=r"components\n.*at least 1 item"):
        plan(components=[])


def test_the_kind_of_a_component_is_one_of_three():
    with pytest.raises(ValidationError, match="'data processing', 'method' or 'evaluation'"):
        plan(components=[component("loss") | {"kind": "model"}])


def test_the_entry_point_is_a_planned_file():
    with pytest.raises(ValidationError, match=r"entry_point: 'main\.py' is not among the files"):
        design("run.py", "tests/test_run.py")


def test_the_entry_point_may_be_written_with_a_dot():
    assert design("main.py", "tests/test_main.py", entry_point="./main.py").entry_point == "main.py"


def test_there_is_a_test():
    with pytest.raises(ValidationError, match="files: there is no test"):
        design("main.py", "tests/__init__.py", "testing.py")


@pytest.mark.parametrize("path", ["test_a.py", "tests/test_a.py", "tests/a_test.py"])
def test_knows_what_pytest_collects(path):
    assert is_test(path)
    assert not is_test(path.replace("test_", "tst_").replace("_test.py", "_tst.py"))
    assert not is_test(path.removesuffix("py") + "yaml")


def test_files_must_not_collide():
    with pytest.raises(ValidationError, match=r"'Main\.py' and 'main\.py' differ in case only"):
        design("main.py", "Main.py", "tests/test_main.py")


def test_a_bad_path_is_named():
    with pytest.raises(ValidationError, match=r"files\.1\.path\n.*'\.\./x\.py' leaves the repository"):
        design("main.py", "../x.py", "tests/test_main.py")


def test_files_that_are_made_from_the_plan_are_not_planned():
    files = design("main.py", "config.yaml", "requirements.txt", "readme.md", "README.md", "tests/test_main.py").files
    assert [file.path for file in files] == ["main.py", "tests/test_main.py"]


def test_diagrams_lose_their_fence():
    fenced = f"```mermaid\n\n{CLASSES}\n```"
    assert design("main.py", "tests/test_main.py", class_diagram=fenced).class_diagram == CLASSES


@pytest.mark.parametrize("diagram", ["flowchart TD", "Here it is:\nsequenceDiagram", "```mermaid\n\n```"])
def test_a_diagram_is_of_its_kind(diagram):
    with pytest.raises(ValidationError, match="must begin with the line 'sequenceDiagram'"):
        design("main.py", "tests/test_main.py", sequence_diagram=diagram)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("numpy is needed", "is not a requirement line"),
        ("-r more.txt", "is not a requirement line"),
        ("--index-url https://example.org", "is not a requirement line"),
        ("git+https://example.org/x.git", "is not a requirement line"),
        ("./local", "is not a requirement line"),
        ("evil @ https://example.org/evil.whl", "names an address"),
        ("evil @ file:///tmp/evil", "names an address"),
    ],
)
def test_packages_are_requirement_lines_of_the_index(line, reason):
    with pytest.raises(ValidationError, match=reason):
        logic(packages=["numpy>=1.26", line])


def test_requirement_lines_are_kept_as_they_are():
    lines = ["numpy>=1.26,<3", "torch[extra]>=2; python_version >= '3.10'", "pytest"]
    assert logic(packages=[f" {line} " for line in lines]).packages == lines


def test_paths_in_a_task_are_safe():
    with pytest.raises(ValidationError, match=r"depends_on\n.*item 0: .*not a relative path"):
        FileTask(path="a.py", role="x", depends_on=["/b.py"], components=[], assumptions=[])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rate: [0.1\nseed: 1", "does not parse as YAML"),
        ("rate: 0.1\n  seed: 1", "does not parse as YAML"),
        ("a: !!python/object/apply:os.system [ls]", "does not parse as YAML"),
        ("day: 2020-13-45", "month must be in"),
        ("- 1\n- 2", "must be a YAML mapping"),
        ("# nothing but a comment", "must be a YAML mapping"),
        ("", "must not be empty"),
    ],
)
def test_a_configuration_is_a_yaml_mapping(text, reason):
    with pytest.raises(ValidationError, match=reason):
        Configuration(content=text, assumptions=[])


def test_a_configuration_loses_its_fence_and_keeps_its_comments():
    text = "rate: 0.1  # paper: Section 4"
    assert Configuration(content=f"```yaml\n{text}\n```", assumptions=[]).content == text
