"""The command line: what it takes, what it says, and how it ends."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.benchmarks.simulated import Server
from tests.experiments.runs import papercoder, state

UNTRACKED = ("--set", "tracking.enabled=false")


def refused(*arguments: str, **more: object) -> str:
    """Run a command that cannot be done; return its one line."""
    ended = papercoder(*arguments, **more)  # type: ignore[arg-type]
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


def test_a_run_says_where_everything_is(server: Server) -> None:
    ended = papercoder("run", "paper.md", "--out", "out", server=server)
    assert ended.returncode == 0
    said = ended.stdout.splitlines()
    assert said[0] == "finished: Learning to Count"
    assert said[1].startswith("  10 calls (0 asked again), ")
    assert said[2].startswith("  repository: out/repository (6 files, ")
    assert "read out/repository/README.md first" in said[3]
    assert len(said) == 4


def test_a_run_that_stops_says_what_to_edit_and_how_to_go_on(server: Server) -> None:
    ended = papercoder("run", "paper.md", "--out", "out", "--stop-after", "planning", server=server)
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == (
        "  edit out/planning (config.yaml above all), then `papercoder resume out`"
    )
    again = papercoder("resume", "out")
    assert again.returncode == 0
    assert again.stdout.startswith("finished: ")
    assert len(server.asks) == 10


def test_a_run_that_fails_names_stage_and_file_and_how_to_go_on(server: Server) -> None:
    server.model.answers["source_file", "main.py"] = lambda ask: "No."
    ended = papercoder("run", "paper.md", "--out", "out", server=server)
    assert (ended.returncode, ended.stdout, state().status) == (1, "", "failed")
    (line,) = [line for line in ended.stderr.splitlines() if not re.match("planning|analysis|coding", line)]
    assert line.startswith("error: coder: source_file of main.py: 3 answers were rejected, the last one because: ")
    assert line.endswith("; what was done is in out; `papercoder resume out` goes on")


def test_an_unknown_paper_is_one_line(server: Server) -> None:
    line = refused("run", "gone.md", server=server)
    assert "There is no file or folder 'gone.md'" in line
    assert not Path("runs").exists()


def test_a_folder_that_is_not_empty_is_one_line(server: Server) -> None:
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine")
    assert "out is not empty; choose another --out" in refused("run", "paper.md", "--out", "out", server=server)


@pytest.mark.parametrize("folder", ["gone", ".", "paper.md"])
def test_resuming_what_is_no_run_is_one_line(folder: str) -> None:
    assert f"{folder} is not the folder of a run: it has no run.json" in refused("resume", folder)


def test_a_wrong_configuration_is_one_line() -> None:
    assert "did you mean 'openai'?" in refused("run", "paper.md", "--backbone", "opnai")


def test_options_of_the_run_reach_it(server: Server) -> None:
    Path("mine.yaml").write_text("concurrency: 7\n")
    ended = papercoder("run", "paper.md", "--out", "out", "-c", "mine.yaml", "--stop-after", "analysis", server=server)
    assert ended.returncode == 0
    assert (state().config["concurrency"], state().status, state().stop_after) == (7, "stopped", "analysis")


def test_debug_shows_the_traceback(server: Server) -> None:
    ended = papercoder("--debug", "run", "gone.md", server=server)
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "PaperError" in ended.stderr


@pytest.mark.parametrize("arguments", [["run"], ["nonsense"], ["run", "paper.md", "--stop-after", "lunch"], ["--no"]])
def test_a_wrong_use_shows_how_it_is_used(arguments: list[str]) -> None:
    ended = papercoder(*arguments)
    assert ended.returncode == 2
    assert "Usage: " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", ["--help", "run --help", "resume -h", "backbones -h", "ui -h"])
def test_help_works(arguments: str) -> None:
    ended = papercoder(*arguments.split())
    assert ended.returncode == 0
    assert ended.stdout.startswith("Usage: ")
    assert ended.stderr == ""


def test_version_is_told() -> None:
    assert "0.1.0" in papercoder("--version").stdout


HEAVY = """
import sys
sys.argv = ["papercoder", {arguments}]
from experiments.cli import main
try:
    main()
finally:
    print([name for name in ("dspy", "mlflow", "litellm", "networkx", "rich", "pypdfium2") if name in sys.modules])
"""


@pytest.mark.parametrize("arguments", ['"--help"', '"run", "--help"', '"--version"'])
def test_help_imports_neither_dspy_nor_mlflow(arguments: str) -> None:
    script = HEAVY.format(arguments=arguments)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_a_run_without_tracking_imports_no_mlflow(server: Server) -> None:
    arguments = ", ".join(repr(word) for word in ("run", "gone.md", *UNTRACKED, "--backbone", "vllm"))
    ended = subprocess.run(
        [sys.executable, "-c", HEAVY.format(arguments=arguments)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "mlflow" not in ended.stdout.splitlines()[-1]


def test_the_installed_command_is_this_one() -> None:
    command = Path(sys.executable).with_name("papercoder")
    ended = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert ended.stdout == papercoder("--help").stdout.replace("python -m experiments.cli", "papercoder").replace(
        "experiments.cli", "papercoder"
    )


def test_the_user_interface_without_a_run_says_what_to_do_first() -> None:
    ended = papercoder("ui")
    assert ended.returncode == 1
    assert "no MLflow store at " in ended.stderr
    assert "do a run first" in ended.stderr


def test_the_user_interface_of_a_server_is_at_its_own_address() -> None:
    ended = papercoder("ui", env={"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"})
    assert ended.returncode == 1
    assert "open its address in a browser" in ended.stderr
