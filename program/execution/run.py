"""Running a generated repository in a sandbox."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from data.errors import FolderError
from program.execution.command import split_command
from program.execution.failure import explain_failure
from program.execution.metrics import printed_metrics, saved_metrics
from program.execution.report import Execution, Status
from program.repository import Repository
from program.sandbox.choose import Sandbox
from program.sandbox.copying import copy_in, copy_out, remove
from program.sandbox.limits import EndedBy, Limits

TIMES: tuple[EndedBy, ...] = ("wall time", "cpu time")
"""Limits at which a run has timed out."""


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
        command: A command line; the first word may be `python`.
        limits: What it may use.
        out: Folder for what it wrote.
        read_only: Folders that it sees, e.g. its virtual environment.
        environment: Variables.

    Raises:
        FolderError: There is no such repository, or no room for a copy.
        SandboxError: The sandbox does not start.
    """
    listing = Repository(repository).read()
    words = split_command(command)
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
