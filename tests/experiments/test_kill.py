"""Runs that end early: killed, interrupted, on a full disk, or beside another one."""

import os
import resource
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import FolderError
from experiments.backbones.transcript import Transcript
from experiments.benchmarks.simulated import Ask, Reply, Server, SimulatedModel, completion, serving
from tests.experiments.runs import PAPER, command, repository, resume, run, state

CALLS = 10
RUN = ("run", "paper.md", "--out", "out")


class Process:
    """A run in a process of its own, which the server can reach."""

    def __init__(self, server: Server, preexec: Callable[[], None] | None = None) -> None:
        self.process = subprocess.Popen(
            command(*RUN, server=server), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=preexec
        )

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> tuple[int, list[str]]:
        """Wait; return the exit code and the lines on standard error."""
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors.splitlines()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The repository of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch, serving(SimulatedModel(files=3, depth=2)) as server:
        patch.chdir(folder)
        Path("paper.md").write_text(PAPER)
        assert run(server).totals.calls == CALLS
        return repository()


def assert_resumes(uninterrupted: dict[str, str]) -> None:
    """Resume: nothing that was answered is asked again, and the repository is that of an undisturbed run."""
    transcript = Transcript(Path("out/transcript.jsonl"))
    answered = [transcript.prompt(number) for number in range(len(transcript.entries))]
    with serving(
        SimulatedModel(files=3, depth=2)
    ) as fresh:  # the other may still get requests of the process that died
        ended = resume(fresh)
    asked = [ask.prompt for ask in fresh.asks]
    assert len({*answered, *asked}) == len(answered) + len(asked) == CALLS
    assert (ended.status, ended.totals.calls) == ("finished", CALLS)
    assert repository() == uninterrupted


@pytest.mark.parametrize("number", range(CALLS))
def test_a_run_killed_at_a_request_goes_on_where_it_was(
    server: Server, uninterrupted: dict[str, str], number: int
) -> None:
    def kill(ask: Ask) -> None:
        process.signal(signal.SIGKILL)

    server.replies[number] = kill
    process = Process(server)
    assert process.end()[0] == -signal.SIGKILL
    assert len(server.asks) > number
    assert_resumes(uninterrupted)


@pytest.mark.parametrize("number", range(CALLS))
def test_a_run_killed_at_an_answer_goes_on_where_it_was(
    server: Server, uninterrupted: dict[str, str], number: int
) -> None:
    def answer_and_kill(ask: Ask) -> Reply:
        reply = completion(server.model.answer(ask), ask.prompt)
        return Reply(reply.body, then=lambda: process.signal(signal.SIGKILL))

    server.replies[number] = answer_and_kill
    process = Process(server)
    assert process.end()[0] == -signal.SIGKILL
    assert_resumes(uninterrupted)


def test_the_half_of_a_file_that_a_killed_run_left_is_removed_and_nothing_else(server: Server) -> None:
    run(server, stop_after="analysis")
    halves = [Path("out/analysis/.main.py.yaml.5x2itvif"), Path("out/.run.json.abcd_123")]
    kept = [Path("out/analysis/.mine"), Path("out/.mine.abcd_123")]
    for path in [*halves, *kept]:
        path.write_text("half")
    resume(server)
    assert not any(path.exists() for path in halves)
    assert all(path.exists() for path in kept)


@pytest.mark.parametrize("number", [0, 5])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_run_says_how_to_go_on(
    server: Server, uninterrupted: dict[str, str], name: str, number: int
) -> None:
    def interrupt(ask: Ask) -> None:
        if ask.number == number:
            process.signal(signal.Signals[name])
        server.stopped.wait()  # an answer that nobody waits for

    server.replies |= dict.fromkeys(range(number, CALLS), interrupt)
    process = Process(server)
    code, lines = process.end()
    assert code == 130
    assert lines[-1] == "interrupted; what was done is in out; `papercoder resume out` goes on"
    assert [line for line in lines[:-1] if line and not line.startswith(("planning", "analysis"))] == []
    assert (state().status, state().error) == ("interrupted", None)
    assert_resumes(uninterrupted)


@pytest.mark.parametrize("limit", [3_000, 20_000, 24_000, 28_000])
def test_a_full_disk_is_one_clear_line_and_the_run_goes_on_when_there_is_room(
    server: Server, uninterrupted: dict[str, str], limit: int
) -> None:
    code, lines = Process(server, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))).end()
    assert code == 1
    assert lines[-1].startswith("error: cannot write out/")
    assert "File too large; make room" in lines[-1]
    assert "`papercoder resume out` goes on" in lines[-1]
    assert sum(line.startswith("error") for line in lines) == 1
    assert not any("Traceback" in line for line in lines)
    if limit > 10_000:
        assert state().status == "failed"
        assert_resumes(uninterrupted)


def test_two_processes_on_one_folder_are_one_too_many(server: Server, uninterrupted: dict[str, str]) -> None:
    def meanwhile(ask: Ask) -> None:
        for second in (lambda: resume(server), lambda: run(server)):
            try:
                second()
            except FolderError as error:
                told.append(str(error))

    told: list[str] = []
    server.replies[2] = meanwhile
    assert Process(server).end()[0] == 0
    assert told == [
        "out: another process works on it; wait for it to end",
        "out is not empty; `papercoder resume out` goes on",
    ]
    assert repository() == uninterrupted
    assert len(server.asks) == CALLS
