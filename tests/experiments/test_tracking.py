"""Runs in MLflow, on a real sqlite store: what is logged, and that its status is that of `run.json`."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run, Trace

from data.errors import BackboneError, ConfigError, RejectedAnswer
from experiments.benchmarks.simulated import Ask, Server, completion, failure
from experiments.state import RunState
from tests.experiments.runs import command, resume, run, state

TRACKED = {"tracking__enabled": "true"}


@pytest.fixture(autouse=True)
def client(store: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{store}")


def the_run(client: MlflowClient) -> Run:
    """Return the one run of the store, after holding it against `run.json`."""
    experiments = [e.experiment_id for e in client.search_experiments() if e.name == "papercoder"]
    (found,) = client.search_runs(experiments)
    assert found.info.run_id == state().mlflow_run
    return found


def traces(client: MlflowClient) -> list[Trace]:
    experiments = [e.experiment_id for e in client.search_experiments()]
    return list(client.search_traces(locations=experiments))


def assert_metrics_are_those_of(ended: RunState, found: Run) -> None:
    metrics = found.data.metrics
    assert metrics["seconds"] == ended.seconds
    assert metrics["shared_prefix"] == ended.shared_prefix
    for name in ("calls", "asked_again", "prompt_tokens", "cached_tokens", "completion_tokens"):
        assert metrics[name] == getattr(ended.totals, name)
    for stage, figures in ended.stages.items():
        for name, value in figures.model_dump().items():
            assert metrics[f"{stage}.{name}"] == value
    if ended.statistics:
        for name, value in ended.statistics.model_dump().items():
            assert metrics[f"repository.{name}"] == value


def test_a_finished_run_has_parameters_metrics_tags_and_artifacts(server: Server, client: MlflowClient) -> None:
    ended = run(server, backbones__simulated__temperature=0.5, backbones__simulated__price=PRICE, **TRACKED)
    found = the_run(client)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "learning-to-count"
    assert found.data.params == {
        "stop_after": "coding",
        "concurrency": "64",
        **{f"{role}.backbone": "simulated" for role in ("planner", "analyst", "coder")},
        **{f"{role}.model": "openai/simulated" for role in ("planner", "analyst", "coder")},
        **{f"{role}.temperature": "0.5" for role in ("planner", "analyst", "coder")},
        **{f"{role}.max_tokens": "None" for role in ("planner", "analyst", "coder")},
    }
    assert_metrics_are_those_of(ended, found)
    assert found.data.metrics["cost"] == ended.totals.cost > 0  # type: ignore[operator]
    tags = found.data.tags
    assert (tags["status"], tags["paper"], tags["backbone"]) == ("finished", "Learning to Count", "simulated")
    assert (tags["paper_hash"], tags["prompt_hash"]) == (ended.paper_hash, ended.prompt_hash)
    names = {artifact.path for artifact in client.list_artifacts(found.info.run_id)}
    assert {"run.json", "paper.md", "transcript.jsonl", "planning", "analysis", "repository"} <= names
    assert not any(name.startswith(".") for name in names)
    code = client.download_artifacts(found.info.run_id, "repository/main.py")
    assert Path(code).read_bytes() == Path("out/repository/main.py").read_bytes()


PRICE = "{prompt: 10, cached: 1, completion: 100}"


def test_one_program_call_is_one_trace_with_every_call_of_the_language_model(
    server: Server, client: MlflowClient
) -> None:
    server.replies[1] = completion("Nonsense.")
    server.replies[3] = completion("")
    ended = run(server, **TRACKED)
    assert ended.totals.calls == len(server.asks) == 12
    (trace,) = traces(client)
    assert trace.info.state == "OK"
    assert trace.info.request_metadata["mlflow.sourceRun"] == ended.mlflow_run
    # An empty answer is asked for again below `dspy.LM`, within one span.
    assert len([span for span in trace.data.spans if span.span_type == "CHAT_MODEL"]) == 11
    assert [span.name for span in trace.data.spans if span.parent_id is None] == ["PaperCoder.forward"]
    named = [span.name for span in trace.data.spans]
    assert named.count("Analyst.forward") == named.count("Coder.forward") == 3


def test_every_span_of_parallel_calls_hangs_below_the_program(server: Server, client: MlflowClient) -> None:
    run(server, **TRACKED)
    (trace,) = traces(client)
    parents = {span.span_id: span.parent_id for span in trace.data.spans}
    (root,) = [span for span, parent in parents.items() if parent is None]
    for span in parents:
        while span != root:
            span = parents[span]


def test_a_failed_run_is_failed_and_has_what_it_had(server: Server, client: MlflowClient) -> None:
    server.replies[5] = failure(500, "oops")
    with pytest.raises(BackboneError) as caught:
        run(server, **TRACKED)
    found = the_run(client)
    assert (found.info.status, state().status) == ("FAILED", "failed")
    assert (found.data.tags["status"], found.data.tags["error"]) == ("failed", str(caught.value))
    assert_metrics_are_those_of(state(), found)
    assert found.data.metrics["calls"] >= 4
    names = {artifact.path for artifact in client.list_artifacts(found.info.run_id)}
    assert {"run.json", "paper.md", "transcript.jsonl", "planning"} <= names
    (trace,) = traces(client)
    assert trace.info.state == "ERROR"


def test_a_rejected_answer_fails_the_run_everywhere(server: Server, client: MlflowClient) -> None:
    server.model.answers["configuration"] = lambda ask: "No."
    with pytest.raises(RejectedAnswer):
        run(server, **TRACKED)
    found = the_run(client)
    assert (found.info.status, state().status, found.data.tags["status"]) == ("FAILED", "failed", "failed")
    assert found.data.metrics["asked_again"] == 2


@pytest.mark.parametrize("number", [1, 5])
def test_an_interrupted_run_is_killed_and_has_what_it_had(server: Server, client: MlflowClient, number: int) -> None:
    def interrupt(ask: Ask) -> None:
        if ask.number == number:
            os.kill(os.getpid(), signal.SIGINT)
        server.stopped.wait()

    server.replies |= dict.fromkeys(range(number, 20), interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(server, str(Path("out").absolute()), **TRACKED)  # its threads outlive the test in another folder
    found = the_run(client)
    assert (found.info.status, state().status, found.data.tags["status"]) == ("KILLED", "interrupted", "interrupted")
    assert found.data.metrics["calls"] == state().totals.calls >= 1
    assert "transcript.jsonl" in {artifact.path for artifact in client.list_artifacts(found.info.run_id)}


def test_a_run_that_stops_and_goes_on_is_one_run(server: Server, client: MlflowClient) -> None:
    run(server, stop_after="planning", **TRACKED)
    first = the_run(client)
    assert (first.info.status, first.data.tags["status"]) == ("FINISHED", "stopped")
    ended = resume(server, concurrency=3, **TRACKED)
    found = the_run(client)
    assert found.info.run_id == first.info.run_id
    assert (found.info.status, found.data.tags["status"]) == ("FINISHED", "finished")
    assert_metrics_are_those_of(ended, found)
    assert found.data.metrics["calls"] == 10
    assert (found.data.params["stop_after"], found.data.tags["stop_after"]) == ("planning", "coding")
    assert (found.data.params["concurrency"], found.data.tags["concurrency"]) == ("64", "3")
    assert len(traces(client)) == 2
    assert {trace.info.request_metadata["mlflow.sourceRun"] for trace in traces(client)} == {found.info.run_id}


def test_a_failed_run_that_goes_on_is_no_longer_failed(server: Server, client: MlflowClient) -> None:
    server.replies[2] = failure(500, "oops")
    with pytest.raises(BackboneError):
        run(server, **TRACKED)
    resume(server, **TRACKED)
    found = the_run(client)
    assert (found.info.status, found.data.tags["status"], state().status) == ("FINISHED", "finished", "finished")
    assert found.data.tags["error"] == ""


def test_a_killed_run_in_a_new_folder_goes_on_in_the_store_that_it_made(
    server: Server, paper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = paper.parent / "fresh"
    fresh.mkdir()
    paper.rename(fresh / "paper.md")
    monkeypatch.chdir(fresh)
    server.replies[6] = lambda ask: os.kill(process.pid, signal.SIGKILL)
    process = subprocess.Popen(
        command("run", "paper.md", "--out", "out", server=server, **TRACKED), stderr=subprocess.PIPE, text=True
    )
    assert "preparing the MLflow store, once for this folder\n" in process.communicate()[1]
    client = MlflowClient(f"sqlite:///{fresh}/mlflow.db")
    found = the_run(client)
    assert (found.info.status, state().status) == ("RUNNING", "running")
    assert resume(server, **TRACKED).mlflow_run == found.info.run_id
    assert the_run(client).info.status == "FINISHED"


def test_a_run_whose_store_is_gone_goes_on_as_a_new_one(server: Server, client: MlflowClient) -> None:
    first = run(server, stop_after="planning", **TRACKED)
    assert first.mlflow_run is not None
    client.delete_run(first.mlflow_run)
    second = resume(server, **TRACKED)
    assert second.mlflow_run not in (None, first.mlflow_run)
    assert the_run(client).info.status == "FINISHED"


def test_runs_belong_to_the_experiment_that_is_configured(server: Server, client: MlflowClient) -> None:
    ended = run(server, stop_after="planning", tracking__experiment="mine", **TRACKED)
    experiment = client.get_experiment_by_name("mine")
    assert experiment is not None
    assert [found.info.run_id for found in client.search_runs([experiment.experiment_id])] == [ended.mlflow_run]


def test_nothing_is_tracked_when_tracking_is_off(server: Server, store: Path) -> None:
    store.unlink()
    assert run(server).mlflow_run is None
    assert not store.exists()
    assert not Path("mlartifacts").exists()


def test_mlflow_tracking_uri_wins(
    server: Server, client: MlflowClient, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Path("elsewhere").absolute()
    elsewhere.mkdir()
    other = elsewhere / "other.db"
    other.write_bytes(store.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    ended = run(server, stop_after="planning", **TRACKED)
    assert MlflowClient(f"sqlite:///{other}").get_run(ended.mlflow_run or "").info.status == "FINISHED"
    assert client.get_experiment_by_name("papercoder") is None


@pytest.mark.parametrize(
    "uri", ["sqlite:////proc/none/mlflow.db", "nonsense://host", "http://127.0.0.1:9", "sqlite:///paper.md"]
)
def test_a_store_that_cannot_be_used_is_one_line(server: Server, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ConfigError) as caught:
        run(server, **TRACKED)
    message = str(caught.value)
    assert message.startswith("MLflow: the store cannot be used: ")
    assert message.endswith("correct MLFLOW_TRACKING_URI, or switch tracking off with --set tracking.enabled=false")
    assert "\n" not in message
    assert (state().status, state().error) == ("failed", message)
    assert server.asks == []
    assert resume(server).status == "finished"


def test_a_store_that_breaks_during_a_run_fails_it_and_no_call_is_lost(server: Server, store: Path) -> None:
    whole = store.read_bytes()

    def damage(ask: Ask) -> None:
        store.write_bytes(b"damaged" * 10_000)

    server.replies[3] = damage
    with pytest.raises(ConfigError) as caught:
        run(server, **TRACKED)
    assert str(caught.value).startswith("MLflow: the store cannot be used: ")
    assert (state().status, state().error) == ("failed", str(caught.value))
    store.write_bytes(whole)
    assert resume(server, **TRACKED).status == "finished"
    assert len(server.asks) == 10
