"""A compilation in MLflow, on a real sqlite store."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run, Trace

from data.errors import BackboneError
from experiments.benchmarks.simulated import Ask, Server, failure, serving
from experiments.benchmarks.wishful import WishfulModel
from optimizers.candidate import Candidate
from optimizers.compiled import CompiledProgram, default_candidate
from tests.experiments.runs import command
from tests.optimizers.compiling import compiled, write_papers

SMALL: dict[str, Any] = {
    "runs": 10,
    "compile__papers": "{train: [p0.md], dev: [p1.md, p2.md], test: []}",
    "compile__optimize": "[planner]",
    "tracking__enabled": "true",
}


@pytest.fixture(autouse=True)
def client(store: Path) -> Iterator[MlflowClient]:
    write_papers()
    yield MlflowClient(f"sqlite:///{store}")
    mlflow.clear_active_model()  # a model that is loaded becomes the active one of the process


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(WishfulModel()) as server:
        yield server


def runs(client: MlflowClient, kind: str) -> list[Run]:
    experiments = [e.experiment_id for e in client.search_experiments()]
    return list(client.search_runs(experiments, f"tags.kind = '{kind}'", order_by=["attributes.start_time"]))


def traces(client: MlflowClient, run: Run) -> list[Trace]:
    found = client.search_traces(locations=[run.info.experiment_id])
    return [trace for trace in found if trace.info.request_metadata["mlflow.sourceRun"] == run.info.run_id]


def read(client: MlflowClient, run: Run, path: str) -> str:
    return Path(client.download_artifacts(run.info.run_id, path)).read_text()


def evaluations() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("out/evaluations.jsonl").read_text().splitlines()]


def test_a_compilation_is_a_run_with_its_candidates_below_and_all_that_belongs_to_them(
    server: Server, client: MlflowClient
) -> None:
    program = compiled(server, **SMALL)
    (parent,) = runs(client, "compile")
    assert (parent.info.status, parent.info.run_name) == ("FINISHED", "compile gepa")
    assert parent.data.params == {"optimizer": "gepa", "seed": "0", "optimize": "planner"}
    provenance = program.provenance
    assert parent.data.metrics["gain.mean"] == pytest.approx(provenance.gain["mean"])
    assert parent.data.metrics["spent.calls"] == len(server.asks)
    assert parent.data.tags["warning"] == (provenance.warning or "")
    assert json.loads(read(client, parent, "program.json")) == json.loads(program.model_dump_json())
    assert_candidates(client, parent, program)
    assert_curve(client, parent, program)
    assert_traces(client, program)
    assert_registered(client, parent, program)


def assert_candidates(client: MlflowClient, parent: Run, program: CompiledProgram) -> None:
    """Each candidate is one run, however many papers it was evaluated on at once."""
    children = runs(client, "candidate")
    assert len(children) == program.provenance.candidates > 1
    assert sorted(int(child.data.params["candidate"]) for child in children) == list(range(len(children)))
    for child in children:
        number, metrics = int(child.data.params["candidate"]), child.data.metrics
        mine = [line for line in evaluations() if line["candidate"] == number]
        assert child.info.status == "FINISHED"
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        for line in mine:
            assert metrics[f"score.{line['paper'].lower().replace(' ', '-')}"] == line["score"]
        assert "soundness" in metrics
        dev = [line["score"] for line in mine if line["paper"] != "Counting 0"]
        assert metrics.get("dev") == (pytest.approx(sum(dev) / 2) if len(dev) == 2 else None)
        design = read(client, child, "instructions/planner.design.md")
        assert design.startswith(default_candidate().instructions["planner.design"])
    best = max(children, key=lambda child: child.data.metrics.get("dev", 0))
    instructions = {
        name: read(client, best, f"instructions/{name}.md").removesuffix("\n") for name in program.predictors
    }
    assert instructions == program.candidate.instructions


def assert_curve(client: MlflowClient, parent: Run, program: CompiledProgram) -> None:
    curve = sorted(client.get_metric_history(parent.info.run_id, "best_dev"), key=lambda point: point.step)
    values = [point.value for point in curve]
    assert values == sorted(values)
    assert len({point.step for point in curve}) == len(curve) > 1
    after = program.provenance.scores["after"]["dev"].values()
    assert values[-1] == pytest.approx(sum(score or 0.0 for score in after) / 2)


def assert_traces(client: MlflowClient, program: CompiledProgram) -> None:
    """Each evaluation is one trace of its candidate's run, with what the judge says of it."""
    for child in runs(client, "candidate"):
        mine = [line for line in evaluations() if line["candidate"] == int(child.data.params["candidate"])]
        found = traces(client, child)
        assert len(found) == len(mine)
        for trace in found:
            spans = [span.name for span in trace.data.spans]
            assert "PaperCoder.forward" in spans
            assert "Judge.forward" in spans
            assert trace.info.state == "OK"
        told = [
            (assessment.value - 1) / 4
            for trace in found
            for assessment in trace.info.assessments
            if assessment.name == "correctness (grounded, reference-free)"
        ]
        assert sorted(told) == pytest.approx(sorted(line["score"] for line in mine))


def assert_registered(client: MlflowClient, parent: Run, program: CompiledProgram) -> None:
    """The program comes back from the store, and each instruction has its aliases."""
    mlflow.set_tracking_uri(f"sqlite:///{Path('mlflow.db').absolute()}")
    (model,) = client.search_logged_models([parent.info.experiment_id])
    assert model.source_run_id == parent.info.run_id
    assert Candidate.of(mlflow.dspy.load_model(model.model_uri)) == program.candidate
    for name, text in program.candidate.instructions.items():
        for alias, expected in (("compiled", text), ("default", default_candidate().instructions[name])):
            prompt = mlflow.genai.load_prompt(f"prompts:/papercoder.{name}@{alias}")
            assert prompt.template == expected
            assert prompt.tags["run"] == parent.info.run_id


def test_one_that_fails_and_goes_on_is_one_run_whose_curve_only_rises(server: Server, client: MlflowClient) -> None:
    server.replies[50] = failure(500, "oops")
    with pytest.raises(BackboneError):
        compiled(server, **SMALL)
    (parent,) = runs(client, "compile")
    assert parent.info.status == "FAILED"
    assert "program.json" in {artifact.path for artifact in client.list_artifacts(parent.info.run_id)}
    program = compiled(server, **SMALL)
    (again,) = runs(client, "compile")
    assert (again.info.run_id, again.info.status) == (parent.info.run_id, "FINISHED")
    assert len(runs(client, "candidate")) == program.provenance.candidates
    history = client.get_metric_history(parent.info.run_id, "best_dev")
    curve = {(point.step, point.value) for point in history}
    assert len(curve) == len({step for step, _ in curve})
    assert [value for _, value in sorted(curve)] == sorted(value for _, value in curve)
    mlflow.set_tracking_uri(f"sqlite:///{Path('mlflow.db').absolute()}")
    assert mlflow.genai.load_prompt("prompts:/papercoder.coder.write@default").version == 1  # registered once


def test_one_that_is_interrupted_leaves_no_run_open(server: Server, client: MlflowClient) -> None:
    first = iter([True])

    def interrupt(ask: Ask) -> None:
        if ask.step == "overall_plan":  # the uncompiled program is evaluated
            if next(first, False):
                process.send_signal(signal.SIGTERM)
            server.stopped.wait()  # an answer that nobody waits for

    server.always = interrupt
    settings = {key.replace("runs", "compile__budget__runs"): value for key, value in SMALL.items()}
    words = command("compile", "--out", "out", server=server, judge__samples=1, **settings)
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    process.communicate(timeout=60)
    assert process.returncode == 130
    found = [*runs(client, "compile"), *runs(client, "candidate")]
    assert [run.info.status for run in found] == ["KILLED", "KILLED"]
