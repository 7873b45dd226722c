"""Running a generated repository in a sandbox, and what can be said of the run."""

import json
import math
import re
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import yaml
from pydantic import BaseModel, ConfigDict, Field

from data.errors import FolderError
from program.repository import MAX_FILE_BYTES, Listing, Repository
from program.sandbox.copying import copy_in, copy_out, remove
from program.sandbox.dependencies import is_known
from program.sandbox.limits import EndedBy, Limits, Outcome

Status = Literal["ran", "failed", "timed out", "refused"]

FailureKind = Literal[
    "missing dependency",
    "missing module",
    "import",
    "attribute",
    "name",
    "type",
    "shape",
    "value",
    "key",
    "file",
    "memory",
    "disk",
    "processes",
    "timeout",
    "syntax",
    "assertion",
    "network",
    "other",
]

TIMES: tuple[EndedBy, ...] = ("wall time", "cpu time")
"""Limits at which a run has timed out."""

QUICK = "--quick"

ENTRY_POINTS = ("main.py", "app.py", "run.py", "train.py", "run.sh", "reproduce.sh")
"""Where the experiments of a repository begin, if it does not say so: the first that there is."""


class Frame(BaseModel):
    """A place in the repository."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    function: str


class Failure(BaseModel):
    """Why a run failed."""

    model_config = ConfigDict(frozen=True)

    kind: FailureKind
    error: str
    """The last line of the traceback, or of what was printed."""
    frame: Frame | None = None
    """The innermost place in the repository itself."""
    package: str | None = None
    """What is to be installed, for a missing dependency."""


class Execution(BaseModel):
    """The report of one run."""

    model_config = ConfigDict(frozen=True)

    status: Status
    command: str
    exit_code: int | None = None
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    failure: Failure | None = None
    produced: tuple[str, ...] = ()
    """Files that the run wrote and that were copied out."""
    left_out: dict[str, str] = Field(default_factory=dict)
    """Files that were not, and why."""
    metrics: dict[str, float] = Field(default_factory=dict)
    """Numbers that it printed or saved, by name."""
    missing_data: tuple[str, ...] = ()
    """Files that the repository reads and does not have, as far as its text tells."""
    stdout: str = ""
    stderr: str = ""


class Sandbox(Protocol):
    """Where commands run."""

    name: str

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        limits: Limits,
        read_only: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a command in a folder."""


def find_command(listing: Listing, quick: bool = True) -> str | None:
    """Return the command that runs a repository's experiments, in its quick mode if it has one; None without one."""
    entry = next((name for name in ENTRY_POINTS if name in listing.files), None)
    if entry is None:
        return None
    interpreter = "python" if entry.endswith(".py") else "sh"
    return f"{interpreter} {entry}" + (f" {QUICK}" if quick and has_quick_mode(listing) else "")


def has_quick_mode(listing: Listing) -> bool:
    """Say whether config.yaml has the overlay of a quick mode."""
    try:
        settings = yaml.safe_load(listing.files.get("config.yaml", ""))
    except yaml.YAMLError:
        return False
    return isinstance(settings, dict) and isinstance(settings.get("quick"), dict)


def execute(
    sandbox: Sandbox,
    repository: Path,
    command: str,
    limits: Limits,
    out: Path,
    read_only: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
) -> Execution:
    """Run a repository's command on a copy of it, and copy out what it wrote.

    Args:
        sandbox: Where.
        repository: What is run; it stays as it is.
        command: As `find_command` gives it; the first word may be `python`.
        limits: What it may use.
        out: Folder for what it wrote.
        read_only: Folders that it sees, e.g. its virtual environment.
        environment: Variables.

    Raises:
        FolderError: There is no such repository, or no room for a copy.
        SandboxError: The sandbox does not start.
    """
    listing = Repository(repository).read()
    try:
        words = shlex.split(command)
    except ValueError:  # a quote is not closed
        words = []
    if not words:
        return Execution(status="refused", command=command)
    try:
        work = Path(tempfile.mkdtemp(prefix="papercoder-"))
        try:
            copy_in(repository, work)
            outcome = sandbox.run(words, work, limits, read_only, environment)
            copied = copy_out(work, out, Repository(repository))
        finally:
            with suppress(OSError):
                remove(work)
    except OSError as error:
        raise FolderError(f"cannot copy {repository}: {error.strerror}; make room") from error
    status: Status = "ran" if outcome.exit_code == 0 else "timed out" if outcome.ended_by in TIMES else "failed"
    return Execution(
        status=status,
        command=command,
        exit_code=outcome.exit_code,
        seconds=outcome.seconds,
        peak_memory_mb=outcome.peak_memory_mb,
        failure=None if status == "ran" else explain_failure(outcome, listing),
        produced=tuple(copied.files),
        left_out=copied.left_out,
        metrics={**saved_metrics(out, copied.files), **printed_metrics(outcome.stdout)},
        stdout=outcome.stdout,
        stderr=outcome.stderr,
    )


_FRAME = re.compile(
    r'^[ \t]*File "(?:/work/)?(?P<file>[^"<>]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?', re.MULTILINE
)
_RAISED = re.compile(
    r"^Traceback \(most recent call last\):\n(?:[ \t].*\n)*(?P<name>[A-Za-z_][\w.]*)(?::[ ]?(?P<text>.*))?$",
    re.MULTILINE,
)
_ERROR = re.compile(r"^(?P<name>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|NotFound)): ?(?P<text>.*)$", re.MULTILINE)
"""Without a traceback before it, as Python shows an error of syntax."""

_MODULE = re.compile(r"No module named '(?P<name>[\w.]+)'")
_BY_NAME: Mapping[str, FailureKind] = {
    "ModuleNotFoundError": "missing dependency",
    "ImportError": "import",
    "AttributeError": "attribute",
    "NameError": "name",
    "UnboundLocalError": "name",
    "TypeError": "type",
    "KeyError": "key",
    "IndexError": "shape",
    "FileNotFoundError": "file",
    "IsADirectoryError": "file",
    "NotADirectoryError": "file",
    "PermissionError": "file",
    "MemoryError": "memory",
    "_ArrayMemoryError": "memory",
    "OutOfMemoryError": "memory",
    "AssertionError": "assertion",
    "SyntaxError": "syntax",
    "IndentationError": "syntax",
    "TabError": "syntax",
    "ValueError": "value",
    "ConnectionError": "network",
    "ConnectionRefusedError": "network",
    "ConnectionResetError": "network",
    "URLError": "network",
    "gaierror": "network",
}
_BY_TEXT: Sequence[tuple["re.Pattern[str]", FailureKind]] = [
    (re.compile(r"Errno (?:27|28|122)\b"), "disk"),
    (re.compile(r"Errno (?:30|36)\b"), "file"),
    (re.compile(r"Errno 11\b|can't start new thread"), "processes"),
    (re.compile(r"(?i)Errno 12\b|(?:can't|cannot|unable to) allocate|out of memory"), "memory"),
    (re.compile(r"Errno (?:101|110|111|113|-2|-3|-5)\b|Max retries exceeded|couldn't connect to"), "network"),
]
"""For errors whose name says little."""
_SHAPES = re.compile(
    r"(?i)\bshapes?\b|size mismatch|\bdimensions?\b|broadcast|must match the size|mat1 and mat2|matmul|inhomogeneous"
    r"|axis \d+ is out"
)
_BY_LIMIT: Mapping[str, FailureKind] = {
    "wall time": "timeout",
    "cpu time": "timeout",
    "memory": "memory",
    "processes": "processes",
    "disk": "disk",
    "files": "disk",
}


def explain_failure(outcome: Outcome, listing: Listing) -> Failure:
    """Say what kind of failure ended a run, and where in the repository."""
    frame = _frame(outcome.stderr, listing)
    if outcome.ended_by != "exit":
        return Failure(
            kind=_BY_LIMIT[outcome.ended_by], error=f"killed at its limit of {outcome.ended_by}", frame=frame
        )
    found = _raised(outcome.stderr)
    if not found:
        lines = [line for line in (outcome.stderr or outcome.stdout).splitlines() if line.strip()]
        return Failure(
            kind="other", error=(lines[-1] if lines else f"exit code {outcome.exit_code}")[:500], frame=frame
        )
    name, text = found["name"].rsplit(".", 1)[-1], found["text"] or ""
    frame = _frame(outcome.stderr[: found.end()], listing) or frame
    error = f"{name}: {text}"[:500] if text else name
    if module := _MODULE.search(text):
        top = module["name"].split(".")[0]
        if _is_own(top, listing):
            return Failure(kind="missing module", error=error, frame=frame)
        return Failure(kind="missing dependency", error=error, frame=frame, package=top)
    return Failure(kind=_kind(name, text), error=error, frame=frame)


def _raised(text: str) -> "re.Match[str] | None":
    """Return the last error; for one that only says that another program failed, the error of that program."""
    found = next(reversed(list(_RAISED.finditer(text))), None) or next(reversed(list(_ERROR.finditer(text))), None)
    if found and found["name"].endswith("CalledProcessError"):
        return _raised(text[: found.start()]) or found
    return found


def _kind(name: str, text: str) -> FailureKind:
    kind = _BY_NAME.get(name, "other")
    if kind in ("value", "type", "other") and _SHAPES.search(text):
        return "shape"
    if kind == "other":
        return next((by_text for pattern, by_text in _BY_TEXT if pattern.search(text)), "other")
    return kind


def _is_own(module: str, listing: Listing) -> bool:
    """Say whether a module is one that the repository itself has, or has a part of."""
    top = any(path == f"{module}.py" or path.startswith(f"{module}/") for path in listing.files)
    below = any(path.endswith(f"/{module}.py") or f"/{module}/" in path for path in listing.files)
    return top or (below and not is_known(module))


def _frame(text: str, listing: Listing) -> Frame | None:
    frames = [found for found in _FRAME.finditer(text) if found["file"].removeprefix("./") in listing.files]
    if not frames:
        return None
    last = frames[-1]
    return Frame(file=last["file"].removeprefix("./"), line=int(last["line"]), function=last["function"] or "<module>")


_METRIC = re.compile(
    r"(?P<name>[A-Za-z][\w .()/%-]{0,60}?)\s*[:=]\s*"
    r"(?P<value>[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)\s*%?(?!\w|[.:]\d)"
)


def printed_metrics(text: str) -> dict[str, float]:
    """Return the numbers that a program prints as `name: number` or `name = number`; the last of a name counts."""
    found = {found["name"].strip(): float(found["value"]) for found in _METRIC.finditer(text)}
    return {name: value for name, value in found.items() if math.isfinite(value)}


_SAVED = re.compile(r"(?i)metric|result|score|eval|summary")


def saved_metrics(out: Path, names: Sequence[str]) -> dict[str, float]:
    """Return the numbers at the top of JSON files that are named after metrics or results."""
    metrics = {}
    for name in names:
        path = out / name
        if path.suffix == ".json" and _SAVED.search(path.stem) and path.stat().st_size <= MAX_FILE_BYTES:
            try:
                saved = json.loads(path.read_bytes())
            except (ValueError, RecursionError):
                continue
            for key, value in saved.items() if isinstance(saved, dict) else ():
                number = isinstance(value, int | float) and not isinstance(value, bool)
                if number and abs(value) < sys.float_info.max and key.isprintable():
                    metrics[key] = float(value)
    return metrics
