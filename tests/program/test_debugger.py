"""The debugger, with a model that answers from a script and runs that end as they are told to."""

from collections.abc import Mapping
from typing import Any

import pytest

from data.errors import RejectedAnswer
from program.debugger import Debugger, Mender, Round, choose_files, describe_failure, is_same
from program.execution.report import Execution, Failure, Frame
from program.stand_ins import StandInMaker
from tests.program.scripted import answering

FILES = {"main.py": "import model\n\nmodel.go(1)\n", "model.py": "def go(x):\n    return y\n", "config.yaml": "a: 1\n"}
NAME = Failure(kind="name", error="NameError: y", frame=Frame(file="model.py", line=2, function="go"))
OTHER = Failure(kind="type", error="TypeError: x", frame=Frame(file="main.py", line=3, function="<module>"))


class Runs:
    """Ends each run as the next of these; a failure or None for a run that comes to its end."""

    def __init__(self, *ends: Failure | None) -> None:
        self.ends = list(ends)
        self.seen: list[dict[str, str]] = []

    def __call__(self, files: Mapping[str, str]) -> Execution:
        self.seen.append(dict(files))
        end = self.ends.pop(0)
        trace = f'  File "/repository/{end.frame.file}", line 2\n{end.error}\n' if end and end.frame else ""
        return Execution(status="failed" if end else "ran", command="python main.py", failure=end, stderr=trace)


def fault(file: str = "model.py") -> str:
    return (
        f'[[ ## file ## ]]\n{file}\n\n[[ ## place ## ]]\ngo\n\n[[ ## kind ## ]]\n"code"\n\n'
        "[[ ## cause ## ]]\ny is not defined.\n\n[[ ## completed ## ]]"
    )


def repair(
    search: str = "    return y\n", replace: str = "    return x\n", file: str = "model.py", add: str = "[]"
) -> str:
    edits = f"==== {file} ====\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE" if file else ""
    return (
        f"[[ ## edits ## ]]\n{edits}\n\n[[ ## add_requirements ## ]]\n{add}\n\n[[ ## remove_requirements ## ]]\n[]\n\n"
        "[[ ## explanation ## ]]\nIt returns x.\n\n[[ ## completed ## ]]"
    )


def debug(runs: Runs, rounds: int = 5, **more: Any) -> Any:
    return Debugger()(paper="# Paper\n", files=FILES, run=runs, rounds=rounds, **more)


def test_a_repository_that_runs_is_left_alone():
    with answering():
        done = debug(Runs(None))
    assert (done.end, done.rounds, done.files) == ("it runs", [], FILES)


def test_a_fault_is_localized_repaired_and_run_again():
    runs, told = Runs(NAME, None), list[tuple[int, Round]]()
    with answering(fault(), repair()) as script:
        done = debug(runs, watch=lambda number, record: told.append((number, record)))
    assert done.end == "it runs"
    assert done.files == {**FILES, "model.py": "def go(x):\n    return x\n"} == runs.seen[1]
    assert (
        done.rounds[0].diff
        == "--- a/model.py\n+++ b/model.py\n@@ -1,2 +1,2 @@\n def go(x):\n-    return y\n+    return x\n"
    )
    assert told == [(1, done.rounds[0])]
    first, second = script.prompts
    assert "Place: model.py, line 2, in go" in first
    assert "y is not defined." in second
    assert first[: first.index("[[ ## task")] == second[: second.index("[[ ## task")]  # both begin with the same


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (repair(search="    return z\n"), "does not stand in the file"),
        (repair(search="", file="../outside.py"), "is not a path of the repository"),
        (repair(file=""), "nothing would change"),
        (repair(replace="    return (\n"), "is not Python"),
    ],
)
def test_a_repair_that_cannot_be_applied_goes_back_with_the_reason(wrong: str, reason: str):
    runs = Runs(NAME, None)
    with answering(fault(), wrong, repair()) as script:
        assert debug(runs).end == "it runs"
    assert reason in script.prompts[2]
    assert len(runs.seen) == 2


def test_a_model_that_proposes_no_usable_edit_is_an_error_that_names_the_round():
    with answering(fault(), *[repair(file="")] * 3), pytest.raises(RejectedAnswer, match="repair of round 1"):
        debug(Runs(NAME))


def test_the_same_error_twice_ends_it():
    with answering(fault(), repair()):
        done = debug(Runs(NAME, NAME))
    assert (done.end, len(done.rounds)) == ("the same error again", 1)


def test_another_error_is_progress_and_what_was_tried_is_told():
    with answering(fault(), repair(), fault("main.py"), repair("model.go(1)\n", "model.go(2)\n", "main.py")) as script:
        done = debug(Runs(NAME, OTHER, None))
    assert (done.end, len(done.rounds)) == ("it runs", 2)
    assert "Repair 1, after the failure 'name: NameError: y in model.py, go': It returns x." in script.prompts[2]


def test_it_ends_when_no_rounds_are_left():
    with answering(fault(), repair()):
        assert debug(Runs(NAME, OTHER), rounds=1).end == "no rounds are left"
    with answering():
        assert debug(Runs(NAME), rounds=0).end == "no rounds are left"


def test_a_missing_package_is_repaired_in_the_requirements():
    missing = Failure(kind="missing dependency", error="ModuleNotFoundError: No module named 'yaml'", package="yaml")
    with answering(fault("requirements.txt"), repair(file="", add='["pyyaml"]')) as script:
        done = debug(Runs(missing, None))
    assert done.files["requirements.txt"] == "pyyaml\n"
    assert "Not installed: yaml" in script.prompts[0]


def test_of_a_repository_without_room_the_files_of_the_traceback_are_shown_first():
    files = {"a.py": "a" * 400, "b.py": "b" * 400, "c.py": "c" * 400, "data.bin": "\0", "big.csv": "1" * 10**5}
    assert choose_files(files, ["b.py"], 150) == ({"b.py": files["b.py"]}, ["a.py", "c.py"])
    assert list(choose_files(files, ["b.py"], 250)[0]) == ["a.py", "b.py"]
    assert choose_files(files, ["b.py"], 1000)[1] == []


def test_what_checks_found_is_mended_by_the_coder_once():
    with answering(repair()) as script:
        mended = Mender()(paper="# Paper\n", files=FILES, faults=["model.py: line 2 Undefined name `y`"])
    assert mended.files["model.py"] == "def go(x):\n    return x\n"
    assert "Undefined name `y`" in script.prompts[0]


def test_stand_ins_are_made_by_a_program():
    answer = "[[ ## program ## ]]\n```python\nopen('a.csv', 'w').write('1')\n```\n\n[[ ## completed ## ]]"
    broken = answer.replace("open(", "open((")
    with answering(broken, answer) as script:
        made = StandInMaker()(files={"main.py": "open('a.csv')\n", "b.py": ""}, missing=["a.csv"]).stand_ins
    assert made.program.strip() == "open('a.csv', 'w').write('1')"
    assert "is not Python" in script.prompts[1]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"line": 3}, True),  # the same line, further down
        ({"text": "return z"}, True),  # the line was changed, to no avail
        ({"line": 90, "text": "other(y)"}, False),
        ({"function": "stop"}, False),
        ({"file": "b.py"}, False),
    ],
)
def test_a_failure_is_known_again_by_its_line_or_its_words(other: dict[str, Any], same: bool):
    place = {"file": "a.py", "line": 2, "function": "go", "text": "return y"}
    one, two = (Failure(kind="name", error="y", frame=Frame.model_validate(frame)) for frame in (place, place | other))
    assert is_same(one, two) is same


def test_places_of_this_machine_are_not_told():
    trace = (
        '  File "/opt/py/lib/python3.12/pathlib.py", line 1\n  File "/c/e/lib/python3.11/site-packages/numpy/a.py"\n'
        '  File "/repository/main.py", line 2\n'
    )
    told = describe_failure(Execution(status="failed", command="python main.py", stderr=trace))
    assert 'File "<python>/pathlib.py", line 1\n  File "<packages>/numpy/a.py"\n  File "/repository/main.py"' in told
