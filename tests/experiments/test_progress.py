"""What is seen of a run: lines where nobody watches, a table on a terminal."""

import os
import pty
import re
import subprocess
import sys

import pytest

from experiments.benchmarks.simulated import Server, completion, failure
from experiments.meter import total
from experiments.progress import clock
from tests.experiments.runs import command, papercoder, resume, run

RUN = ("run", "paper.md", "--out", "out")


def lines(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was shown, without figures that vary."""
    return [re.sub(r", [\d,]+ tokens, \d+:\d\d\]$", "]", line) for line in capfd.readouterr().err.splitlines()]


def test_plain_lines_tell_every_step(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    run(server, concurrency=1)
    assert lines(capfd) == [
        "planning: overall_plan  [1 calls]",
        "planning: architecture_design  [2 calls]",
        "planning: logic_design  [3 calls]",
        "planning: configuration  [4 calls]",
        "planning: done  [4 calls]",
        "analysis 1/3 part_00.py  [5 calls]",
        "analysis 2/3 main.py  [6 calls]",
        "analysis 3/3 tests/test_parts.py  [7 calls]",
        "coding 1/3 part_00.py  [8 calls]",
        "coding 2/3 main.py  [9 calls]",
        "coding 3/3 tests/test_parts.py  [10 calls]",
    ]


def test_what_is_replayed_and_asked_again_is_counted(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    server.replies[3] = completion("No.")
    run(server, stop_after="planning")
    assert "planning: configuration, asked again (1)  [5 calls, 1 asked again]" in lines(capfd)
    resume(server, stop_after="planning")
    assert lines(capfd)[-1] == "planning: done  [0 calls + 5 replayed, 1 asked again]"


def test_cost_is_shown_where_prices_are_known(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    run(server, stop_after="planning", backbones__simulated__price="{prompt: 100, cached: 1, completion: 100}")
    assert re.search(r"tokens, \$\d+\.\d\d, 0:\d\d\]$", capfd.readouterr().err.splitlines()[-1])


def test_output_that_is_no_terminal_has_no_control_characters(server: Server) -> None:
    ended = papercoder(*RUN, server=server)
    assert ended.returncode == 0
    assert "\x1b" not in ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 11


def on_a_terminal(server: Server) -> str:
    """Run the command line on a terminal of 100 columns and return all that it shows."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    process = subprocess.Popen(
        command(*RUN, server=server), stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    process.wait()
    os.close(ours)
    return shown.decode()


def test_a_terminal_shows_a_table_with_all_stages(server: Server) -> None:
    shown = on_a_terminal(server)
    assert "\x1b[" in shown
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown)
    tables, _, report = shown.partition("finished: Learning to Count")
    table = [line.split() for line in tables[tables.rindex("planning") :].splitlines() if line.strip()]
    assert table[0][:2] == ["planning", "done"]
    assert table[1][:3] == ["analysis", "3/3", "files"]
    assert table[2][:3] == ["coding", "3/3", "files"]
    assert table[3][:2] == ["10", "calls,"]
    assert "analysis 1/3" not in tables  # the lines of other places
    assert "repository: out/repository" in report


def test_an_error_on_a_terminal_stands_below_the_table(server: Server) -> None:
    server.replies[2] = failure(500, "oops")
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", on_a_terminal(server))
    assert "\r\nerror: backbone 'simulated': [openai/simulated] oops (HTTP 500)" in shown
    assert "waiting" in shown


CHATTER = """
import os, threading
from experiments.meter import Meter
from experiments.progress import print_line, say_last

def talk():
    while True:
        talking.set()
        print_line(meter, "a step")

meter, talking = Meter([]), threading.Event()
for _ in range(8):
    threading.Thread(target=talk, daemon=True).start()
talking.wait()
say_last("interrupted")
os.write(1, b"said")
for _ in range(1000):
    os.sched_yield()
os._exit(0)
"""


def test_no_thread_says_anything_behind_the_last_words() -> None:
    done = subprocess.run([sys.executable, "-c", CHATTER], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "said"
    assert done.stderr.splitlines()[-1] == "interrupted"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (3600, "60:00")])
def test_durations_are_minutes_and_seconds(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_the_total_of_nothing_is_nothing() -> None:
    assert total([]).calls == 0
    assert total([]).shared_prefix is None
