"""Answers that cannot be used: asked again with the reason, and then an error that names stage and file."""

from collections.abc import Callable
from typing import Any

import pytest

from data.errors import RejectedAnswer
from experiments.benchmarks.simulated import Ask, Server, sections
from tests.experiments.runs import repository, resume, run, state

Change = Callable[[dict[str, Any]], Any]


def files(*paths: str, entry: str = "main.py") -> Change:
    """Plan these files."""
    return lambda answer: answer.update(
        files=[{"path": path, "purpose": "To test."} for path in paths], entry_point=entry
    )


def depends(path: str, *on: str) -> Change:
    """Let a file depend on others."""

    def change(answer: dict[str, Any]) -> None:
        next(task for task in answer["tasks"] if task["path"] == path)["depends_on"] = list(on)

    return change


def put(**fields: Any) -> Change:
    return lambda answer: answer.update(fields)


WRONG: dict[str, tuple[str, str, Change, str]] = {
    "a path that leaves": ("architecture_design", "", files("main.py", "../x.py", "test_a.py"), "'../x.py' leaves the"),
    "a hidden way out": ("architecture_design", "", files("main.py", "a/../../x.py", "test_a.py"), "leaves the repos"),
    "an absolute path": ("architecture_design", "", files("main.py", "/etc/x.py", "test_a.py"), "not a relative path"),
    "a Windows path": ("architecture_design", "", files("main.py", "C:\\x.py", "test_a.py"), "not a relative path"),
    "a path into git": ("architecture_design", "", files("main.py", ".git/hooks/x", "test_a.py"), "folder of git"),
    "a path twice": ("architecture_design", "", files("main.py", "main.py", "test_a.py"), "'main.py' is listed twice"),
    "a case collision": ("architecture_design", "", files("main.py", "Main.py", "test_a.py"), "differ in case only"),
    "a file and folder": (
        "architecture_design",
        "",
        files("main.py", "a", "a/b.py", "test_a.py"),
        "is a file and also",
    ),
    "no entry point": ("architecture_design", "", files("model.py", "test_a.py"), "'main.py' is not among the files"),
    "no test": ("architecture_design", "", files("main.py"), "there is no test"),
    "an empty file list": ("architecture_design", "", files(), "files: "),
    "a file list of words": ("architecture_design", "", put(files="main.py and more"), "files"),
    "no diagram": ("architecture_design", "", put(class_diagram="A box and a line."), "must begin with the line"),
    "a cycle": ("logic_design", "", depends("part_00.py", "main.py"), "form a cycle: "),
    "an unknown dependency": ("logic_design", "", depends("main.py", "gone.py"), "'gone.py', which is not among the"),
    "a missing task": ("logic_design", "", lambda answer: answer["tasks"].pop(), "has no task"),
    "a component without a file": ("logic_design", "", lambda a: a["tasks"][0].update(components=[]), "is assigned to"),
    "a package with an address": ("logic_design", "", put(packages=["x @ https://h/x", "pytest"]), "names an address"),
    "a config.yaml that does not parse": ("configuration", "", put(content="rate: [0.1"), "does not parse as YAML"),
    "a config.yaml of words": ("configuration", "", put(content="The rate is high."), "must be a YAML mapping"),
    "a plan without components": ("overall_plan", "", put(components=[]), "components"),
    "an empty analysis": ("file_analysis", "part_00.py", put(analysis=" "), "must not be empty"),
    "code that does not parse": ("source_file", "part_00.py", put(content="def f(:\n"), "line 1 is not Python"),
    "code that says nothing": ("source_file", "part_00.py", put(content='"""To do."""\n'), "there is no code in it"),
}


@pytest.fixture(params=WRONG)
def wrong(request: pytest.FixtureRequest, server: Server) -> tuple[str, str, Callable[[Ask], str], str]:
    """Return step, subject, the wrong answer and the reason for which it is rejected."""
    step, subject, change, reason = WRONG[request.param]

    def answer(ask: Ask) -> str:
        fields = server.model.fields(step, ask.subject, ask.prompt)
        change(fields)
        return sections(fields)

    return step, subject, answer, reason


def first_only(server: Server, answer: Callable[[Ask], str]) -> Callable[[Ask], str]:
    """Return an answer that is wrong at first and right when it is asked again."""
    return lambda ask: sections(server.model.fields(ask.step, ask.subject, ask.prompt)) if ask.again else answer(ask)


def test_a_wrong_answer_is_asked_again_with_its_reason(server: Server, wrong: Any) -> None:
    step, subject, answer, reason = wrong
    server.model.answers[step, subject] = first_only(server, answer)
    ended = run(server)
    assert (ended.status, ended.totals.calls, ended.totals.asked_again) == ("finished", 11, 1)
    again = [ask for ask in server.asks if ask.again]
    assert [(ask.step, ask.subject) for ask in again] == [(step, subject)]
    assert reason in again[0].prompt.partition("This answer cannot be used")[2]


def test_a_wrong_answer_that_is_repeated_fails_the_run_naming_stage_and_file(server: Server, wrong: Any) -> None:
    step, subject, answer, reason = wrong
    server.model.answers[step, subject] = answer
    with pytest.raises(RejectedAnswer) as caught:
        run(server)
    message = str(caught.value)
    role = {"file_analysis": "analyst", "source_file": "coder"}.get(step, "planner")
    assert message.startswith(f"{role}: {step}" + (f" of {subject}" if subject else ""))
    assert reason in message
    assert "\n" not in message
    assert (state().status, state().error) == ("failed", message)
    assert sum((ask.step, ask.subject) == (step, subject) for ask in server.asks) == 3
    assert "part_00.py" not in repository()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I cannot help with that.", "the section [[ ## method ## ]] is missing"),
        ("[[ ## method ## ]]\nCut in the mid", "the last line [[ ## completed ## ]] is missing"),
        ("{}", "is missing"),
    ],
)
def test_an_answer_in_another_form_is_asked_again_with_what_is_missing(server: Server, text: str, reason: str) -> None:
    server.model.answers["overall_plan"] = first_only(server, lambda ask: text)
    assert run(server, stop_after="planning").totals.asked_again == 1
    assert reason in server.asks[1].prompt
    assert text in server.asks[1].prompt


def test_the_third_attempt_is_told_what_was_wrong_with_both_before(server: Server) -> None:
    server.model.answers["overall_plan"] = lambda ask: f"Answer number {ask.number}."
    with pytest.raises(RejectedAnswer):
        run(server)
    assert "Answer number 0." in server.asks[2].prompt
    assert "Answer number 1." in server.asks[2].prompt


@pytest.mark.parametrize("step", ["overall_plan", "source_file"])
def test_a_run_that_failed_by_a_rejected_answer_gets_another_attempt_when_it_is_resumed(
    server: Server, step: str
) -> None:
    server.model.answers[step] = lambda ask: "Nonsense."
    with pytest.raises(RejectedAnswer):
        run(server)
    with pytest.raises(RejectedAnswer):
        resume(server)
    del server.model.answers[step]
    before = len(server.asks)
    assert resume(server).status == "finished"
    prompts = [ask.prompt for ask in server.asks]
    repeated = [prompt for prompt in prompts[before:] if prompt in prompts[:before]]
    assert {prompt.count("This answer cannot be used") for prompt in repeated} == {2}
