"""The report of a run: how it ended, why it failed, what it left behind."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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
