"""What a candidate is measured by beside the judge, without a model: checks that no optimizer is told to please."""

import ast
import re
from collections.abc import Mapping

import dspy

from program.checks import check_texts
from program.findings import find_faults
from program.syntax import python_or_none

_CLASS = re.compile(r"^\s*class\s+`?(\w+)", re.MULTILINE)


def measure_soundness(plan: dspy.Prediction, repository: Mapping[str, str]) -> tuple[dict[str, float], list[str]]:
    """Measure a repository against its own plan.

    Args:
        plan: What `Planner` returned.
        repository: Every file's text by path.

    Returns:
        Shares in [0, 1]: of Python files that parse (`parses`) and whose internal imports resolve (`imports`), of
        planned files (`files`) and classes (`classes`) that are there, and whether the entry point is (`entry_point`);
        and the faults found, a line each.
    """
    modules = {
        path: tree for path, text in repository.items() if path.endswith(".py") and (tree := python_or_none(text))
    }
    python = [path for path in repository if path.endswith(".py")]
    faults = find_faults(repository)
    broken = {fault.split(":", 1)[0] for fault in faults} - {
        fault.split(":", 1)[0] for fault in check_texts(repository)
    }
    architecture = plan.architecture_design
    planned = [file.path for file in architecture.files]
    classes = set(_CLASS.findall(architecture.class_diagram))
    written = {node.name for tree in modules.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    functions = {node.name for tree in modules.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    shares = {
        "parses": _share(len(modules), len(python)),
        "imports": _share(sum(path not in broken for path in python), len(python)),
        "files": _share(sum(path in repository for path in planned), len(planned)),
        "classes": _share(len(classes & (written | functions | {_stem(path) for path in python})), len(classes)),
        "entry_point": float(architecture.entry_point in modules),
    }
    missing = sorted(classes - written - functions - {_stem(path) for path in python})
    return shares, faults + [f"the class {name} of the class diagram is in no file" for name in missing]


def _stem(path: str) -> str:
    """Class diagrams show modules of functions as classes, by their names."""
    return path.rsplit("/", 1)[-1].removesuffix(".py")


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0
