"""Why a run failed: the kind of failure, and where in the repository."""

import re
from collections.abc import Mapping, Sequence

from program.execution.report import Failure, FailureKind, Frame
from program.repository import Listing
from program.sandbox.dependencies import is_known
from program.sandbox.limits import Outcome

_FRAME = re.compile(
    r'^[ \t]*File "(?:/repository/)?(?P<file>[^"<>]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?', re.MULTILINE
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
