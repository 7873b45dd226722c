"""Wall clock of a run against its critical path, with a simulated model that takes a fixed time for each answer.

    python -m experiments.benchmarks.critical_path [--delay 0.2] [--files 8 40]

The critical path of a plan with dependency depth 3 is 4 planning calls, 1 analysis and 3 waves of code. Wall clock is
measured from the start of planning to the last file on disk, with MLflow tracking as by default. The model answers
over HTTP on loopback, from a process of its own.
"""

import argparse
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from experiments.benchmarks.place import empty_folder

DEPTH = 3
CALLS = 4 + 1 + DEPTH

PAPER = "# A Paper\n\n## Abstract\n\nIt is long.\n\n## 1 Method\n\n" + "A sentence of a paper. " * 2000


def serve(pipe: Connection, files: int, delay: float) -> None:
    """Serve a simulated model in a process of its own: send its address, wait for a word to stop."""
    from experiments.benchmarks.simulated import SimulatedModel, serving

    with serving(SimulatedModel(files, DEPTH), delay) as server:
        pipe.send(server.address)
        pipe.recv()


def measure(files: int, delay: float) -> tuple[float, float]:
    """Return the wall clock of one run, in seconds, and the share of prompt characters that are a shared prefix."""
    from experiments.config import load_config
    from experiments.run import start_run

    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, files, delay))
    process.start()
    try:
        Path("paper.md").write_text(PAPER, encoding="utf-8")
        settings = {
            "backbone": "simulated",
            "backbones.simulated.kind": "api",
            "backbones.simulated.model": "openai/simulated",
            "backbones.simulated.api_base": ours.recv(),
        }
        config = load_config(overrides=[f"{key}={value}" for key, value in settings.items()])
        state = start_run("paper.md", None, config, "coding")
    finally:
        ours.send("stop")
        process.join()
    return state.program_seconds, state.shared_prefix or 0.0


def main() -> None:
    """Print a line for each number of files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds for each answer")
    parser.add_argument("--files", type=int, nargs="+", default=[8, 40])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with empty_folder():
        for files in options.files:
            for _ in range(options.repeat):
                seconds, shared = measure(files, options.delay)
                path = CALLS * options.delay
                print(
                    f"{files} files: {seconds:.3f} s, critical path {path:.3f} s, ratio {seconds / path:.3f}; "
                    f"shared prefix {shared:.1%}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
