"""Runs on the simulated model: in this process, or through the command line in one of their own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from experiments.benchmarks.simulated import Server
from experiments.config import Config, load_config
from experiments.run import resume_run, start_run
from experiments.state import RunState

PAPER = "# Learning to Count\n\n## Abstract\n\nWe count.\n\n## 1 Method\n\nAdd one, as Equation (1) says.\n"


def simulated(address: str, **more: Any) -> list[str]:
    """Return the `--set` values that choose a backbone at this address; `more` are further ones, `__` for a dot."""
    values = {
        "backbone": "simulated",
        "backbones.simulated.kind": "api",
        "backbones.simulated.model": "openai/simulated",
        "backbones.simulated.api_base": address,
        "backbones.simulated.retries": 0,
        "tracking.enabled": "false",
    }
    values |= {key.replace("__", "."): value for key, value in more.items()}
    return [f"{key}={value}" for key, value in values.items()]


def configure(server: Server, **more: Any) -> Config:
    return load_config(overrides=simulated(server.address, **more))


def run(server: Server, out: str = "out", stop_after: Any = "coding", **more: Any) -> RunState:
    """Start a run of `paper.md` in this process."""
    return start_run("paper.md", Path(out), configure(server, **more), stop_after)


def resume(server: Server, out: str = "out", stop_after: Any = "coding", **more: Any) -> RunState:
    """Go on with it in this process."""
    return resume_run(Path(out), RunState.load(Path(out)), configure(server, **more), stop_after)


def state(out: str = "out") -> RunState:
    return RunState.load(Path(out))


def command(*arguments: str, server: Server | None = None, **more: Any) -> list[str]:
    """Return the command line; settings of the simulated backbone go behind `run` and `resume`."""
    sets = simulated(server.address, **more) if server else []
    options = [word for value in sets for word in ("--set", value)]
    return [sys.executable, "-m", "experiments.cli", *arguments, *options]


def papercoder(
    *arguments: str, server: Server | None = None, env: dict[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        command(*arguments, server=server, **more),
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        timeout=120,
        check=False,
    )


def repository(out: str = "out") -> dict[str, str]:
    """Return every file of a generated repository."""
    root = Path(out) / "repository"
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}
