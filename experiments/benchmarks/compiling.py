"""Wall clock of a compilation against the time in which at least one of its calls is under way.

    python -m experiments.benchmarks.compiling [--delay 1.0] [--runs 40] [--optimizer gepa] [--repeat 1]

A simulated model that writes better repositories for better instructions answers over HTTP on loopback, from a process
of its own, after a fixed time. MLflow tracking is on as by default. Wall clock is measured from the beginning of the
command to the compiled program in the registry, the self-test of the judge included, in a process that has compiled
once already, in a folder that has its MLflow store. What is over the time of the calls is overhead. The share of calls
saved is that of the answers which the transcript gave instead of the model.
"""

import argparse
import io
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from multiprocessing.connection import Connection
from pathlib import Path

from experiments.benchmarks.place import empty_folder

PAPER = "# Paper {0}\n\n## Abstract\n\nIt is long.\n\n## 1 Method\n\n" + "A sentence of a paper. " * 2000
SPLIT = {"train": ["0.md", "1.md"], "dev": ["2.md", "3.md"], "test": []}
FILES = 6


def serve(pipe: Connection, delay: float) -> None:
    """Serve a simulated model: send its address, and when requests came and were answered for every word that comes."""
    from experiments.benchmarks.simulated import serving
    from experiments.benchmarks.wishful import WishfulModel

    with serving(WishfulModel(files=FILES), delay) as server:
        pipe.send(server.address)
        while pipe.recv():
            pipe.send(list(server.times.values()))


@contextmanager
def simulated(delay: float) -> Iterator[tuple[Connection, str]]:
    """Yield the way to the server, and its address."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, delay))
    process.start()
    try:
        yield ours, ours.recv()
    finally:
        ours.send(False)
        process.join()


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Return for how long at least one of the spans lasted."""
    seconds, until = 0.0, 0.0
    for begin, end in sorted(spans):
        seconds += max(0.0, end - max(begin, until))
        until = max(until, end)
    return seconds


def measure(optimizer: str, runs: int, delay: float) -> tuple[float, float, float]:
    """Return the wall clock, the time in which a call was under way, and the share of calls that were saved."""
    import mlflow

    from experiments.compiling.run import compile_program
    from experiments.config import load_config

    with simulated(delay) as (pipe, address), tempfile.TemporaryDirectory(dir=".") as folder:
        config = load_config(
            base={
                "backbone": "simulated",
                "backbones": {"simulated": {"kind": "api", "model": "openai/simulated", "api_base": address}},
                "compile": {"optimizer": optimizer, "papers": SPLIT, "budget": {"runs": runs}},
                "judge": {"samples": 2},
            }
        )
        mlflow.tracing.reset()  # type: ignore[no-untyped-call]  # a command finds no traces of an earlier one to wait for
        with redirect_stderr(io.StringIO()):
            started = time.monotonic()
            program, _ = compile_program(config, Path(folder))
            seconds = time.monotonic() - started
        pipe.send(True)
        spans = pipe.recv()
    asked, replayed = program.provenance.spent["calls"] or 0, program.provenance.spent["replayed"] or 0
    return seconds, covered(spans), replayed / (asked + replayed)


def main() -> None:
    """Print a line for each time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=1.0, help="seconds for each answer")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--optimizer", default="gepa")
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    with empty_folder():
        for number in range(4):
            Path(f"{number}.md").write_text(PAPER.format(number), encoding="utf-8")
        measure("none", 4, 0.0)
        for _ in range(options.repeat):
            seconds, calls, saved = measure(options.optimizer, options.runs, options.delay)
            print(
                f"{options.optimizer}, {options.runs} runs: {seconds:.1f} s, calls {calls:.1f} s, "
                f"ratio {seconds / calls:.3f}; {saved:.0%} of the calls saved",
                flush=True,
            )


if __name__ == "__main__":
    main()
