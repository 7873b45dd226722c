"""Experiments that are killed or interrupted go on where they were."""

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from mlflow import MlflowClient

from experiments.benchmarks.simulated import Ask, Reply, Server, SimulatedModel, completion, serving
from tests.experiments.grid.grids import answered, asked, experiment, reported, write_spec
from tests.experiments.runs import command

METHODS = ["ChatDev", "Paper", "PaperCoder", "Oracle"]
FILES, DEPTH = 3, 2


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter[str], str]:
    """What an experiment that nothing disturbs asks, and its table."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch, serving(SimulatedModel(FILES, DEPTH)) as server:
        patch.chdir(folder)
        write_spec(methods=METHODS)
        report = reported(server, judge__samples=2)[1]
        return asked(server), report.tables["methods-grounded"].markdown()


def start(server: Server, **more: str) -> subprocess.Popen[str]:
    write_spec(methods=METHODS)
    words = command(
        "experiment", "experiment.yaml", "--out", "exp", server=server, judge__samples=2, concurrency=4, **more
    )
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def assert_goes_on(undisturbed: tuple[Counter[str], str], **more: str) -> None:
    """Nothing that was answered is asked again, and all is in the end as if nothing had happened."""
    before = answered()
    with serving(SimulatedModel(FILES, DEPTH)) as fresh:  # the other may still get requests of the process that died
        cells, report = reported(fresh, judge__samples=2, **more)
    assert {cell.status for cell in cells} == {"finished"}
    assert before + asked(fresh) == undisturbed[0]
    assert report.tables["methods-grounded"].markdown() == undisturbed[1]


@pytest.mark.parametrize("number", [0, 4, 12, 22, 34])
def test_an_experiment_that_is_killed_repeats_no_call(
    server: Server, undisturbed: tuple[Counter[str], str], number: int
) -> None:
    def kill() -> None:
        os.kill(process.pid, signal.SIGKILL)

    def answer_and_kill(ask: Ask) -> Reply:
        return Reply(completion(server.model.answer(ask), ask.prompt).body, then=kill)

    server.replies[number] = answer_and_kill
    process = start(server)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert sum(answered().values()) >= number - 4
    assert_goes_on(undisturbed)


def test_a_killed_experiment_goes_on_in_the_runs_that_it_left_open(
    server: Server, store: Path, undisturbed: tuple[Counter[str], str]
) -> None:
    server.replies[20] = lambda ask: process.kill()
    process = start(server, tracking__enabled="true")
    process.communicate(timeout=60)
    client = MlflowClient(f"sqlite:///{store}")
    places = [e.experiment_id for e in client.search_experiments()]
    assert "RUNNING" in {run.info.status for run in client.search_runs(places)}
    assert_goes_on(undisturbed, tracking__enabled="true")
    found = client.search_runs(places)
    assert {run.info.status for run in found} == {"FINISHED"}
    assert len(found) == 1 + len(METHODS)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_experiment_says_so_and_goes_on(
    server: Server, undisturbed: tuple[Counter[str], str], name: str
) -> None:
    def interrupt(ask: Ask) -> None:
        if ask.number == 10:
            process.send_signal(signal.Signals[name])
        if ask.number >= 10:
            server.stopped.wait()  # answers that nobody waits for

    server.always = interrupt
    process = start(server)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted; what was done is in exp; the same command goes on"
    assert "Traceback" not in errors
    assert_goes_on(undisturbed)


def test_two_processes_on_one_experiment_are_one_too_many(server: Server) -> None:
    from data.errors import FolderError

    told = []

    def meanwhile(ask: Ask) -> None:
        try:
            experiment(server)
        except FolderError as error:
            told.append(str(error))

    server.replies[1] = meanwhile
    write_spec(methods=["Abstract"])
    experiment(server)
    assert told == ["exp: another process works on it; wait for it to end"]
