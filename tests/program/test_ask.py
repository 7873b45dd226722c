"""Asking again with the reason, and which model is asked."""

from pathlib import Path
from typing import Any

import dspy
import pytest

from data.errors import BackboneError, FolderError, RejectedAnswer, TruncatedAnswer
from experiments.backbones.engine import BackboneLM
from program.adapter import SharedPrefixAdapter
from program.ask import Ask, current_call
from program.folder import RunFolder
from signatures.planning import WriteConfiguration
from signatures.sections import COMPLETED, header
from tests.program.scripted import (
    CONFIG,
    Script,
    answering,
    architecture,
    configuration,
    language_model,
    logic_design,
    overall_plan,
)

INPUTS: dict[str, Any] = {
    "paper": "A paper.",
    "overall_plan": overall_plan(),
    "architecture_design": architecture(),
    "logic_design": logic_design(),
}


def answer(content: str = CONFIG) -> str:
    return f"{header('content')}\n{content}\n{header('assumptions')}\n[]\n{header(COMPLETED)}"


def has_no_tabs(artifact: Any) -> list[str]:
    return ["content: it has a tab", "content: really"] if "\t" in artifact.content else []


def ask(**more: Any) -> Any:
    return Ask(WriteConfiguration, role="planner")(**INPUTS, **more).configuration


def test_an_answer_without_fault_is_returned_at_once():
    with answering(answer()) as script:
        assert ask(check=has_no_tabs) == configuration()
    assert len(script.prompts) == 1


def test_an_answer_of_the_wrong_form_goes_back_with_its_faults():
    with answering("I will not.", answer()) as script:
        assert ask() == configuration()
    first, again = script.prompts
    assert again.startswith(first)
    added = again.removeprefix(first)
    assert added.index("I will not.") < added.index("the section [[ ## content ## ]] is missing")


def test_an_answer_that_violates_its_check_goes_back_with_the_reasons():
    with answering(answer("a: 'x\ty'"), answer()) as script:
        assert ask(check=has_no_tabs) == configuration()
    added = script.prompts[1].removeprefix(script.prompts[0])
    assert "a: 'x\ty'" in added
    assert "content: it has a tab\ncontent: really" in added


def test_a_second_rejection_is_added_behind_the_first():
    with answering("One.", "Two.", answer()) as script:
        ask()
    first, second, third = script.prompts
    assert second.startswith(first)
    assert third.startswith(second)
    assert "Two." in third.removeprefix(second)


def test_after_two_more_attempts_the_run_fails_naming_role_step_file_and_reason():
    with answering("One.", "Two.", answer("a: 'x\ty'")), pytest.raises(RejectedAnswer) as error:
        ask(check=has_no_tabs, subject="src/model.py")
    message = str(error.value)
    assert message.startswith("planner: configuration of src/model.py: 3 answers were rejected")
    assert "content: it has a tab; content: really" in message
    assert "\n" not in message


def test_each_role_asks_its_own_model():
    theirs = Script(answer())
    with answering(), dspy.context(lms={"planner": language_model(theirs), "coder": language_model(Script())}):
        ask()
    assert len(theirs.prompts) == 1


def test_a_role_without_a_model_asks_the_default_one():
    with answering(answer()), dspy.context(lms={"coder": language_model(Script())}):
        assert ask() == configuration()


@pytest.mark.parametrize("error", [BackboneError("the provider is down"), TruncatedAnswer("cut after 10 tokens")])
def test_errors_of_the_engine_pass_through(error):
    script = Script(error)
    lm = BackboneLM(script, "scripted/model", retries=0)  # type: ignore[arg-type]
    with dspy.context(lm=lm, adapter=SharedPrefixAdapter()), pytest.raises(type(error), match=str(error)):
        ask()
    assert len(script.prompts) == 1


class Watching(Script):
    """Notes what each prompt is for."""

    def complete(self, request: Any) -> Any:
        calls.append(current_call.get())
        return super().complete(request)


calls: list[Any] = []


def test_engines_can_tell_what_a_call_is_for():
    calls.clear()
    lm = language_model(Watching("One.", answer()))
    with dspy.context(lm=lm, adapter=SharedPrefixAdapter()):
        ask(subject="main.py")
    assert [(c.role, c.step, c.subject, c.attempt) for c in calls] == [
        ("planner", "configuration", "main.py", 1),
        ("planner", "configuration", "main.py", 2),
    ]
    assert current_call.get().role == ""


def test_the_artifact_is_left_in_the_folder_of_the_run():
    with answering(answer(), folder=RunFolder(Path("run"))):
        ask()
    assert Path("run/planning/config.yaml").read_text() == CONFIG


def test_a_rejected_answer_is_not_left_in_the_folder():
    with answering(answer("a: 'x\ty'"), answer(), folder=RunFolder(Path("run"))):
        ask(check=has_no_tabs)
    assert "\t" not in Path("run/planning/config.yaml").read_text()


def test_an_edited_artifact_is_used_without_asking():
    with answering(answer(), folder=RunFolder(Path("run"))):
        ask()
    Path("run/planning/config.yaml").write_text("mine: 1\n")
    with answering(folder=RunFolder(Path("run"))):
        assert ask(check=has_no_tabs).content == "mine: 1"


def test_an_edited_artifact_that_cannot_be_used_ends_the_run_without_asking():
    with answering(answer(), folder=RunFolder(Path("run"))):
        ask()
    Path("run/planning/config.yaml").write_text("mine: [1\n")
    with answering(folder=RunFolder(Path("run"))), pytest.raises(FolderError, match=r"config\.yaml was edited"):
        ask()


def test_a_saved_program_keeps_its_demos_and_its_role():
    predictor = Ask(WriteConfiguration, role="planner")
    predictor.demos = [dspy.Example(**INPUTS, configuration=configuration("shown: 1"))]
    predictor.save("saved.json")
    loaded = Ask(WriteConfiguration, role="planner")
    loaded.load("saved.json")
    with answering(answer()) as script:
        assert loaded(**INPUTS).configuration == configuration()
    assert "shown: 1" in script.prompts[0]
    assert loaded.deepcopy().role == "planner"
