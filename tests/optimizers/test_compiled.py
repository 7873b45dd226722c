"""Compiled programs on disk."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.errors import ConfigError
from optimizers.candidate import Candidate
from optimizers.compiled import CompiledProgram, Provenance, default_candidate, show_difference

DEMO = {"file": {"path": "main.py", "role": "Runs.", "depends_on": [], "components": [], "assumptions": []}}

PROVENANCE = Provenance(
    optimizer="gepa",
    options={},
    optimized=["planner"],
    seed=0,
    backbones={"planner": "simulated (openai/simulated)"},
    judge={"protocol": "grounded"},
    papers={"train": {"a": "One"}, "dev": {"b": "Two"}, "test": {}},
    scores={when: {"dev": {"Two": score}, "test": {}} for when, score in (("before", 0.25), ("after", 0.5))},
    guards={"before": {"soundness": 1.0}, "after": {"soundness": 1.0}},
    gain={"mean": 0.25, "low": None, "high": None},
    warning=None,
    stopped=None,
    candidates=3,
    runs=8,
    spent={"calls": 88, "tokens": 1000, "cost": None, "replayed": 12},
    versions={"dspy": "3.4.1"},
    made="2026-11-01T00:00:00+00:00",
)


def candidate(word: str = "Mind the masks.", demos: int = 0) -> Candidate:
    default = default_candidate()
    return Candidate(
        {**default.instructions, "planner.design": f"{default.instructions['planner.design']}\n{word}"},
        {**default.demos, "coder.write": [DEMO] * demos},
    )


def saved(path: str = "program.json", **more: Any) -> Path:
    CompiledProgram.of(candidate(**more), PROVENANCE).save(Path(path))
    return Path(path)


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        CompiledProgram.load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(change: Callable[[Any], None]) -> Path:
    path = saved()
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return path


def test_what_is_saved_is_loaded() -> None:
    loaded = CompiledProgram.load(saved(demos=1))
    assert loaded == CompiledProgram.of(candidate(demos=1), PROVENANCE)
    assert Candidate.of(loaded.program(4)) == candidate(demos=1)
    assert loaded.program(4).concurrency == 4


def test_a_file_is_one_json_with_instructions_demos_and_provenance() -> None:
    content = json.loads(saved(demos=1).read_text())
    assert content["predictors"]["planner.design"]["instructions"].endswith("Mind the masks.")
    assert content["predictors"]["coder.write"]["demos"] == [DEMO]
    assert content["provenance"]["papers"]["dev"] == {"b": "Two"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "program.json is damaged: Expecting value"),
        ('{"kind": ', "program.json is damaged: Expecting value"),
        ("[]", "is no compiled program of this version: its kind is None, not 'papercoder-program-1'"),
        ('{"kind": "papercoder-program-0"}', "its kind is 'papercoder-program-0', not 'papercoder-program-1'"),
        ('{"kind": "papercoder-program-1"}', "program.json is damaged: 2 validation errors"),
    ],
)
def test_a_file_that_is_corrupt_or_of_another_version_is_one_line(text: str, said: str) -> None:
    Path("program.json").write_text(text)
    assert said in refusal(Path("program.json"))


def test_a_file_that_is_no_text_or_not_there_is_one_line() -> None:
    Path("program.json").write_bytes(b"\xff\xfe\x00")
    assert "program.json is damaged" in refusal(Path("program.json"))
    assert refusal(Path("none.json")) == "program: cannot read none.json: No such file or directory"
    assert refusal(Path()) == "program: cannot read .: Is a directory"


def test_half_a_file_is_damaged() -> None:
    path = saved()
    path.write_text(path.read_text()[:-100])
    assert "program.json is damaged" in refusal(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["predictors"].pop("coder.write"), "the predictor 'coder.write' is only in this version"),
        (
            lambda c: c["predictors"].update(old=c["predictors"]["coder.write"]),
            "the predictor 'old' is only in the file",
        ),
        (
            lambda c: c["predictors"]["coder.write"]["signature"].update(code="str", extra="str"),
            "'coder.write' differs in code, extra",
        ),
        (lambda c: c["predictors"]["planner.plan"]["signature"].pop("paper"), "'planner.plan' differs in paper"),
    ],
)
def test_one_that_was_made_for_other_signatures_names_what_differs(change: Callable[[Any], None], said: str) -> None:
    assert refusal(changed(change)) == (
        f"program: program.json was compiled for other signatures: {said}; compile again"
    )


@pytest.mark.parametrize(
    "demo",
    [{"file": {"path": "../main.py"}}, {"source_file": {"content": "x"}}],
)
def test_demos_that_no_prompt_can_be_made_of_are_damage(demo: dict[str, Any]) -> None:
    path = changed(lambda content: content["predictors"]["coder.write"].update(demos=[demo]))
    assert refusal(path).startswith("program: program.json is damaged: ")


def test_a_difference_shows_the_lines_and_names_what_is_the_same() -> None:
    lines = list(show_difference(default_candidate(), candidate(demos=1), ("default", "mine")))
    assert lines[:3] == ["== planner.design", "--- default", "+++ mine"]
    assert "+Mind the masks." in lines
    assert not any(line.startswith("-") and not line.startswith("---") for line in lines)
    assert lines[lines.index("== coder.write") + 1] == "demos: 0 in default, 1 in mine"
    assert lines[-1] == "unchanged: planner.plan, planner.organise, planner.configure, analyst.analyse"


def test_other_demos_of_the_same_number_are_a_difference() -> None:
    one, other = candidate(demos=1), candidate(demos=1)
    other.demos["coder.write"][0] = {"file": {**DEMO["file"], "role": "Tests."}}
    assert "demos: 1 in a, 1 in b" in list(show_difference(one, other, ("a", "b")))


def test_what_is_the_same_has_no_difference() -> None:
    (line,) = show_difference(candidate(), candidate(), ("a", "b"))
    assert line.startswith("unchanged: planner.plan, planner.design")
