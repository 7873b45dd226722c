"""API keys appear nowhere: not in files, not in MLflow, not in errors and their tracebacks."""

import base64
import traceback
from pathlib import Path

import pytest

from data.errors import BackboneError, ConfigError
from experiments.benchmarks.simulated import Ask, Reply, Server, failure
from tests.experiments.runs import papercoder, run

KEY = "sk-secret-81b7d6e2"


def echo(ask: Ask) -> Reply:
    """Quote the header that bears the key, as careless gateways do."""
    return failure(500, f"unexpected header Authorization: {ask.authorization}", Retry_After="0", X_Echo=KEY)


def assert_nowhere(folder: Path, *outputs: str) -> None:
    for secret in (KEY, base64.b64encode(KEY.encode()).decode().rstrip("=")):
        assert not any(secret in output for output in outputs)
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert [path for path in files if secret.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("engine", ["lm15", "litellm"])
def test_a_failed_run_with_its_traceback_traces_and_artifacts(
    server: Server,
    engine: str,
    tmp_path: Path,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SIMULATED_KEY", KEY)
    server.replies[1] = echo  # tried again
    server.replies |= dict.fromkeys(range(6, 30), echo)
    settings = {"engine": engine, "key": "SIMULATED_KEY", "retries": 1}
    with pytest.raises(BackboneError) as caught:
        run(server, tracking__enabled="true", **{f"backbones__simulated__{k}": v for k, v in settings.items()})
    assert all(ask.authorization == f"Bearer {KEY}" for ask in server.asks)
    assert "Authorization: Bearer ***" in str(caught.value)
    assert list(tmp_path.glob("mlartifacts/**/transcript.jsonl"))
    assert b"Authorization: Bearer ***" in store.read_bytes()
    assert_nowhere(tmp_path, *traceback.format_exception(caught.value), *capfd.readouterr())


def test_the_traceback_that_debug_shows(server: Server, tmp_path: Path) -> None:
    server.always = echo
    settings = {"backbones__simulated__key": "SIMULATED_KEY"}
    ended = papercoder(
        "--debug", "backbones", "--check", "simulated", server=server, env={"SIMULATED_KEY": KEY}, **settings
    )
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "Authorization: Bearer ***" in ended.stderr
    assert_nowhere(tmp_path, ended.stdout, ended.stderr)


@pytest.mark.parametrize("key", [f"{KEY}…", f"{KEY}\r\nX-Evil: 1"])
def test_a_key_that_no_request_can_bear(server: Server, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATED_KEY", key)
    with pytest.raises(ConfigError) as caught:
        run(server, backbones__simulated__key="SIMULATED_KEY")
    assert "the value of SIMULATED_KEY is no key" in str(caught.value)
    assert KEY not in str(caught.value)
    assert not Path("out").exists()
