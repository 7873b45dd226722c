"""Starts a sandboxed command, keeps what it prints, and kills it at its limits: those that no kernel limit covers."""

import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from data.errors import SandboxError
from program.sandbox.limits import MEGABYTE, EndedBy, Limits, Outcome

PERIOD = 0.05
"""Seconds between two looks at processes and memory."""

DISK_PERIOD = 0.25
"""Seconds between two looks at the disk."""


_BY_SIGNAL: Mapping[int, EndedBy] = {128 + signal.SIGXCPU: "cpu time", 128 + signal.SIGXFSZ: "disk"}
"""Exit codes of what the kernel has ended at a limit."""


def watch(
    command: Sequence[str],
    folder: Path,
    limits: Limits,
    inherited: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
    family: Callable[[int], list[psutil.Process]] | None = None,
) -> Outcome:
    """Run a command until it ends or reaches a limit; it and all processes below it are gone then.

    Args:
        command: Puts itself into a sandbox whose processes die with it.
        folder: What it may write to.
        limits: The limits.
        inherited: Open files that it gets.
        environment: All of its environment.
        family: Returns the processes that are in the sandbox, by the id of the command's; by default those below it.

    Raises:
        SandboxError: It does not start.
    """
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            env=environment or {},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=inherited,
        )
    except OSError as error:
        raise SandboxError(f"the sandbox does not start: {error.strerror}") from error
    assert process.stdout and process.stderr
    streams = [_Stream(process.stdout, limits.output_kb * 1024), _Stream(process.stderr, limits.output_kb * 1024)]
    peak, ended_by = 0.0, None
    try:
        peak, ended_by = _wait(process, folder, limits, started, family or _family)
    finally:
        _kill(process)
        for stream in streams:
            stream.join(5)
    return Outcome(
        exit_code=None if ended_by else process.returncode,
        ended_by=ended_by or "exit",
        seconds=round(time.monotonic() - started, 3),
        peak_memory_mb=round(peak, 1),
        stdout=streams[0].text,
        stderr=streams[1].text,
        output_cut=any(stream.cut for stream in streams),
    )


def _wait(
    process: "subprocess.Popen[bytes]",
    folder: Path,
    limits: Limits,
    started: float,
    find_family: Callable[[int], list[psutil.Process]],
) -> tuple[float, EndedBy | None]:
    peak, looked = 0.0, started
    while True:
        try:
            process.wait(PERIOD)
            # it may have filled the disk faster than anybody looked
            return peak, _BY_SIGNAL.get(process.returncode) or _over(folder, limits)
        except subprocess.TimeoutExpired:
            pass
        family = find_family(process.pid)
        memory, threads = _usage(family)
        if memory > limits.memory_mb:
            memory = _shares(family)
        peak = max(peak, memory)
        now = time.monotonic()
        if now - started > limits.wall_seconds:
            return peak, "wall time"
        if memory > limits.memory_mb or psutil.virtual_memory().available < limits.spare_memory_mb * MEGABYTE:
            return peak, "memory"
        if threads > limits.processes:
            return peak, "processes"
        if now - looked > DISK_PERIOD:
            looked = now
            if over := _over(folder, limits, _nameless(family)):
                return peak, over


def _family(pid: int) -> list[psutil.Process]:
    """Return all processes below one."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _usage(family: Sequence[psutil.Process]) -> tuple[float, int]:
    """Return resident memory in megabytes, what they share counted for each, and the number of threads."""
    memory, threads = 0.0, 0
    for member in family:
        with suppress(psutil.Error), member.oneshot():
            memory += member.memory_info().rss / MEGABYTE
            threads += member.num_threads()
    return memory, threads


def _shares(family: Sequence[psutil.Process]) -> float:
    """Return resident memory in megabytes, what they share counted once; this takes the kernel longer."""
    memory = 0.0
    for member in family:
        with suppress(psutil.Error, OSError):
            memory += member.memory_full_info().pss / MEGABYTE
    return memory


def _nameless(family: Sequence[psutil.Process]) -> int:
    """Return the size of the files that processes hold open after they were deleted."""
    found: dict[tuple[int, int], int] = {}
    for member in family:
        with suppress(OSError):
            for descriptor in Path(f"/proc/{member.pid}/fd").iterdir():
                with suppress(OSError):
                    status = descriptor.stat()
                    if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                        found[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(found.values())


def _over(folder: Path, limits: Limits, size: int = 0) -> EndedBy | None:
    """Say whether the folder, with this size elsewhere, has grown past its limits; links are not followed."""
    count = 0
    pending = [folder]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    count += 1
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(Path(entry.path))
                    else:
                        size += status.st_blocks * 512
                    if count > limits.files:
                        return "files"
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:  # too deep, or closed to this process: nobody knows how much is in there
            return "files"
    spare = shutil.disk_usage(folder).free < limits.spare_disk_mb * MEGABYTE
    return "disk" if spare or size > limits.disk_mb * MEGABYTE else None


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the sandbox; its namespace of processes dies with it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


class _Stream(threading.Thread):
    """Reads a pipe to its end and keeps the beginning and the end of what comes."""

    def __init__(self, pipe: IO[bytes], keep: int) -> None:
        super().__init__(daemon=True)
        self._pipe, self._half = pipe, keep // 2
        self._head, self._tail, self._skipped = b"", b"", 0
        self.start()

    def run(self) -> None:
        """Read."""
        with self._pipe:
            while chunk := os.read(self._pipe.fileno(), 65536):
                room = self._half - len(self._head)
                self._head += chunk[: max(0, room)]
                rest = self._tail + chunk[max(0, room) :]
                self._skipped += max(0, len(rest) - self._half)
                self._tail = rest[-self._half :]

    @property
    def cut(self) -> bool:
        """Whether something in the middle is missing."""
        return self._skipped > 0

    @property
    def text(self) -> str:
        """What was kept, as text."""
        gap = f"\n[... {self._skipped:,} bytes are left out ...]\n".encode() if self._skipped else b""
        return (self._head + gap + self._tail).decode("utf-8", "replace")
