"""Settings and caches are those of a fresh process in every test."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.environment import prepare_environment

prepare_environment()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell; children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY")


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in an empty folder, with no key and no MLflow server in the environment."""
    for name in [*_KEYS, *(name for name in os.environ if name.startswith("MLFLOW_TRACKING"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    import dspy

    dspy.configure(lm=None, adapter=None, callbacks=[])
