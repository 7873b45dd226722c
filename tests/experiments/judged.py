"""Repositories to judge, and the command `judge` in this process."""

from pathlib import Path
from typing import Any

from experiments.benchmarks.simulated import Ask, Server, sections
from experiments.judge import judge_repository
from experiments.judging import load_verdict
from program.verdict import Verdict
from tests.experiments.runs import configure

FILES = {
    "README.md": "# Counting\n",
    "main.py": "from model import add\n\nprint(add(1))\n",
    "model.py": "def add(x):\n    return x + 1\n",
}


def write(folder: str | Path, files: dict[str, str] = FILES) -> Path:
    """Write a repository."""
    for name, text in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Path(folder)


def judge(
    server: Server,
    repository: str = "repository",
    paper: str | None = "paper.md",
    *,
    reference: str | None = None,
    components: str | None = None,
    out: str | None = "verdict",
    **more: Any,
) -> list[str]:
    """Judge with two samples, unless settings say otherwise; return what the user is told."""
    paths = [Path(name) if name else None for name in (reference, components, out)]
    config = configure(server, **{"judge__samples": 2, **more})
    return list(judge_repository(Path(repository), paper, *paths, config))


def verdict(out: str = "verdict") -> Verdict:
    found = load_verdict(Path(out))
    assert found is not None
    return found


def steps(server: Server) -> list[str]:
    """Return what the server was asked for, in order."""
    return [ask.step for ask in server.asks]


def nothing_found(ask: Ask, server: Server) -> str:
    """Answer as a judge that finds nothing of what the paper requires."""
    fields = server.model.fields(ask.step, ask.subject, ask.prompt)
    for finding in fields["findings"]:
        finding |= {"status": "missing", "evidence": []}
    return sections(fields | {"critiques": []})
