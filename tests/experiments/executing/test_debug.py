"""The command `debug`: repositories repaired until they run."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from data.errors import BackboneError, ConfigError, FolderError
from experiments.benchmarks.simulated import Reply, Server, SimulatedModel, serving
from experiments.executing.debug import Debugging, debug_repository, lines_of
from tests.experiments.executing.repositories import FAILS, MODEL, PAPER, WORKS, fault, need_sandbox, repair, write
from tests.experiments.judged import steps
from tests.experiments.runs import configure, papercoder


@pytest.fixture(autouse=True)
def _repository(paper: Path, server: Server) -> None:
    need_sandbox()
    paper.write_text(PAPER)
    write({"main.py": FAILS, "model.py": MODEL, "notes.txt": "kept\r\n"})
    server.model.answers |= {"fault": fault, "repair": lambda ask: repair()}


def debug(server: Server, **more: str | int) -> Debugging:
    config = configure(server, **{"execution__cache": "cache", **more})
    return debug_repository(Path("repository"), "paper.md", None, Path("out"), config)[0]


def test_a_repository_is_repaired_and_what_was_changed_is_counted(server: Server) -> None:
    done = debug(server)
    assert (done.end, done.status, len(done.rounds)) == ("it runs", "ran", 1)
    assert (done.modified_lines, done.total_lines) == (1, 6)
    assert Path("out/repository/model.py").read_text() == MODEL.replace("numbr", "number")
    assert Path("out/repository/notes.txt").read_bytes() == b"kept\r\n"
    assert Path("repository/model.py").read_text() == MODEL
    assert "-    return numbr + 1\n+    return number + 1\n" in Path("out/rounds/1.diff").read_text()
    assert Path("out/whole.diff").read_text() == Path("out/rounds/1.diff").read_text()
    assert list(lines_of(done, Path("out")))[:4] == [
        "it runs: python main.py",
        "  round 1: name: NameError: name 'numbr' is not defined. Did you mean: 'number'? in model.py, count",
        "    code, model.py: Spelt right.",
        "  1 of 6 lines modified (16.67 %)",
    ]


def test_a_repository_that_runs_costs_nothing(server: Server) -> None:
    write({"main.py": WORKS})
    done = debug(server)
    assert (done.end, done.modified_lines) == ("it runs", 0)
    assert server.asks == []


def test_the_same_error_again_ends_it(server: Server) -> None:
    server.model.answers["repair"] = lambda ask: repair(replace="    return numbr + 2\n")
    done = debug(server)
    assert (done.end, done.status, len(done.rounds), len(done.failures)) == ("the same error again", "failed", 1, 2)
    assert "  at last: name: NameError" in "\n".join(lines_of(done, Path("out")))


def test_the_same_command_again_asks_and_runs_nothing(server: Server) -> None:
    first = debug(server)
    asked = len(server.asks)
    assert debug(server) == first
    assert len(server.asks) == asked


def test_it_goes_on_where_it_stopped(server: Server) -> None:
    server.replies[1] = Reply(b"no", status=400)
    with pytest.raises(BackboneError):
        debug(server)
    (run,) = Path("out/runs").glob("*/run.json")
    written = run.stat().st_mtime_ns
    assert debug(server).end == "it runs"
    assert steps(server) == ["fault", "repair", "repair"]
    assert run.stat().st_mtime_ns == written


def test_a_folder_with_something_else_is_refused(server: Server) -> None:
    debug(server)
    write({"model.py": MODEL + "# another\n"})
    with pytest.raises(FolderError, match="something else"):
        debug(server)
    write({"mine.txt": ""}, "other")
    with pytest.raises(FolderError, match="something else"):
        debug_repository(Path("repository"), "paper.md", None, Path("other"), configure(server))


def test_the_paper_must_be_known(server: Server) -> None:
    with pytest.raises(ConfigError, match="name its paper with --paper"):
        debug_repository(Path("repository"), None, None, None, configure(server))


def test_what_cannot_be_run_is_an_error(server: Server) -> None:
    Path("repository/main.py").unlink()
    with pytest.raises(ConfigError, match="no entry point"):
        debug(server)


def test_figures_and_diffs_are_in_mlflow(server: Server, store: Path) -> None:
    debug(server, tracking__enabled="true")
    client = MlflowClient(f"sqlite:///{store}")
    experiment = client.get_experiment_by_name("papercoder")
    assert experiment
    (run,) = client.search_runs([experiment.experiment_id], "metrics.`debugging.ran` = 1")
    assert run.data.metrics["debugging.modified_lines"] == 1
    assert run.data.tags["debugging.end"] == "it runs"
    assert [item.path for item in client.list_artifacts(run.info.run_id, "debugging/rounds")] == [
        "debugging/rounds/1.diff",
        "debugging/rounds/1.yaml",
    ]


def test_the_command_says_by_its_exit_code_whether_it_runs(server: Server) -> None:
    arguments = ("debug", "repository", "--paper", "paper.md", "--out", "out")
    done = papercoder(*arguments, server=server, execution__cache="cache", execution__rounds=0)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "no rounds are left: python main.py")
    done = papercoder(*arguments[:-1], "again", server=server, execution__cache="cache")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "it runs: python main.py")


def test_a_repair_outside_of_the_repository_never_happens() -> None:
    with serving(SimulatedModel()) as server:
        server.model.answers |= {"fault": fault, "repair": lambda ask: repair("", "evil = 1\n", "../evil.py")}
        done = papercoder("debug", "repository", "--paper", "paper.md", server=server, execution__cache="cache")
    assert done.returncode == 1
    assert "is not a path of the repository" in done.stderr
    assert not list(Path().rglob("evil.py"))
