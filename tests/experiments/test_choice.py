"""Which backbone plays which role."""

import shutil
from pathlib import Path

import pytest

from data.errors import ConfigError
from experiments.benchmarks.simulated import Server, SimulatedModel, serving
from experiments.choice import choose_backbones, find_recording, settle_backbone
from experiments.config import load_config
from experiments.run import resume_run, start_run
from tests.experiments.runs import configure, papercoder, resume, run, state

UNTRACKED = ["tracking.enabled=false"]


def chosen(*overrides: str, recording: Path | None = None) -> set[str]:
    config = settle_backbone(load_config(overrides=overrides), recording)
    return set(choose_backbones(config).values())


def test_without_key_and_backbone_one_message_names_three_ways_on() -> None:
    with pytest.raises(ConfigError) as caught:
        start_run("paper.md", Path("out"), load_config(overrides=UNTRACKED), "coding")
    message = str(caught.value)
    assert "\n" not in message
    assert "ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENAI_API_KEY, OPENROUTER_API_KEY" in message
    assert "--backbone vllm or --backbone ollama" in message
    assert "--backbone mailbox" in message
    assert not Path("out").exists()


def test_the_command_line_says_the_same_in_one_line() -> None:
    ended = papercoder("run", "paper.md")
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: no backbone to run on. Three ways on: ")
    assert ended.stderr.count("\n") == 1
    assert not Path("runs").exists()


def test_the_first_preferred_backbone_whose_key_is_set_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    assert chosen() == {"gemini"}
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert chosen() == {"o3-mini"}
    assert chosen("preferred=[gemini, openai]") == {"gemini"}


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", empty)
    with pytest.raises(ConfigError, match="no backbone to run on"):
        chosen()


def test_a_paper_with_a_recording_beside_it_is_replayed_where_no_key_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("transcript.jsonl").write_text("")
    recording = find_recording("paper.md")
    assert recording == Path("transcript.jsonl").absolute()
    assert chosen(recording=recording) == {"recorded"}
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert chosen(recording=recording) == {"o3-mini"}


@pytest.mark.parametrize("paper", ["1706.03762", "https://arxiv.org/abs/1706.03762", "x" * 5000, "a\0b"])
def test_what_is_no_file_has_no_recording(paper: str) -> None:
    Path("transcript.jsonl").write_text("")
    assert find_recording(paper) is None


def test_a_run_on_a_recording_needs_no_option_at_all(server: Server) -> None:
    run(server)
    shutil.copy("out/transcript.jsonl", "transcript.jsonl")
    ended = start_run("paper.md", Path("again"), load_config(overrides=UNTRACKED), "coding")
    assert set(ended.backbones.values()) == {"recorded (papercoder/recorded)"}


def test_a_run_keeps_its_backbone_when_another_key_is_set_before_it_is_resumed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(server)
    shutil.copy("out/transcript.jsonl", "transcript.jsonl")
    start_run("paper.md", Path("again"), load_config(overrides=UNTRACKED), "planning")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    ended = resume_run(Path("again"), state("again"), load_config(base=state("again").config), "coding")
    assert set(ended.backbones.values()) == {"recorded (papercoder/recorded)"}


def test_roles_have_backbones_of_their_own(server: Server) -> None:
    with serving(SimulatedModel(files=3, depth=2)) as other:
        ended = run(
            server,
            backbones__other__kind="api",
            backbones__other__model="openai/other",
            backbones__other__api_base=other.address,
            roles__coder="other",
        )
    assert {ask.step for ask in other.asks} == {"source_file"}
    assert "source_file" not in {ask.step for ask in server.asks}
    assert (len(server.asks), len(other.asks)) == (7, 3)
    assert ended.backbones == {
        "planner": "simulated (openai/simulated)",
        "analyst": "simulated (openai/simulated)",
        "coder": "other (openai/other)",
    }


def test_another_backbone_takes_over_on_resume_without_asking_again(server: Server) -> None:
    run(server, stop_after="planning")
    with serving(SimulatedModel(files=3, depth=2)) as other:
        assert resume(other).status == "finished"
    assert len(server.asks) == 4
    assert "overall_plan" not in {ask.step for ask in other.asks}


def test_a_missing_key_names_its_variable_and_leaves_no_folder(server: Server) -> None:
    with pytest.raises(ConfigError, match="backbone 'simulated' needs a key: set GONE_KEY in the environment"):
        run(server, backbones__simulated__key="GONE_KEY")
    assert not Path("out").exists()


def test_a_key_that_is_missing_on_resume_leaves_the_run_as_it_was(server: Server) -> None:
    before = run(server, stop_after="planning")
    with pytest.raises(ConfigError, match="set GONE_KEY"):
        resume(server, backbones__simulated__key="GONE_KEY")
    assert state() == before


def test_a_provider_that_dspy_does_not_know_is_named_with_the_other_engine(server: Server) -> None:
    with pytest.raises(ConfigError, match=r"'nobody/model' natively: .*set backbones\.simulated\.engine=litellm"):
        run(server, backbones__simulated__model="nobody/model")


def test_options_of_the_generation_reach_the_server(server: Server) -> None:
    config = configure(
        server,
        backbones__simulated__temperature=0.3,
        backbones__simulated__max_tokens=777,
        backbones__simulated__options="{reasoning_effort: low}",
    )
    start_run("paper.md", Path("out"), config, "planning")
    assert server.asks[0].settings["temperature"] == 0.3
    assert server.asks[0].settings["max_completion_tokens"] == 777
    assert server.asks[0].settings["reasoning_effort"] == "low"
    assert server.asks[0].settings["model"] == "simulated"
