"""Small experiments: papers, references, the YAML file, and the command `experiment` in this process."""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from experiments.backbones.transcript import Transcript
from experiments.benchmarks.simulated import Server
from experiments.config import load_config
from experiments.grid.run import run_experiment
from experiments.grid.spec import load_spec
from experiments.reports.cells import Cell
from experiments.reports.report import Report
from tests.experiments.judged import write
from tests.experiments.runs import simulated

OUT = Path("exp")


def write_paper(name: str, folder: str = ".") -> str:
    """Write a paper; return its file."""
    text = f"# Learning {name}\n\n## Abstract\n\nWe learn {name}.\n\n## 1 Method\n\nAdd {name}, as Equation (1) says.\n"
    return str(write(folder, {f"{name}.md": text}) / f"{name}.md")


def write_reference(name: str, folder: str = ".") -> str:
    """Write the authors' repository of a paper; return its folder."""
    return str(write(Path(folder, f"{name}-reference"), {f"{name}.py": f"def {name}(x):\n    return x + 1\n"}))


def write_spec(path: str = "experiment.yaml", **fields: Any) -> Path:
    """Write an experiment on paper `a` with a reference, `Abstract` and `Oracle`, but for what is said otherwise."""
    content: dict[str, Any] = {"name": "small", "layouts": ["methods"], "methods": ["Abstract", "Oracle"]}
    if "papers" not in fields:
        content["papers"] = [{"paper": write_paper("a"), "reference": write_reference("a")}]
    merged = {key: value for key, value in (content | fields).items() if value is not None}
    return Path(write(Path(path).parent, {Path(path).name: yaml.safe_dump(merged)}), Path(path).name)


def experiment(server: Server, spec: str | Path = "experiment.yaml", out: Path = OUT, **more: Any) -> list[Cell]:
    """Run an experiment with one sample for each verdict, unless settings say otherwise."""
    return reported(server, spec, out, **more)[0]


def reported(
    server: Server, spec: str | Path = "experiment.yaml", out: Path = OUT, **more: Any
) -> tuple[list[Cell], Report]:
    """Do the same, and return the report too."""
    plan = load_spec(Path(spec))
    overrides = simulated(server.address, **{"judge__samples": 1, **more})
    cells, report, _ = run_experiment(plan, load_config(overrides=overrides, base=plan.config), out)
    return cells, report


def answered(out: Path = OUT) -> Counter[str]:
    """Return the prompts whose answers are in the transcripts of an experiment."""
    prompts: Counter[str] = Counter()
    for path in out.rglob("transcript.jsonl"):
        transcript = Transcript(path)
        prompts.update(transcript.prompt(number) for number in range(len(transcript.entries)))
    return prompts


def asked(server: Server) -> Counter[str]:
    """Return the prompts that came to the server."""
    return Counter(ask.prompt for ask in server.asks)


def steps(server: Server) -> Counter[str]:
    """Return what the server was asked for."""
    return Counter(ask.step for ask in server.asks)


def statuses(cells: list[Cell]) -> dict[tuple[str, str], str]:
    """Return the status of each cell by paper and method."""
    return {(cell.paper, cell.method): cell.status for cell in cells}
