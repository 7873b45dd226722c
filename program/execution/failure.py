"""Why a run failed: the kind of failure, and where in the repository."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

from program.execution.report import Failure, FailureKind, Frame
from program.repository import Listing
from program.sandbox.dependencies import is_known
from program.sandbox.limits import Outcome

_FRAME = re.compile(
    r'^[ \t]*File "(?:/repository/)?(?P<file>[^"<>]+)", line (?P<line>\d{1,9})(?:, in (?P<function>\S+))?', re.MULTILINE
)
_RAISED = re.compile(
    r"^(?:Exception Group )?Traceback \(most recent call last\):\n(?:[ \t].*\n)*"
    r"(?P<name>[A-Za-z_][\w.]*)(?::[ ]?(?P<text>.*))?$",
    re.MULTILINE,
)
_ERROR = re.compile(r"^(?P<name>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|NotFound)): ?(?P<text>.*)$", re.MULTILINE)
"""Without a traceback before it, as Python shows an error of syntax."""

_IGNORED = re.compile(
    r"^Exception ignored .*\n(?:Traceback \(most recent call last\):\n(?:[ \t].*\n)*.*\n?)?", re.MULTILINE
)
"""What Python shows of an error that ended nothing."""

_GROUP = "Exception Group Traceback (most recent call last):"
_FRAMED = re.compile(r"^ *(?:\+-.*(?:\n|$)|[|+](?: |$))", re.MULTILINE)
"""What surrounds the errors of a group."""

_OTHER = ("Traceback (most", "Exception ", "During handling of", "The above exception")
"""How lines begin that are no part of a message."""

_MESSAGE_LINES = 20

_MODULE = re.compile(r"No module named '(?P<name>[\w.]+)'")
_BY_NAME: Mapping[str, FailureKind] = {
    "ModuleNotFoundError": "missing dependency",
    "ImportError": "import",
    "AttributeError": "attribute",
    "NameError": "name",
    "UnboundLocalError": "name",
    "TypeError": "type",
    "KeyError": "key",
    "IndexError": "index",
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
    r"(?i)(?<!unknown )(?<!unsupported )\b(?:shapes?|dimensions?)\b(?! reduc)|size mismatch|broadcast"
    r"|must match the size|mat1 and mat2|matmul|inhomogeneous|axis \d+ is out"
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
    stderr = _cleaned(outcome.stderr)
    frame = _frame(stderr, listing)
    if outcome.ended_by != "exit":
        return Failure(
            kind=_BY_LIMIT[outcome.ended_by], error=f"killed at its limit of {outcome.ended_by}", frame=frame
        )
    found = _raised(stderr)
    if not found:
        lines = [line for line in (outcome.stderr or outcome.stdout).splitlines() if line.strip()]
        return Failure(
            kind="other", error=(lines[-1] if lines else f"exit code {outcome.exit_code}")[:500], frame=frame
        )
    name, text = found["name"].rsplit(".", 1)[-1], found["text"] or ""
    following = _following(stderr, found.end())
    indented = list(takewhile(lambda line: line[0] in " \t", following))
    frame = _frame(stderr[: found.end()], listing) or frame
    error = " ".join([f"{name}: {text}" if text else name, *(line.strip() for line in indented)])[:500]
    if module := _MODULE.search(text):
        top = module["name"].split(".")[0]
        if _is_own(top, listing):
            return Failure(kind="missing module", error=error, frame=frame)
        return Failure(kind="missing dependency", error=error, frame=frame, package=top)
    return Failure(kind=_kind(name, "\n".join([text, *following])), error=error, frame=frame)


def _cleaned(text: str) -> str:
    """Return what was printed without errors that ended nothing; those of a group as if they stood alone."""
    text = _IGNORED.sub("", text)
    return _FRAMED.sub("", text) if _GROUP in text else text


def _raised(text: str) -> "re.Match[str] | None":
    """Return the last error; for one that only says that another program failed, the error of that program."""
    raised, errors = list(_RAISED.finditer(text)), list(_ERROR.finditer(text))
    if not errors and not raised:
        return None
    last = (raised or errors)[-1]
    if last["name"].endswith("ExceptionGroup"):  # its errors were never raised, and have no tracebacks
        return next((error for error in errors if error.start() > last.end()), last)
    if not last["name"].endswith("CalledProcessError"):
        return last
    before = [*reversed(raised), *(error for error in reversed(errors) if error.start() < last.start())]
    return next((error for error in before if not error["name"].endswith("CalledProcessError")), last)


def _following(text: str, end: int) -> list[str]:
    """Return the lines over which the message of an error goes on."""
    lines = text[end : end + 10_000].split("\n")[1 : _MESSAGE_LINES + 1]
    return list(takewhile(lambda line: line.strip() and not line.startswith(_OTHER), lines))


def _kind(name: str, text: str) -> FailureKind:
    kind = _BY_NAME.get(name, "other")
    if kind in ("value", "type", "index", "other") and _SHAPES.search(text):
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
    file, line = last["file"].removeprefix("./"), int(last["line"])
    lines = listing.files[file].replace("\r\n", "\n").split("\n")
    text = lines[line - 1].strip()[:500] if 0 < line <= len(lines) else ""
    return Frame(file=file, line=line, function=last["function"] or "<module>", text=text)
