"""What is wrong with a repository before it is run: ruff and a type checker read it; nothing of it is imported."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ruff import find_ruff_bin

from data.errors import SandboxError
from program.findings import find_faults
from program.interface import missing_interface

RULES = "E9,F63,F7,F82"
"""Rules of ruff whose violation is an error at run time: no Python, undefined names, misplaced statements."""

CODES = ("attr-defined", "name-defined", "call-arg")
"""Kinds of errors of the type checker that are errors at run time too."""

MANY_SECONDS = 300
"""How long each tool may take."""

_DEFINED = re.compile(r"^[ \t]*(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)
_OF_A_MODULE = re.compile(r"Module\b")
_SUBJECT = re.compile(r'^(?:"(?:type\[)?(?P<owner>\w+)\]?" has no|.*\b(?:to|for) "(?P<called>\w+)")')
"""Whose attribute or argument an error is about."""

_TYPE_ERROR = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+): error: (?P<message>.+?)  \[(?P<code>[\w-]+)\]")


def find_static_faults(files: Mapping[str, str], class_diagram: str | None = None) -> list[str]:
    """Say what is wrong with a repository as far as tools can tell that read it.

    Args:
        files: Its text files, by path.
        class_diagram: The planned interface, Mermaid; None if there was no plan.

    Returns:
        A line for each fault, beginning with the file and mostly with the line; the first 40.

    Raises:
        SandboxError: A tool does not work.
    """
    faults = find_faults(files)
    with tempfile.TemporaryDirectory(prefix="papercoder-") as name:
        folder = Path(name).resolve()
        python = list(_written(files, folder))
        if python:
            known = {_place(fault) for fault in faults}
            broken = {fault.partition(":")[0] for fault in faults if "is not Python" in fault}
            defined = {name for path in python for name in _DEFINED.findall(files[path])}
            for fault in [*_ruff(folder), *_mypy(folder, python, defined)]:
                if _place(fault) not in known and fault.partition(":")[0] not in broken:
                    known.add(_place(fault))
                    faults.append(fault)
    if class_diagram:
        faults += missing_interface(class_diagram, files)
    return faults[:40]


def _written(files: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Write the Python files, as text of ours without links, and yield their paths."""
    for path, text in files.items():
        place = folder / path
        if path.endswith(".py") and place.resolve().is_relative_to(folder):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", errors="replace")
            yield path


def _place(fault: str) -> tuple[str, str]:
    found = re.match(r"([^:]+): (?:line )?(\d+)", fault)
    return (found[1], found[2]) if found else (fault, "")


def _ruff(folder: Path) -> Iterator[str]:
    options = ["check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--select", RULES]
    done = _run([find_ruff_bin(), *options, "--output-format", "json", "."], folder)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise SandboxError(f"ruff does not work: {' '.join(done.stderr.split())[:200]}") from None
    for fault in found:
        path = Path(fault["filename"])
        path = path.relative_to(folder) if path.is_absolute() else path
        yield f"{path.as_posix()}: line {fault['location']['row']} {fault['message']}"


def _mypy(folder: Path, paths: Sequence[str], defined: Collection[str]) -> Iterator[str]:
    """Check types where errors cannot come from packages, which are not installed here: of what is `defined` here."""
    named = [path for path in paths if all(part.isidentifier() for part in Path(path).with_suffix("").parts)]
    if not named:
        return
    options = [
        *("--config-file=", "--no-site-packages", "--ignore-missing-imports", "--check-untyped-defs"),
        *("--no-strict-optional", "--allow-redefinition", "--explicit-package-bases", "--namespace-packages"),
        *("--no-error-summary", "--hide-error-context", "--no-color-output", "--no-incremental"),
        *("--cache-dir", os.devnull),
    ]
    done = _run([sys.executable, "-I", "-m", "mypy", *options, "--", *named], folder)
    if done.returncode not in (0, 1) and not done.stdout:
        raise SandboxError(f"mypy does not work: {' '.join(done.stderr.split())[:200]}")
    for found in _TYPE_ERROR.finditer(done.stdout):
        subject = _SUBJECT.search(found["message"])
        ours = subject and {subject["owner"], subject["called"]} & {*defined}
        if found["code"] in CODES and (ours or found["code"] == "name-defined" or _OF_A_MODULE.match(found["message"])):
            yield f"{found['file']}: line {found['line']} {found['message']}"


def _run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=MANY_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{Path(command[0]).name} took longer than {MANY_SECONDS} s on the repository") from None
    except OSError as error:
        raise SandboxError(f"{Path(command[0]).name} does not start: {error.strerror}") from None
