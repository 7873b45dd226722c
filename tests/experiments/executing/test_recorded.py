"""The recorded debugger, on repositories of `data/faulty` that run within seconds; others are for the benchmark."""

from pathlib import Path

import pytest

from data.faulty import RECORDING, faulty_repositories
from experiments.config import load_config
from experiments.executing.debug import debug_repository
from program.sandbox.dependencies import prepare
from tests.experiments.executing.repositories import need_sandbox


@pytest.mark.parametrize("name", ["missing_import", "missing_dependency"])
def test_what_a_real_model_answered_still_repairs(name: str) -> None:
    need_sandbox()
    if prepare("pyyaml\nnumpy\n", Path("cache")).findings:
        pytest.skip("no package index here")
    (faulty,) = [one for one in faulty_repositories() if one.name == name]
    faulty.write(Path("repository"))
    settings = ["tracking.enabled=false", "execution.cache=cache", f"backbones.recorded.transcript={RECORDING}"]
    config = load_config(overrides=["backbone=recorded", *settings])
    done, _ = debug_repository(Path("repository"), faulty.sample, None, Path("out"), config)
    assert (done.end, done.modified_lines) == ("it runs", 1)
