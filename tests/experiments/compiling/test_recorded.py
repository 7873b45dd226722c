"""The recorded compilation: real completions, replayed offline."""

from pathlib import Path

import pytest
import yaml

from experiments.compiling.run import compile_program
from experiments.config import load_config
from optimizers.compiled import CompiledProgram

ROOT = Path(__file__).parents[3]
RECORDED = ROOT / "data/compilations/planner"
CONFIG = ROOT / "experiments/configs/compile-sample.yaml"


def test_the_recorded_compilation_comes_out_as_it_did() -> None:
    config = yaml.safe_load(CONFIG.read_text())
    config["backbones"]["recorded"]["transcript"] = str(ROOT / config["backbones"]["recorded"]["transcript"])
    compiled, _ = compile_program(load_config(base={**config, "tracking": {"enabled": False}}), Path("out"))
    known = CompiledProgram.load(RECORDED / "program.json")
    assert compiled.candidate == known.candidate
    assert compiled.provenance.gain["mean"] == 0.0
    for name in ("scores", "guards", "papers", "candidates", "runs", "stopped", "warning"):
        assert getattr(compiled.provenance, name) == getattr(known.provenance, name)
    assert len(Path("out/evaluations.jsonl").read_text().splitlines()) == 16


@pytest.mark.parametrize("name", ["program.json", "transcript.jsonl"])
def test_no_place_of_the_machine_it_was_made_on_is_in_it(name: str) -> None:
    text = (RECORDED / name).read_text()
    assert not any(place in text for place in ("/root/", "/home/", "site-packages"))
