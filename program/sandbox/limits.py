"""What untrusted code may use, and what came of its run."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MEGABYTE = 1024 * 1024

EndedBy = Literal["exit", "wall time", "cpu time", "memory", "processes", "disk", "files"]


class Limits(BaseModel):
    """Hard limits of one run."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    wall_seconds: float = Field(default=600, gt=0)
    cpu_seconds: int = Field(default=3600, gt=0)
    """Of each process."""
    memory_mb: int = Field(default=4096, gt=0)
    """Resident memory of all processes together; of each one also the limit of its data segment."""
    processes: int = Field(default=256, gt=0)
    """Processes and threads."""
    disk_mb: int = Field(default=2048, gt=0)
    """What the working folder may grow to; also the limit of one file."""
    files: int = Field(default=50_000, gt=0)
    """How many files the working folder may grow to."""
    scratch_mb: int = Field(default=512, gt=0)
    """Size of /tmp and of /dev/shm, each; they are memory."""
    spare_memory_mb: int = Field(default=256, ge=0)
    """What the machine has to keep: memory that belongs to no process, such as what a pipe holds, counts here only."""
    spare_disk_mb: int = Field(default=256, ge=0)
    """The same of the disk: a file without a name, on its way from process to process, counts here only."""
    output_kb: int = Field(default=1024, gt=0)
    """How much is kept of what is printed, on each of the two streams: the beginning and the end."""


class Outcome(BaseModel):
    """How a run ended."""

    model_config = ConfigDict(frozen=True)

    exit_code: int | None
    """None if it was killed at a limit."""
    ended_by: EndedBy
    seconds: float
    peak_memory_mb: float
    """The most that all processes held together, sampled."""
    stdout: str
    stderr: str
    output_cut: bool
    """Whether the middle of what was printed is missing."""
