"""The bundled samples: today's prompts replay the recorded runs."""

import json
from pathlib import Path
from statistics import fmean

import pytest

from data.samples import find_sample, sample_names
from experiments.config import CONFIGS, load_config
from experiments.grid.run import run_experiment
from experiments.grid.spec import load_spec
from experiments.judge import judge_repository
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
    assert state.status == "finished"
    assert (state.totals.calls, state.totals.asked_again) == (20, 0)
    assert json.loads(Path("out/run.json").read_text())["totals"]["cost"] == 0
    assert state.shared_prefix is not None and state.shared_prefix >= 0.8
    written = {path.relative_to("out/repository").as_posix() for path in Path("out/repository").rglob("*.*")}
    assert {"README.md", "config.yaml", "requirements.txt", "main.py"} <= written


def test_the_experiment_on_the_sample_prints_its_table_from_recorded_completions() -> None:
    spec = load_spec(CONFIGS / "sample.yaml")
    config = load_config(overrides=["tracking.enabled=false"], base=spec.config)
    cells, report, folder = run_experiment(spec, config, Path("out"))
    assert [(cell.method, cell.status) for cell in cells] == [
        (method, "finished") for method in ("Abstract", "Paper", "PaperCoder", "Oracle")
    ]
    grounded = {
        (cell.method, score.setting): score.mean
        for cell in cells
        for score in cell.scores
        if score.protocol == "grounded"
    }
    assert grounded["Abstract", "reference-free"] == pytest.approx(fmean([2.71, 2.8]))
    assert grounded["Abstract", "reference-free"] < grounded["Oracle", "reference-free"] < 5
    assert {(score.requested, score.valid) for cell in cells for score in cell.scores} == {(2, 2)}
    assert "| Abstract | 2.75 (-) |" in report.tables["methods-grounded"].markdown()
    assert (folder / "report" / "methods-paper.tex").is_file()


def test_the_verdict_on_the_recorded_run_is_recorded_too() -> None:
    config = load_config(overrides=["backbone=recorded", "tracking.enabled=false", "judge.samples=2"])
    start_run(str(find_sample("tight_to_loose")), Path("out"), config, "coding")
    first, *_ = judge_repository(Path("out"), None, None, None, None, config)
    assert first == "5.00 of 5 (standard deviation 0.00): protocol grounded, reference-free"
