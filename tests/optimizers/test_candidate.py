"""What a program asks with, read off and put back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dspy
import pytest

from data.read import read_paper
from experiments.backbones.build import Sources
from experiments.benchmarks.simulated import SimulatedModel, serving
from experiments.config import load_config
from experiments.session import open_session
from experiments.tracking import Tracker
from optimizers.candidate import STAGES, Candidate, freeze, predictors_of
from optimizers.compiled import default_candidate
from program.adapter import SharedPrefixAdapter
from program.paper_coder import PaperCoder
from tests.experiments.runs import PAPER, simulated


@pytest.fixture
def demonstrated(tmp_path: Path) -> Iterator[PaperCoder]:
    """A program with demos as DSPy's optimizers take them from a trace: typed, with all inputs."""
    Path("paper.md").write_text(PAPER)
    program = PaperCoder()
    with serving(SimulatedModel(files=3, depth=2)) as server:
        config = load_config(overrides=simulated(server.address))
        session = open_session(tmp_path, Sources(config, tmp_path), dict.fromkeys(STAGES, "simulated"))  # type: ignore[arg-type]
        trace: list[Any] = []
        with session.asking(Tracker(), trace=trace, max_trace_size=1000):
            program(paper=read_paper("paper.md"))
    for predictor in predictors_of(program).values():
        inputs = set(predictor.signature.input_fields)
        found = next((i, o) for p, i, o in trace if p is predictor)
        predictor.demos = [dspy.Example(**{k: v for k, v in found[0].items() if k in inputs}, **found[1])]
    yield program


def prompts(program: PaperCoder) -> dict[str, str]:
    adapter = SharedPrefixAdapter()
    return {
        name: json.dumps(adapter.format(predictor.signature, predictor.demos, {"paper": "A paper."}))
        for name, predictor in predictors_of(program).items()
    }


def round_trip(candidate: Candidate) -> Candidate:
    """Write a candidate and read it again."""
    content = json.loads(json.dumps([candidate.instructions, candidate.demos]))
    return Candidate(*content)


def test_all_six_steps_of_the_program_can_be_compiled() -> None:
    assert list(predictors_of(PaperCoder())) == [
        "planner.plan",
        "planner.design",
        "planner.organise",
        "planner.configure",
        "analyst.analyse",
        "coder.write",
    ]


def test_prompts_are_byte_identical_after_a_way_through_json_demos_included(demonstrated: PaperCoder) -> None:
    assert all(predictor.demos for predictor in predictors_of(demonstrated).values())
    restored = PaperCoder()
    candidate = round_trip(Candidate.of(demonstrated))
    candidate.apply(restored)
    assert prompts(restored) == prompts(demonstrated)
    assert prompts(restored) != prompts(PaperCoder())
    assert Candidate.of(restored) == candidate
    assert Candidate.of(restored).key == Candidate.of(demonstrated).key


def test_demos_do_not_repeat_the_paper(demonstrated: PaperCoder) -> None:
    assert "Learning to Count" not in json.dumps(Candidate.of(demonstrated).demos["planner.plan"])


def test_other_instructions_or_demos_are_another_candidate(demonstrated: PaperCoder) -> None:
    keys = {default_candidate().key, Candidate.of(demonstrated).key}
    program = PaperCoder()
    for name, predictor in predictors_of(program).items():
        predictor.signature = predictor.signature.with_instructions(f"Do it well ({name}).")
        keys.add(Candidate.of(program).key)
    assert len(keys) == 8


def test_applying_a_candidate_leaves_other_programs_alone() -> None:
    candidate = round_trip(default_candidate())
    candidate.instructions["coder.write"] = "Write."
    candidate.apply(PaperCoder())
    assert Candidate.of(PaperCoder()) == default_candidate()


@pytest.mark.parametrize("optimized", [["planner"], ["coder"], ["analyst", "coder"], list(STAGES)])
def test_frozen_stages_are_hidden_from_optimizers_and_the_others_are_not(optimized: list[str]) -> None:
    program = PaperCoder()
    freeze(program, optimized)
    assert {name.split(".")[0] for name, _ in program.named_predictors()} == set(optimized)
    assert len(predictors_of(program)) == 6


def test_a_program_can_be_thawed() -> None:
    program = PaperCoder()
    freeze(program, ["coder"])
    freeze(program, STAGES)
    assert len(program.named_predictors()) == 6


def test_halves_of_surrogate_pairs_have_a_key_too() -> None:
    candidate = Candidate({"coder.write": "\ud800"}, {"coder.write": []})
    assert candidate.key
