"""Start-up time, reading time, peak memory of a run, and the shared prefix of its prompts.

    python -m experiments.benchmarks.footprint [--pdf FILE] [--repeat 5]

Each figure stands beside its limit. The run is the recorded sample where it has a recording, and a simulated one with
40 files; both with MLflow tracking as by default, each in a process of its own.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from data.samples import find_sample, sample_names
from experiments.benchmarks.critical_path import DEPTH, PAPER, serve
from experiments.environment import prepare_environment

CLI = [sys.executable, "-m", "experiments.cli"]


def seconds(command: list[str], repeat: int) -> float:
    """Return the median wall time of a command."""
    times = []
    for _ in range(repeat):
        started = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.monotonic() - started)
    return statistics.median(times)


def run(arguments: list[str], out: Path) -> tuple[float, float]:
    """Run `papercoder run`; return its peak memory in MB and the shared prefix of its prompts."""
    child = subprocess.Popen([*CLI, "run", *arguments, "--out", str(out)], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"the run {' '.join(arguments)} failed; see {out}")
    state = json.loads((out / "run.json").read_text(encoding="utf-8"))
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 1e6, state["shared_prefix"]


def report(what: str, figure: float, limit: float, unit: str = "") -> None:
    """Print a figure beside its limit."""
    print(f"{what}: {figure:.2f}{unit} (limit {limit:g}{unit}, ratio {figure / limit:.2f})", flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pdf", type=Path, help="a PDF paper to read")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    prepare_environment()
    pdf = options.pdf.absolute() if options.pdf else None
    report("papercoder --help", seconds([*CLI, "--help"], options.repeat), 0.5, " s")
    if pdf:
        code = f"from data.read import read_paper; read_paper({str(pdf)!r})"
        report(f"reading {pdf.name}", seconds([sys.executable, "-c", code], options.repeat), 2.0, " s")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in sample_names():
            if Path(find_sample(name) or "").with_name("transcript.jsonl").exists():
                memory, shared = run([name, "--backbone", "recorded"], Path(name))
                report(f"peak memory, sample {name}", memory, 600, " MB")
                print(
                    f"shared prefix, sample {name}: {shared:.1%} of prompt characters after the first call "
                    "(at least 80%)"
                )
        Path("paper.md").write_text(PAPER, encoding="utf-8")
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, 40, 0.0))
        server.start()
        simulated = f"backbones.simulated={{kind: api, model: openai/simulated, api_base: '{ours.recv()}'}}"
        memory, _ = run(["paper.md", "--set", simulated, "--backbone", "simulated"], Path("simulated"))
        ours.send("stop")
        server.join()
        report(f"peak memory, 40 simulated files at depth {DEPTH}", memory, 600, " MB")
        os.chdir("/")


if __name__ == "__main__":
    main()
