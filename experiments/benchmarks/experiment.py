"""How much of the time that a judge and an experiment take is spent waiting for answers, as it should be.

    python -m experiments.benchmarks.experiment [--delay 1.0] [--repeat 3]

A simulated model answers over HTTP on loopback, from a process of its own, after a fixed time. MLflow tracking is on
as by default. Two things are measured:

- Judge: the wall clock of 8 samples over that of 1, what the paper requires being known, and how much of the prompts
  of samples 2 to 8 is a prefix of an earlier prompt.
- Experiment: how much of its concurrency is in use, seen from the server, for 6 methods on 3 papers and 8 samples of
  each verdict; from the first call until only one paper has work left, and until the last call.
"""

import argparse
import io
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from multiprocessing.connection import Connection
from pathlib import Path

from experiments.benchmarks.place import empty_folder

PAPERS = 3
CONCURRENCY = 16
SAMPLES = 8
METHODS = ["ChatDev", "MetaGPT", "Abstract", "Paper", "PaperCoder", "Oracle"]
FILES, DEPTH = 8, 3

PAPER = "# Paper {0}\n\n## Abstract\n\nIt is long.\n\n## 1 Method\n\n" + "A sentence of a paper. " * 2000

Span = tuple[float, float, str]
"""When a request came, when its answer was ready, and the paper that it is about."""


def serve(pipe: Connection, delay: float) -> None:
    """Serve a simulated model in a process of its own: send its address, and its requests for every word that comes."""
    from experiments.benchmarks.simulated import SimulatedModel, serving

    with serving(SimulatedModel(FILES, DEPTH), delay) as server:
        pipe.send(server.address)
        while pipe.recv():
            papers = {ask.number: ask.prompt.partition("# Paper ")[2][:1] for ask in server.asks}
            pipe.send([(*times, papers[number]) for number, times in server.times.items()])


@contextmanager
def simulated(delay: float) -> Iterator[tuple[Connection, dict[str, object]]]:
    """Yield the way to the server, and the settings of a backbone that asks it."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, delay))
    process.start()
    try:
        settings: dict[str, object] = {"kind": "api", "model": "openai/simulated", "api_base": ours.recv()}
        yield ours, {"backbone": "simulated", "concurrency": CONCURRENCY, "backbones": {"simulated": settings}}
    finally:
        ours.send(False)
        process.join()


def write_papers() -> None:
    """Write the papers and their references into the working directory."""
    from experiments.benchmarks.answers import source
    from program.repository import write_text

    for number in range(PAPERS):
        write_text(Path(f"{number}.md"), PAPER.format(number))
        for name in ("main.py", "model.py", "data.py"):
            write_text(Path(f"reference-{number}") / name, source(name))


def measure_judge(protocol: str, samples: int, config: dict[str, object]) -> tuple[float, float | None]:
    """Return the wall clock of a verdict, in seconds, and the shared share of the prompts of all samples but one."""
    from data.read import read_paper
    from experiments.backbones.build import Sources
    from experiments.benchmarks.answers import Answers
    from experiments.config import load_config
    from experiments.judging import ask_judge, build_judge
    from experiments.meter import total
    from experiments.session import open_session
    from experiments.tracking import tracked
    from program.repository import Repository
    from signatures.judging import Requirements

    settled = load_config(base=config, overrides=[f"judge.samples={samples}", f"judge.protocol={protocol}"])
    requirements = Requirements.model_validate(Answers().fields("required_components", "", ""))
    paper, repository = read_paper("0.md"), Repository(Path("reference-0")).read()
    with tempfile.TemporaryDirectory(dir=".") as folder, tracked(settled.tracking, "judge") as tracker:
        session = open_session(Path(folder), Sources(settled, Path(folder)), {"judge": "simulated"})
        judge = build_judge(settled, "simulated")
        started = time.monotonic()
        ask_judge(session, tracker, judge, paper.markdown, repository, None, requirements)
        return time.monotonic() - started, total(session.transcript.entries).shared_prefix


def measure_experiment(config: dict[str, object]) -> None:
    """Do an experiment in a folder that is removed afterwards."""
    from experiments.config import load_config
    from experiments.grid.run import explain_failures, run_experiment
    from experiments.grid.spec import Spec

    papers = [{"paper": f"{n}.md", "reference": f"reference-{n}"} for n in range(PAPERS)]
    spec = Spec.model_validate({"name": "benchmark", "layouts": ["methods"], "papers": papers, "methods": METHODS})
    settled = load_config(base=config, overrides=[f"judge.samples={SAMPLES}"])
    with tempfile.TemporaryDirectory(dir=".") as folder:
        cells, _, _ = run_experiment(spec, settled, Path(folder))
    if error := explain_failures(cells, Path(folder)):
        raise error


def busy(spans: list[Span], until: float) -> float:
    """Return the share of the concurrency that is in use from the first request until then."""
    first = min(begin for begin, _, _ in spans)
    used = sum(max(0.0, min(end, until) - begin) for begin, end, _ in spans)
    return used / CONCURRENCY / (until - first)


def report_judge(delay: float) -> None:
    """Print a line for each protocol."""
    for protocol in ("paper", "grounded"):
        with simulated(delay) as (_, config):
            measure_judge(protocol, 1, config)  # the first call of a process imports the client and opens the store
            one, _ = measure_judge(protocol, 1, config)
            all_, shared = measure_judge(protocol, SAMPLES, config)
        print(
            f"judge, {protocol}: {SAMPLES} samples {all_:.3f} s, 1 sample {one:.3f} s, ratio {all_ / one:.3f}; "
            f"shared prefix {shared or 0:.1%}",
            flush=True,
        )


def report_experiment(delay: float) -> None:
    """Print a line."""
    with simulated(delay) as (pipe, config), redirect_stderr(io.StringIO()):
        started = time.monotonic()
        measure_experiment(config)
        seconds = time.monotonic() - started
        pipe.send(True)
        spans: list[Span] = pipe.recv()
    ends = sorted(max(end for _, end, paper in spans if paper == name) for name in {paper for _, _, paper in spans})
    print(
        f"experiment: {len(spans)} calls, {seconds:.1f} s; busy {busy(spans, ends[-2]):.1%} until one paper is left, "
        f"{busy(spans, ends[-1]):.1%} until the last call, at least {len(spans) * delay / CONCURRENCY:.1f} s",
        flush=True,
    )


def main() -> None:
    """Print what was measured, several times over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=1.0, help="seconds for each answer")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with empty_folder():
        write_papers()
        for _ in range(options.repeat):
            report_judge(options.delay)
        for _ in range(options.repeat):
            report_experiment(options.delay)


if __name__ == "__main__":
    main()
