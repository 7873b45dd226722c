"""Compilations on the wishful model, in this process."""

from pathlib import Path
from typing import Any

from experiments.benchmarks.simulated import Server
from experiments.compiling.run import compile_program
from experiments.config import Config, load_config
from optimizers.compiled import CompiledProgram
from tests.experiments.runs import simulated

SPLIT = "{train: [p0.md, p1.md], dev: [p2.md, p3.md], test: [p4.md, p5.md]}"


def write_papers(number: int = 6, plainly: str = "") -> None:
    for each in range(number):
        said = " plainly" if f"p{each}.md" == plainly else ""
        text = f"# Counting {each}\n\n## Abstract\n\nWe count {each}{said}.\n\n## 1 Method\n\nAdd {each}.\n"
        Path(f"p{each}.md").write_text(text)


def configure(server: Server, optimizer: str = "gepa", runs: int = 100, **more: Any) -> Config:
    """Return a configuration; `more` are further settings, `__` for a dot."""
    settings = {
        "compile__optimizer": optimizer,
        "compile__budget__runs": runs,
        "compile__papers": SPLIT,
        "judge__samples": 1,
    }
    return load_config(overrides=simulated(server.address, **(settings | more)))


def compiled(server: Server, out: str = "out", **more: Any) -> CompiledProgram:
    return compile_program(configure(server, **more), Path(out))[0]
