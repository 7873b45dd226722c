"""The bundled samples: today's prompts replay the recorded runs."""

import json
from pathlib import Path

import pytest

from data.samples import find_sample, sample_names
from experiments.config import load_config
from experiments.run import start_run


RECORDED = [name for name in sample_names() if Path(find_sample(name) or "").with_name("transcript.jsonl").exists()]


def test_the_first_sample_is_recorded_and_the_others_are_there() -> None:
    assert RECORDED == ["tight_to_loose"]
    assert sample_names() == ["observed_over_expected", "shadow_values", "tight_to_loose"]


@pytest.mark.parametrize("name", RECORDED)
def test_the_recording_of_a_sample_replays_with_the_prompts_of_today(name: str) -> None:
    paper = Path(find_sample(name) or "")
    config = load_config(overrides=["backbone=recorded", "tracking.enabled=false"])
    state = start_run(str(paper), Path("out"), config, "coding")
    recorded = paper.with_name("transcript.jsonl").read_text(encoding="utf-8").splitlines()
    assert state.status == "finished"
    assert state.totals.calls == len(recorded)
    assert json.loads(Path("out/run.json").read_text())["totals"]["cost"] == 0
    assert state.shared_prefix is not None and state.shared_prefix >= 0.8
    written = {path.relative_to("out/repository").as_posix() for path in Path("out/repository").rglob("*.*")}
    assert {"README.md", "config.yaml", "requirements.txt", "main.py"} <= written
