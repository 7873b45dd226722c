"""The bundled samples: each has a recorded run that today's prompts replay."""

import json
from pathlib import Path

import pytest

from data.samples import find_sample, sample_names
from experiments.config import load_config
from experiments.run import start_run


@pytest.mark.parametrize("name", sample_names())
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
