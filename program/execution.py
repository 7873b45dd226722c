"""Running a generated repository in a sandbox, and what can be said of the run."""

import re
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import yaml
from pydantic import BaseModel, ConfigDict, Field

from data.errors import FolderError
from program.repository import Listing, Repository
from program.sandbox.copying import copy_in, copy_out, remove
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
        metrics=printed_metrics(outcome.stdout),
        stdout=outcome.stdout,
        stderr=outcome.stderr,
    )


_FRAME = re.compile(
    r'^\s*File "(?:/work/)?(?P<file>[^"<>]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?', re.MULTILINE
)
_ERROR = re.compile(
    r"^(?P<name>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|NotFound\w*)): ?(?P<text>.*)$", re.MULTILINE
)
_MODULE = re.compile(r"No module named '(?P<name>[\w.]+)'")
_SHAPES = re.compile(
    r"(?i)shape|size mismatch|dimension|broadcast|must match the size|mat1 and mat2|matmul|inhomogeneous"
    r"|axis \d+ is out"
)

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
    "AssertionError": "assertion",
    "SyntaxError": "syntax",
    "IndentationError": "syntax",
    "ValueError": "value",
    "ConnectionError": "network",
    "URLError": "network",
    "gaierror": "network",
}
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
    found = list(_ERROR.finditer(outcome.stderr))
    if not found:
        lines = [line for line in (outcome.stderr or outcome.stdout).splitlines() if line.strip()]
        return Failure(
            kind="other", error=(lines[-1] if lines else f"exit code {outcome.exit_code}")[:500], frame=frame
        )
    name, text = found[-1]["name"].rsplit(".", 1)[-1], found[-1]["text"]
    kind = _BY_NAME.get(name, "other")
    package = None
    if module := _MODULE.search(text):
        top = module["name"].split(".")[0]
        if _is_own(top, listing):
            kind = "missing module"
        else:
            kind, package = "missing dependency", top
    elif kind in ("value", "type", "other") and _SHAPES.search(text):
        kind = "shape"
    elif (
        "Name or service not known" in text
        or "Temporary failure in name resolution" in text
        or "Network is unreachable" in text
    ):
        kind = "network"
    return Failure(kind=kind, error=f"{name}: {text}"[:500], frame=frame, package=package)


def _is_own(module: str, listing: Listing) -> bool:
    """Say whether a module is one that the repository itself has, or has a part of."""
    return any(
        path == f"{module}.py" or path.startswith(f"{module}/") or f"/{module}/" in path for path in listing.files
    )


def _frame(text: str, listing: Listing) -> Frame | None:
    frames = [found for found in _FRAME.finditer(text) if found["file"].removeprefix("./") in listing.files]
    if not frames:
        return None
    last = frames[-1]
    return Frame(file=last["file"].removeprefix("./"), line=int(last["line"]), function=last["function"] or "<module>")


_METRIC = re.compile(
    r"(?P<name>[A-Za-z][\w .()/%-]{0,60}?)\s*[:=]\s*(?P<value>[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*%?(?![\w.])"
)


def printed_metrics(text: str) -> dict[str, float]:
    """Return the numbers that a program prints as `name: number` or `name = number`; the last of a name counts."""
    return {found["name"].strip(): float(found["value"]) for found in _METRIC.finditer(text)}
