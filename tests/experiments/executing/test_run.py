"""`run --execute`: what was written is checked, mended once and executed."""

from pathlib import Path

import pytest

from experiments.benchmarks.simulated import Ask, Server, sections
from tests.experiments.executing.repositories import need_sandbox
from tests.experiments.judged import steps
from tests.experiments.runs import papercoder, repository, state

ARGUMENTS = ("run", "paper.md", "--out", "out", "--execute")
CACHE = {"execution__cache": "cache", "execution__wheelhouse": "wheels"}


@pytest.fixture(autouse=True)
def _sandbox(paper: Path) -> None:
    need_sandbox()
    Path("wheels").mkdir()


SOUND = "class Model:\n    def fit(self):\n        return 1\n\n\nprint('accuracy: 0.5')\n"
FAULTY = SOUND.replace("'accuracy: 0.5'", "undefined")


def write_main(text: str) -> dict[tuple[str, str], object]:
    def answer(ask: Ask) -> str:
        return sections({"content": text, "assumptions": []})

    return {("source_file", "main.py"): answer}


def test_a_sound_repository_is_executed_and_nothing_more_is_asked(server: Server) -> None:
    server.model.answers |= write_main(SOUND)  # type: ignore[arg-type]
    done = papercoder(*ARGUMENTS, server=server, **CACHE)
    assert done.returncode == 0, done.stderr
    assert "mending" not in steps(server)
    assert "    ran: " in done.stdout or "  ran: " in done.stdout
    assert (state().execution, state().execution_folder) == ("ran", "out/execution")
    assert Path("out/execution/execution.json").is_file()


def test_what_checks_find_is_mended_once_before_the_first_run(server: Server) -> None:
    server.model.answers |= write_main(FAULTY)  # type: ignore[arg-type]
    server.model.answers["mending"] = lambda ask: sections(
        {
            "edits": "==== main.py ====\n<<<<<<< SEARCH\nprint(undefined)\n=======\nprint(1)\n>>>>>>> REPLACE",
            "add_requirements": [],
            "remove_requirements": [],
            "explanation": "There is no such name.",
        }
    )
    done = papercoder(*ARGUMENTS, server=server, **CACHE)
    assert done.returncode == 0, done.stderr
    assert steps(server).count("mending") == 1
    assert repository()["main.py"] == FAULTY.replace("undefined", "1")
    assert "which the coder was to mend: out/mended.diff; 0 are left" in done.stdout
    assert "-print(undefined)\n+print(1)\n" in Path("out/mended.diff").read_text()
    again = papercoder("resume", "out", server=server, **CACHE)
    assert again.returncode == 0, again.stderr
    assert steps(server).count("mending") == 1
    assert repository()["main.py"] == FAULTY.replace("undefined", "1")
    assert state().execution_folder == "out/execution-2"


def test_a_coder_that_cannot_mend_does_not_end_the_run(server: Server) -> None:
    server.model.answers |= write_main(FAULTY)  # type: ignore[arg-type]
    server.model.answers["mending"] = lambda ask: "nothing"
    done = papercoder(*ARGUMENTS, server=server, **CACHE)
    assert "1 faults, which were not mended" in done.stdout
    assert (done.returncode, state().status, state().execution) == (1, "finished", "failed")


def test_without_a_sandbox_the_run_says_so_and_succeeds(server: Server) -> None:
    server.model.answers |= write_main(SOUND)  # type: ignore[arg-type]
    done = papercoder(*ARGUMENTS, server=server, env={"PATH": ""}, **CACHE)
    assert done.returncode == 0, done.stderr
    assert "not executed: no sandbox: bwrap is not installed" in done.stdout
    assert (state().status, state().execution_folder) == ("finished", None)


def test_where_no_package_can_be_installed_the_run_says_so_and_succeeds(server: Server) -> None:
    server.model.answers |= write_main("import numpy\n\n" + SOUND)  # type: ignore[arg-type]
    done = papercoder(*ARGUMENTS, server=server, **CACHE)
    assert done.returncode == 0, done.stdout
    assert "not executed: its packages cannot be installed here" in done.stdout
    assert "missing dependency: ModuleNotFoundError: No module named 'numpy'" in done.stdout
    assert state().status == "finished"


def test_half_a_repository_is_not_executed(server: Server) -> None:
    done = papercoder(*ARGUMENTS, "--stop-after", "planning", server=server)
    assert done.returncode == 2
    assert "--execute needs the whole repository" in done.stderr
    assert server.asks == []
