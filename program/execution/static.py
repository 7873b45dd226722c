"""What is wrong with a repository before it is run: ruff and a type checker read it; nothing of it is imported."""

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ruff import find_ruff_bin

from data.errors import SandboxError
from program.execution.certainty import Code
from program.findings import find_faults, has_other_names, is_shadowed
from program.interface import missing_interface
from program.syntax import python_or_none

RULES = "E9,F63,F7,F82"
"""Rules of ruff whose violation is an error at run time: no Python, undefined names, misplaced statements."""

CODES = ("attr-defined", "call-arg")
"""Kinds of errors of the type checker that are errors at run time too; of undefined names, ruff knows more."""

ATTEMPTS = 6
"""How often the type checker is started, each time without what has stopped it."""

MANY_SECONDS = 300
"""How long each tool may take."""

_UNDEFINED = ("F821", "F822")
"""Rules of ruff about names, which another file or `globals()` may have made."""

_STOPPED = re.compile(r"^(?P<file>[^:\n]+):(?:\d+:)? error: (?P<message>.*)", re.MULTILINE)
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
            texts = {path: files[path] for path in python}
            for fault in [*_ruff(folder, texts), *_mypy(folder, texts)]:
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


def _ruff(folder: Path, texts: Mapping[str, str]) -> Iterator[str]:
    options = ["check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--select", RULES]
    done = _run([find_ruff_bin(), *options, "--output-format", "json", "."], folder)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise SandboxError(f"ruff does not work: {' '.join(done.stderr.split())[:200]}") from None
    open_ended = {path for path, text in texts.items() if (tree := python_or_none(text)) and has_other_names(tree)}
    for fault in found:
        path = Path(fault["filename"])
        name = (path.relative_to(folder) if path.is_absolute() else path).as_posix()
        if name not in open_ended or fault["code"] not in _UNDEFINED:
            yield f"{name}: line {fault['location']['row']} {fault['message']}"


def _mypy(folder: Path, texts: Mapping[str, str]) -> Iterator[str]:
    """Check types where errors cannot come from packages, which are not installed here."""
    trees = {path: tree for path, text in texts.items() if (tree := python_or_none(text)) and _is_checked(path, texts)}
    output = _checked(folder, texts, trees)
    words = {word for path in {*texts} - {*trees} for word in re.findall(r"\w+", texts[path])}
    code = Code.read(trees, words)
    for found in _TYPE_ERROR.finditer(output):
        here = found["file"], int(found["line"])
        if found["code"] in CODES and here not in code.expected and code.is_certain(found["message"]):
            yield f"{found['file']}: line {found['line']} {found['message']}"


def _is_checked(path: str, texts: Collection[str]) -> bool:
    """Say whether a file is what its name is imported as; not where an installed module goes before it."""
    place = PurePosixPath(path).with_suffix("")
    parts = place.parts[place.parts[0] == "src" and len(place.parts) > 1 :]
    if not all(part.isidentifier() for part in place.parts) or f"{place}/__init__.py" in texts:
        return False
    return parts[0] not in sys.stdlib_module_names if len(parts) == 1 else not is_shadowed(parts[0], texts)


def _checked(folder: Path, texts: Mapping[str, str], trees: dict[str, ast.Module]) -> str:
    """Return what mypy says, and drop from `trees` what stops it; other files are removed, for imports find them."""
    options = [
        *("--config-file=", "--no-site-packages", "--ignore-missing-imports", "--check-untyped-defs"),
        *("--no-strict-optional", "--allow-redefinition", "--explicit-package-bases", "--namespace-packages"),
        *("--no-error-summary", "--hide-error-context", "--no-color-output", "--no-incremental"),
        *("--cache-dir", os.devnull),
    ]
    root = "src" if any(path.startswith("src/") for path in trees) else ""
    for _ in range(ATTEMPTS):
        for path in {*texts} - {*trees}:
            _remove(folder, path)
        if not trees:
            break
        done = _run([sys.executable, "-I", "-m", "mypy", *options, "--", *trees], folder, {"MYPYPATH": root})
        if done.returncode in (0, 1):
            return done.stdout
        stopped = {found["file"] for found in _STOPPED.finditer(done.stdout)} & {*trees}
        if root and re.search(r"Duplicate module|found twice", done.stdout):  # some name modules from src, some in it
            root = ""
        elif stopped:
            for path in stopped:
                del trees[path]
        elif done.stdout:
            break
        else:
            raise SandboxError(f"mypy does not work: {' '.join(done.stderr.split())[:200]}")
    return ""


def _remove(folder: Path, path: str) -> None:
    """Remove a file and the folders that are empty then, which could be imported."""
    (folder / path).unlink(missing_ok=True)
    with suppress(OSError):
        for parent in PurePosixPath(path).parents[:-1]:
            (folder / parent).rmdir()


def _run(
    command: Sequence[str], folder: Path, more: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(folder), **(more or {})},
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
