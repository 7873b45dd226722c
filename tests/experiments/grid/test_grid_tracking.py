"""An experiment in MLflow: a run for each cell below one parent, verdicts beside traces."""

import os
import signal
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from experiments.benchmarks.simulated import Ask, Server, failure
from tests.experiments.grid.grids import OUT, experiment, write_spec
from tests.experiments.judged import verdict

TRACKED = {"tracking__enabled": "true"}


@pytest.fixture(autouse=True)
def client(store: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{store}")


def runs(client: MlflowClient) -> tuple[Run, dict[str, Run]]:
    """Return the parent, and its children by name."""
    found = client.search_runs([e.experiment_id for e in client.search_experiments()])
    (parent,) = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    children = {str(run.info.run_name): run for run in found if run is not parent}
    assert {run.data.tags["mlflow.parentRunId"] for run in children.values()} == {parent.info.run_id}
    assert len(children) == len(found) - 1
    return parent, children


def assessments(client: MlflowClient, run: Run) -> list[tuple[str, object]]:
    """Return what stands beside the traces of a run: names and values."""
    found = client.search_traces(locations=[run.info.experiment_id])
    ours = [trace for trace in found if trace.info.request_metadata["mlflow.sourceRun"] == run.info.run_id]
    return sorted((a.name, a.feedback.value) for trace in ours for a in trace.info.assessments if a.feedback)


def test_each_cell_is_a_run_below_that_of_the_experiment(server: Server, client: MlflowClient) -> None:
    write_spec(methods=["Abstract", "PaperCoder", "Oracle"])
    experiment(server, judge__samples=2, **TRACKED)
    parent, children = runs(client)
    assert (parent.info.run_name, parent.info.status) == ("small", "FINISHED")
    assert parent.data.metrics["cells_finished"] == 3
    assert parent.data.params == {"methods": "Abstract, PaperCoder, Oracle", "cells": "3", "concurrency": "64"}
    assert {file.path for file in client.list_artifacts(parent.info.run_id, "report")} >= {"report/methods-grounded.md"}
    assert set(children) == {"Abstract on a (simulated)", "PaperCoder on a (simulated)", "Oracle on a"}
    assert {run.info.status for run in children.values()} == {"FINISHED"}
    for name, folder in (("PaperCoder on a (simulated)", "papercoder/simulated/1"), ("Oracle on a", "oracle/1")):
        found = verdict(str(OUT / "cells/a" / folder / "simulated-grounded-reference-free"))
        assert children[name].data.metrics["grounded.reference-free.score"] == found.score
        scores = [("correctness (grounded, reference-free)", sample.score) for sample in found.samples]
        assert [each for each in assessments(client, children[name]) if "free" in each[0]] == scores
    assert len(assessments(client, children["PaperCoder on a (simulated)"])) == 4


def test_a_second_call_goes_on_in_the_same_runs_and_repeats_no_assessment(server: Server, client: MlflowClient) -> None:
    write_spec(methods=["Abstract"], settings=["reference-free"])
    experiment(server, **TRACKED)
    parent, children = runs(client)
    before = {name: assessments(client, run) for name, run in children.items()}
    write_spec(methods=["Abstract"])
    experiment(server, **TRACKED)
    again, more = runs(client)
    assert again.info.run_id == parent.info.run_id
    assert {run.info.run_id for run in more.values()} == {run.info.run_id for run in children.values()}
    (all_,) = [assessments(client, run) for run in more.values()]
    (first,) = before.values()
    assert [each for each in all_ if "free" in each[0]] == first
    assert len(all_) == 2


def test_a_cell_that_fails_is_a_failed_run_and_so_is_the_experiment(server: Server, client: MlflowClient) -> None:
    server.always = lambda ask: failure(400, "no such thing") if ask.step == "product_demand" else None
    write_spec(methods=["ChatDev", "Abstract"])
    experiment(server, **TRACKED)
    parent, children = runs(client)
    assert parent.info.status == "FAILED"
    assert parent.data.metrics["cells_finished"] == 1
    assert {name: run.info.status for name, run in children.items()} == {
        "ChatDev on a (simulated)": "FAILED",
        "Abstract on a (simulated)": "FINISHED",
    }
    server.always = None
    experiment(server, **TRACKED)
    parent, children = runs(client)
    assert {run.info.status for run in (parent, *children.values())} == {"FINISHED"}


def test_an_experiment_that_is_interrupted_closes_all_its_runs(server: Server, client: MlflowClient) -> None:
    def interrupt(ask: Ask) -> None:
        if ask.number == 5:
            os.kill(os.getpid(), signal.SIGINT)
        if ask.number >= 5:
            server.stopped.wait()  # answers that nobody waits for

    server.always = interrupt
    write_spec(methods=["PaperCoder", "ChatDev", "Abstract"])
    with pytest.raises(KeyboardInterrupt):
        experiment(server, out=OUT.absolute(), **TRACKED)
    parent, children = runs(client)
    assert {run.info.status for run in (parent, *children.values())} <= {"KILLED", "FINISHED"}
    assert parent.info.status == "KILLED"
    assert len(children) == 3


def test_many_cells_at_once_share_the_store(server: Server, client: MlflowClient) -> None:
    write_spec(methods=["Abstract"], settings=["reference-free"], repetitions=24)
    cells = experiment(server, **TRACKED)
    assert {cell.error for cell in cells} == {None}
    assert len(runs(client)[1]) == 24
