"""The recorded backbone: an earlier run again, offline."""

import shutil
from pathlib import Path

import pytest

from data.errors import BackboneError, ConfigError, PaperCoderError, RejectedAnswer
from experiments.benchmarks.simulated import Server, completion
from experiments.config import load_config
from experiments.run import resume_run, start_run
from experiments.state import RunState
from tests.experiments.runs import PAPER, repository, resume, run, state


def replay(*overrides: str, paper: str = "paper.md", out: str = "again", stop_after: str = "coding") -> RunState:
    sets = ["backbone=recorded", "tracking.enabled=false", *overrides]
    return start_run(paper, Path(out), load_config(overrides=sets), stop_after)  # type: ignore[arg-type]


RECORDING = "backbones.recorded.transcript=out/transcript.jsonl"


def test_a_run_of_another_backbone_is_replayed_without_a_call(server: Server) -> None:
    first = run(server)
    asked = len(server.asks)
    second = replay(RECORDING)
    assert len(server.asks) == asked
    assert second.status == "finished"
    assert repository("again") == repository("out")
    assert second.totals.prompt_tokens == first.totals.prompt_tokens
    assert second.totals.cost == 0.0


def test_a_recording_beside_the_paper_needs_no_name(server: Server) -> None:
    run(server)
    shutil.copy("out/transcript.jsonl", "transcript.jsonl")
    assert replay().status == "finished"
    assert repository("again") == repository("out")


def test_a_recording_of_a_recording_is_as_good(server: Server) -> None:
    run(server)
    replay(RECORDING)
    replay("backbones.recorded.transcript=again/transcript.jsonl", out="third")
    assert repository("third") == repository("out")


def test_answers_that_were_asked_again_are_replayed_with_what_came_of_them(server: Server) -> None:
    server.replies[0] = completion("Nonsense.")
    server.replies[2] = completion("")
    first = run(server)
    second = replay(RECORDING)
    assert (first.totals.calls, first.totals.asked_again) == (12, 1)
    assert (second.totals.calls, second.totals.asked_again) == (11, 1)  # nobody asks for an empty answer again
    assert repository("again") == repository("out")


def test_a_run_that_was_resumed_after_a_rejected_answer_is_replayed_to_its_end(server: Server) -> None:
    server.model.answers["overall_plan"] = lambda ask: "Nonsense."
    with pytest.raises(RejectedAnswer):
        run(server)
    server.model.answers.clear()
    resume(server)
    assert replay(RECORDING).status == "finished"
    assert repository("again") == repository("out")


def test_another_paper_is_an_error_that_says_so(server: Server) -> None:
    run(server)
    Path("other.md").write_text(PAPER.replace("Add one", "Add two"))
    with pytest.raises(BackboneError) as caught:
        replay(RECORDING, paper="other.md")
    assert "has no answer to this prompt (planner: overall_plan)" in str(caught.value)
    assert "made with another paper" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert state("again").status == "failed"


def test_an_edited_artifact_is_an_error_and_another_backbone_goes_on(server: Server) -> None:
    run(server)
    replay(RECORDING, stop_after="planning")
    config = Path("again/planning/config.yaml")
    config.write_text(config.read_text().replace("rate: 0.1", "rate: 0.3"))
    with pytest.raises(BackboneError, match="other artifacts; use another backbone"):
        resume_run(Path("again"), state("again"), load_config(base=state("again").config), "coding")
    assert resume(server, "again").status == "finished"
    assert len(server.asks) == 16


def test_no_recording_is_an_error_that_names_the_setting_and_leaves_no_folder() -> None:
    with pytest.raises(ConfigError, match=r"name it with --set backbones\.recorded\.transcript=FILE"):
        replay()
    with pytest.raises(ConfigError, match=r"no recording at gone\.jsonl"):
        replay("backbones.recorded.transcript=gone.jsonl")
    assert not Path("again").exists()


def test_a_damaged_recording_is_named() -> None:
    Path("transcript.jsonl").write_text("damaged\n")
    with pytest.raises(PaperCoderError, match=r"transcript\.jsonl, line 1 is damaged"):
        replay()


def test_a_recording_is_never_changed(server: Server) -> None:
    run(server)
    recording = Path("out/transcript.jsonl")
    recording.write_bytes(recording.read_bytes() + b'{"torn')
    before = recording.read_bytes()
    replay(RECORDING)
    assert recording.read_bytes() == before
