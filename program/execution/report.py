"""The report of a run: how it ended, why it failed, what it left behind."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from program.execution.reproduction import Comparison

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
    "index",
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


class Frame(BaseModel):
    """A place in the repository."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    function: str
    text: str = ""
    """The line there, without its indentation."""


class Failure(BaseModel):
    """Why a run failed."""

    model_config = ConfigDict(frozen=True)

    kind: FailureKind
    error: str
    """The message at the end of the traceback, or the last line of what was printed."""
    frame: Frame | None = None
    """The innermost place in the repository itself."""
    package: str | None = None
    """What is to be installed, for a missing dependency."""


class Execution(BaseModel):
    """The report of one command."""

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
    findings: tuple[str, ...] = ()
    """Packages that were not installed, or are odd."""
    stdout: str = ""
    stderr: str = ""


class Report(BaseModel):
    """The report of the execution of a repository."""

    model_config = ConfigDict(frozen=True)

    status: Status
    """That of the last command; `refused` if none was run."""
    reason: str = ""
    """Why it was refused."""
    backend: str = ""
    """The sandbox."""
    faults: tuple[str, ...] = ()
    """What reading it has found."""
    missing_data: tuple[str, ...] = ()
    """Data that it reads and does not have, as far as its text tells."""
    stand_ins: tuple[str, ...] = ()
    """Files of made-up data that were put in place of such; results with them mean nothing."""
    installed: tuple[str, ...] = ()
    """Packages, pinned."""
    runs: tuple[Execution, ...] = ()
    """The quick mode first, if there is one."""
    quick: bool = False
    """Whether the last run was that of the quick mode: tiny data, whose results are not those of the paper."""
    comparisons: tuple[Comparison, ...] = ()
    not_compared: tuple[str, ...] = ()
    """Numbered tables of the paper like which nothing was produced."""

    @property
    def findings(self) -> tuple[str, ...]:
        """Packages that were not installed, or are odd."""
        return self.runs[-1].findings if self.runs else ()

    @property
    def lacks_packages(self) -> bool:
        """Whether it failed for want of packages, none of which can be installed here: nothing is known of the code."""
        failure = self.runs[-1].failure if self.runs else None
        return bool(failure and failure.kind == "missing dependency" and self.findings and not self.installed)
