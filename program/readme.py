"""The README of a generated repository: the ledger of the plan, with an owner for everything."""

from collections.abc import Iterable, Mapping

import dspy

from data.paper import Paper
from signatures.analysis import FileAnalysis
from signatures.coding import SourceFile
from signatures.ledger import Assumption
from signatures.planning import is_test


def write_readme(
    paper: Paper,
    plan: dspy.Prediction,
    analyses: Mapping[str, FileAnalysis],
    sources: Mapping[str, SourceFile],
) -> str:
    """Return the README: which paper, how to run it, what stands where, which assumptions were made."""
    logic, overall = plan.logic_design, plan.overall_plan
    parts = [
        f"# {paper.title}",
        "An implementation of the paper of that title"
        + (f" (read from {paper.source})" if paper.source else "")
        + ", written by PaperCoder from the paper alone. It has not been checked against the authors' results.",
        _quote(paper.abstract),
        "## Install",
        "```sh\npython -m venv .venv\n. .venv/bin/activate\npip install -r requirements.txt\n```",
        _bullets("Also needed: ", logic.other_packages),
        "## Run",
        "All commands run in this folder. The quick mode, with tiny data and in seconds on a CPU:",
        f"```sh\n{logic.quick_command}\n```",
        "The tests check the paper's equations on tiny inputs:",
        "```sh\npython -m pytest\n```",
        "## Tables and figures of the paper",
        _table(
            ("Result", "In the paper", "Command", "Then stands in"),
            (
                (result.name, result.place, f"`{command.command}`", command.output)
                for result in overall.results
                for command in logic.commands
                if command.result.lower() == result.name.lower()
            ),
            "The paper has none that this repository is to reproduce.",
        ),
        "## Settings",
        "All settings stand in `config.yaml`. Each value is marked `paper:` with its place in the paper, or "
        "`ours:` with "
        "the reason; the mapping `quick` holds what the quick mode overrides.",
        "## Assumptions",
        "What the paper does not give, or gives twice differently, and what was chosen:",
        _table(
            ("What", "Why", "In the paper", "Choice", "In the code"),
            ((a.name, a.reason, a.paper, a.choice, place) for a, place in _assumptions(plan, analyses, sources)),
            "None was needed.",
        ),
        "## What stands where",
        _table(
            ("Component", "Kind", "In the paper", "In the code"),
            ((c.name, c.kind, c.place, _owners(plan, "components", c.name)) for c in overall.components),
            "",
        ),
        _table(
            ("File", "Purpose"),
            ((f"`{file.path}`", file.purpose) for file in _by_kind(plan)),
            "",
        ),
        "## Design",
        f"```mermaid\n{plan.architecture_design.class_diagram}\n```",
        f"```mermaid\n{plan.architecture_design.sequence_diagram}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _assumptions(
    plan: dspy.Prediction, analyses: Mapping[str, FileAnalysis], sources: Mapping[str, SourceFile]
) -> list[tuple[Assumption, str]]:
    """Return every assumption once, first named first, with its place in the code; another choice is another one."""
    found: dict[tuple[str, str], tuple[Assumption, str]] = {}

    def add(assumptions: Iterable[Assumption], default: str = "") -> None:
        for assumption in assumptions:
            owner = default or _owners(plan, "assumptions", assumption.name)
            found.setdefault((assumption.name.lower(), assumption.choice), (assumption, assumption.code or owner))

    add(plan.overall_plan.assumptions)
    add(plan.configuration.assumptions, "`config.yaml`")
    for path, analysis in analyses.items():
        add(analysis.assumptions, f"`{path}`")
    for path, source in sources.items():
        add(source.assumptions, f"`{path}`")
    return list(found.values())


def _owners(plan: dspy.Prediction, field: str, name: str) -> str:
    """Name the files to which the logic design assigns a component or an assumption."""
    tasks = plan.logic_design.tasks
    return ", ".join(f"`{task.path}`" for task in tasks if name.lower() in (n.lower() for n in getattr(task, field)))


def _by_kind(plan: dspy.Prediction) -> list:  # type: ignore[type-arg]
    return sorted(plan.architecture_design.files, key=lambda file: is_test(file.path))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], otherwise: str) -> str:
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if not lines:
        return otherwise
    return "\n".join([f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *lines])


def _cell(text: str) -> str:
    text = " ".join(text.split()).replace("\\|", "\\Vert ")  # TeX's norm; no escape of its bar survives a table
    return text.replace("|", "\\|")


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _bullets(lead: str, items: Iterable[str]) -> str:
    items = [item for item in items if not item.lower().startswith(("no ", "none"))]
    return lead + "; ".join(items) + "." if items else ""
