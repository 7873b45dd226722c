"""The folder of a run: what is made again, what a person has edited, and what cannot be used."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import program
from data.errors import FolderError
from program.folder import RunFolder
from signatures.analysis import FileAnalysis
from signatures.artifact import Artifact
from signatures.coding import SourceFile
from signatures.planning import ArchitectureDesign, Configuration, LogicDesign, OverallPlan
from tests.program.scripted import analysis, architecture, assumption, configuration, logic_design, overall_plan, source

RUN = Path("run")
CODE = "repository/src/a.py"
NOTES = "coding/src/a.py.yaml"

ARTIFACTS: list[tuple[str, str, Artifact]] = [
    ("overall_plan", "", overall_plan()),
    ("architecture_design", "", architecture()),
    ("logic_design", "", logic_design()),
    ("configuration", "", configuration()),
    ("file_analysis", "src/a.py", analysis()),
    ("source_file", "src/a.py", source("a = 1\n", assumption("loss"))),
]


def keep_all() -> None:
    folder = RunFolder(RUN)
    for step, subject, artifact in ARTIFACTS:
        folder.keep(step, subject, artifact)


def write(name: str, text: str) -> None:
    (RUN / name).write_text(text, encoding="utf-8")


def edit(name: str, old: str, new: str) -> None:
    text = (RUN / name).read_text()
    assert old in text
    write(name, text.replace(old, new))


def load(step: str, subject: str, kind: Any, check: Any = None) -> Any:
    """Return the edited artifact as the next session sees it."""
    return RunFolder(RUN).load_edited(step, subject, kind, check)


def test_every_artifact_has_its_place():
    keep_all()
    assert sorted(path.relative_to(RUN).as_posix() for path in RUN.rglob("*") if path.is_file()) == [
        "analysis/src/a.py.yaml",
        "coding/src/a.py.yaml",
        "made.jsonl",
        "planning/architecture_design.yaml",
        "planning/config.yaml",
        "planning/configuration.yaml",
        "planning/logic_design.yaml",
        "planning/overall_plan.yaml",
        "repository/src/a.py",
    ]
    assert (RUN / CODE).read_text() == "a = 1\n"


def test_the_notes_on_a_file_do_not_repeat_it():
    folder, code = RunFolder(RUN), source("secret_name = 1\n")
    code.to_yaml()
    folder.keep("source_file", "src/a.py", code)
    assert "secret_name" not in (RUN / NOTES).read_text()


def test_artifacts_of_no_place_are_not_kept():
    RunFolder(RUN).keep("verdict", "", analysis())
    assert not RUN.exists()


@pytest.mark.parametrize(("step", "subject", "artifact"), ARTIFACTS)
def test_what_was_made_and_not_edited_does_not_count_as_edited(step, subject, artifact):
    keep_all()
    assert load(step, subject, type(artifact)) is None


@pytest.mark.parametrize(("step", "subject", "artifact"), ARTIFACTS)
def test_what_was_deleted_is_made_again(step, subject, artifact):
    keep_all()
    for path in RUN.rglob("*.*"):
        if path.is_file() and path.name != "made.jsonl":
            path.unlink()
    assert load(step, subject, type(artifact)) is None
    keep_all()
    assert (RUN / CODE).read_text() == "a = 1\n"


def test_an_unedited_file_is_replaced():
    keep_all()
    RunFolder(RUN).keep("source_file", "src/a.py", source("a = 2\n"))
    assert (RUN / CODE).read_text() == "a = 2\n"
    RunFolder(RUN).keep("source_file", "src/a.py", source("a = 1\n"))
    assert (RUN / CODE).read_text() == "a = 1\n"


def test_an_edited_file_is_not_replaced():
    keep_all()
    write(CODE, "mine = 1\n")
    RunFolder(RUN).keep("source_file", "src/a.py", source("a = 2\n"))
    assert (RUN / CODE).read_text() == "mine = 1\n"


def test_a_file_that_was_there_before_counts_as_edited():
    (RUN / "planning").mkdir(parents=True)
    write("planning/config.yaml", "mine: 1\n")
    RunFolder(RUN).keep("configuration", "", configuration())
    assert (RUN / "planning/config.yaml").read_text() == "mine: 1\n"


def test_an_edited_plan_wins():
    keep_all()
    edit("planning/overall_plan.yaml", "Add one.", "Add two.\n  Then three.")
    assert load("overall_plan", "", OverallPlan).method == "Add two. Then three."


def test_an_edited_config_wins_with_the_notes_as_they_were():
    RunFolder(RUN).keep("configuration", "", configuration("a: 1  # ours: x", assumption("rate")))
    write("planning/config.yaml", "a: 2\n")
    assert load("configuration", "", Configuration) == configuration("a: 2", assumption("rate"))


def test_edited_code_wins_whatever_is_in_it():
    keep_all()
    write(CODE, "def (:\n")
    found = load("source_file", "src/a.py", SourceFile, lambda source: ["it is not Python"])
    assert found == source("def (:\n", assumption("loss"))


def test_edited_code_wins_when_its_notes_are_gone():
    keep_all()
    write(CODE, "")
    (RUN / NOTES).unlink()
    assert load("source_file", "src/a.py", SourceFile) == source("")


def test_edited_notes_win_with_the_code_as_it_was():
    keep_all()
    edit(NOTES, "name: loss", "name: my loss")
    assert load("source_file", "src/a.py", SourceFile) == source("a = 1\n", assumption("my loss"))


def test_deleted_code_is_made_again_though_its_notes_were_edited():
    keep_all()
    edit(NOTES, "name: loss", "name: my loss")
    (RUN / CODE).unlink()
    assert load("source_file", "src/a.py", SourceFile) is None


def test_an_edited_number_counts_as_its_text():
    keep_all()
    edit("planning/overall_plan.yaml", "choice: '0'", "choice: 0.5")
    assert load("overall_plan", "", OverallPlan).assumptions[0].choice == "0.5"


def test_an_edited_plan_is_checked_like_an_answer():
    keep_all()
    edit("planning/logic_design.yaml", "numpy>=1.26", "numpy>=2")
    with pytest.raises(FolderError) as error:
        load("logic_design", "", LogicDesign, lambda logic: ["tasks: one is missing", "packages: too new"])
    assert str(error.value) == (
        "run/planning/logic_design.yaml was edited and cannot be used: tasks: one is missing; packages: too new. "
        "Mend it, or delete it to have it made again, then resume."
    )


@pytest.mark.parametrize(
    ("step", "kind", "name", "text", "reason"),
    [
        ("overall_plan", OverallPlan, "planning/overall_plan.yaml", "method: [", "while parsing"),
        ("overall_plan", OverallPlan, "planning/overall_plan.yaml", "", "it is not a YAML mapping"),
        ("overall_plan", OverallPlan, "planning/overall_plan.yaml", "- method", "it is not a YAML mapping"),
        ("overall_plan", OverallPlan, "planning/overall_plan.yaml", "method: x", "experiments: Field required"),
        ("overall_plan", OverallPlan, "planning/overall_plan.yaml", "method: 2020-13-45", "month must be in 1..12"),
        (
            "architecture_design",
            ArchitectureDesign,
            "planning/architecture_design.yaml",
            architecture().to_yaml().replace("path: data.py", "path: ../data.py"),
            "files.0.path: '../data.py' leaves the repository",
        ),
        (
            "file_analysis",
            FileAnalysis,
            "analysis/src/a.py.yaml",
            "analysis: x\nnote: y",
            "assumptions: Field required",
        ),
        ("configuration", Configuration, "planning/config.yaml", "a: [1\n", "content: does not parse as YAML"),
        ("configuration", Configuration, "planning/config.yaml", "", "content: must not be empty"),
        ("configuration", Configuration, "planning/configuration.yaml", "", "it is not a YAML mapping"),
        ("configuration", Configuration, "planning/configuration.yaml", "assumptions: 3", "assumptions: Input should"),
        ("source_file", SourceFile, NOTES, "assumptions: [{name: x}]", "assumptions.0.reason: Field required"),
    ],
)
def test_an_unusable_edit_is_one_clear_error_naming_file_and_fault(step, kind, name, text, reason):
    keep_all()
    write(name, text)
    with pytest.raises(FolderError) as error:
        load(step, "src/a.py" if name.startswith(("analysis", "coding")) else "", kind)
    message = str(error.value)
    assert message.startswith(f"run/{name} was edited and cannot be used: ")
    assert reason in message
    assert "\n" not in message


def test_the_file_at_fault_is_named_when_both_were_edited():
    keep_all()
    write("planning/config.yaml", "a: 1\n")
    write("planning/configuration.yaml", "assumptions: none\n")
    with pytest.raises(FolderError, match=r"^run/planning/configuration\.yaml was edited"):
        load("configuration", "", Configuration)


def test_an_edit_that_is_not_utf8_is_one_clear_error():
    keep_all()
    (RUN / CODE).write_bytes(b"name = 'Gr\xf6\xdfe'\n")
    with pytest.raises(FolderError, match=r"^run/repository/src/a\.py was edited .* not UTF-8 text"):
        load("source_file", "src/a.py", SourceFile)


def test_a_link_in_the_repository_is_refused():
    keep_all()
    (RUN / CODE).unlink()
    (RUN / CODE).symlink_to("/etc/hostname")
    with pytest.raises(FolderError, match="is a link"):
        load("source_file", "src/a.py", SourceFile)


def torn() -> None:
    log = RUN / "made.jsonl"
    log.write_bytes(log.read_bytes() + b'{"path": "repository/src/b.py", "sha')


def test_a_torn_last_line_of_the_log_is_ignored():
    keep_all()
    torn()
    for step, subject, artifact in ARTIFACTS:
        assert load(step, subject, type(artifact)) is None


def test_what_is_made_after_a_torn_line_is_remembered():
    keep_all()
    torn()
    RunFolder(RUN).keep("source_file", "src/b.py", source("b = 1\n"))
    assert load("source_file", "src/b.py", SourceFile) is None


def test_the_log_is_written_before_the_artifact():
    """A run killed in between must not take its own file for a person's."""
    keep_all()
    (RUN / "repository/src/b.py").mkdir()
    with pytest.raises(FolderError):
        RunFolder(RUN).keep("source_file", "src/b.py", source("b = 1\n"))
    (RUN / "repository/src/b.py").rmdir()
    write("repository/src/b.py", "b = 1\n")
    assert load("source_file", "src/b.py", SourceFile) is None


FULL = """
import resource, sys
from pathlib import Path
from data.errors import FolderError
from program.folder import RunFolder
from tests.program.scripted import source
folder = RunFolder(Path("run"))
folder.keep("source_file", "a.py", source("a = 1"))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
for number in range(2):
    try:
        folder.keep("source_file", "a.py", source("b = 1" * 1000))
    except FolderError as error:
        print(error)
"""


@pytest.mark.parametrize(("size", "file"), [(4000, "run/repository/a.py"), (20, "run/made.jsonl")])
def test_a_full_disk_is_a_clear_error_each_time_and_costs_nothing_that_was_there(size, file):
    home = str(Path(program.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": home}
    command = [sys.executable, "-c", FULL, str(size)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"cannot write {file}: File too large; make room") for line in lines)
    assert load("source_file", "a.py", SourceFile) is None
    assert (RUN / "repository/a.py").read_text() == "a = 1\n"


def test_what_is_no_longer_planned_goes_but_for_what_was_edited():
    keep_all()
    RunFolder(RUN).keep("source_file", "src/old.py", source("b = 1\n"))
    RunFolder(RUN).keep("source_file", "src/mine.py", source("c = 1\n"))
    edit("repository/src/mine.py", "c = 1", "c = 2")
    assert RunFolder(RUN).remove_unplanned({"src/a.py"}) == ["repository/src/mine.py"]
    assert not (RUN / "repository/src/old.py").exists()
    assert not (RUN / "coding/src/old.py.yaml").exists()
    assert (RUN / CODE).exists()
    assert (RUN / "planning/config.yaml").exists()


def test_what_was_made_is_listed_without_links_and_without_what_others_put_there():
    keep_all()
    Path("secret").write_text("s")
    (RUN / CODE).unlink()
    (RUN / CODE).symlink_to(Path("secret").absolute())
    write("repository/planted.txt", "p")
    names = [path.relative_to(RUN).as_posix() for path in RunFolder(RUN).made()]
    assert "planning/config.yaml" in names
    assert CODE not in names
    assert "repository/planted.txt" not in names
