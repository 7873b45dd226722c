"""Containers by docker or podman: no network, nothing but image and working folder in sight.

The image brings Python, of the version of this program and with the same C library; packages come from a virtual
environment that is shown to it. Memory and processes are limited by the container's control group, what each process
may use by its resource limits, time and disk by `watch`. That sees the processes where the engine runs them on this
machine; where it runs them in a virtual machine, the peak of memory is unknown (0.0), and a program that wants more
processes than it may have is refused them, not ended.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Literal

import psutil

from data.errors import SandboxError
from program.sandbox.bubblewrap import ENVIRONMENT, UIDS, WORK, give, resources
from program.sandbox.limits import MEGABYTE, Limits, Outcome
from program.sandbox.system_calls import knows_machine, system_call_filter
from program.sandbox.watch import watch

_FIRST = Path(__file__).with_name("first.py")

_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

_CALL_SECONDS = 60
"""How long the engine may take to make or to remove a container."""

_OF_CLIENT = ("PATH", "HOME", "USER", "TMPDIR", "DOCKER_", "CONTAINER", "XDG_", "DBUS_")
"""Beginnings of the variables by which docker and podman find their engine; nothing else gets near a container."""

# without its starter the container ends by itself, but is there until it is removed; podman's monitor leaves a file
# where it stands when memory is short, so it stands where nobody can write
_START = """
cd /proc 2>/dev/null
"$0" start --attach --interactive "$1" </dev/fd/$2
code=$?
kill -0 $PPID 2>/dev/null || "$0" rm --force --volumes "$1" >/dev/null 2>&1
exit $code
"""

_KILLED = 128 + signal.SIGKILL

_PROBE = """
import glob, sys
open("probe", "w").close()
print("%d.%d" % sys.version_info[:2])
for path in glob.glob("/sys/fs/cgroup/memory.max") + glob.glob("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
    print(open(path).read())
"""


class Container:
    """Runs commands in containers of one image."""

    def __init__(self, program: Literal["docker", "podman"], image: str) -> None:
        self.name: str = program
        self._image = image

    def why_not(self) -> str | None:
        """Return why it cannot be used here, with what to do about it; None if a real run works."""
        if shutil.which(self.name) is None:
            return f"{self.name} is not installed; install it, or use bubblewrap (execution.backend)"
        limits = Limits(wall_seconds=_CALL_SECONDS)
        try:
            with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
                outcome = self.run(["python", "-c", _PROBE], Path(folder), limits)
        except SandboxError as error:
            return str(error)
        version, *memory = outcome.stdout.split() or [""]
        if version and version != _VERSION:
            return f"`python` in the image {self._image} is {version}; {self._hint}"
        if outcome.exit_code != 0:
            reason = _line(outcome.stderr) or f"ended by {outcome.ended_by}"
            return f"{self.name} cannot write to a working folder: {reason}; use rootless podman, or bubblewrap"
        if memory != [str(limits.memory_mb * MEGABYTE)]:
            return f"{self.name} sets no limit of memory here; it needs control groups, or use bubblewrap"
        return None

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        limits: Limits,
        read_only: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a command in a folder, which it may write to, and wait for its end.

        Args:
            command: With the program first; inside, the folder is `/repository` and the current one.
            folder: The working folder; nothing in it is followed or run by this process.
            limits: What it may use.
            read_only: Further folders that it sees, at the same place, e.g. a virtual environment.
            environment: More variables; of a virtual environment the packages are used, not the interpreter.

        Raises:
            SandboxError: The container does not start, or cannot be removed.
        """
        variables = {name: value for name, value in ENVIRONMENT.items() if name != "PATH"}  # the image has its own
        settings = {
            "environment": {**variables, **_without_interpreter(environment or {})},
            "filter": system_call_filter().hex() if knows_machine() else "",
        }
        python = ["--entrypoint", "python", self._image, "-I", "-S", "/first.py", json.dumps(settings), *command]
        made = self._made([*self._walls(limits), *_mounts(folder, read_only), *python])
        with _pipe() as lifeline, made as (name, identity):
            start = ["/bin/sh", "-c", _START, self.name, name, str(lifeline)]
            outcome = watch(start, folder, limits, [lifeline], _client(), partial(_members, identity))
        return self._explained(outcome)

    def _explained(self, outcome: Outcome) -> Outcome:
        """Take the last word, which is that of the first process, from what was printed."""
        printed, _, word = outcome.stderr.rpartition("\0")
        if word in ("exit", "memory"):
            outcome = outcome.model_copy(update={"stderr": printed})
        elif outcome.exit_code not in (None, _KILLED):
            said = _line(outcome.stderr)
            raise SandboxError(f"{self.name} starts no Python in {self._image}: {said}; {self._hint}")
        if outcome.exit_code is not None and word != "exit":  # without a word the kernel has killed the first process
            return outcome.model_copy(update={"exit_code": None, "ended_by": "memory"})
        return outcome

    @property
    def _hint(self) -> str:
        return f"name an image with Python {_VERSION} as `python`, e.g. python:{_VERSION}-slim (execution.image)"

    @contextmanager
    def _made(self, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Make a container that has not started; yield its name and its id; then it and all in it is gone."""
        name = f"papercoder-{uuid.uuid4().hex}"
        try:
            made = self._call("create", "--name", name, *arguments)
            if made.returncode:
                todo = f"see that {self.name} runs and has the image ({self.name} pull {self._image})"
                raise SandboxError(f"{self.name} makes no container of {self._image}: {_line(made.stderr)}; {todo}")
            yield name, made.stdout.split()[-1]
        finally:
            removed = self._call("rm", "--force", "--volumes", name)
            if removed.returncode:  # podman fails if it ends by itself at this moment
                removed = self._call("rm", "--force", "--volumes", name)
        if removed.returncode:
            raise SandboxError(f"{self.name} does not remove {name}: {_line(removed.stderr)}; remove it by hand")

    def _call(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Call docker or podman, out of reach of a Ctrl-C on the terminal."""
        try:
            return subprocess.run(
                [self.name, *arguments],
                env=_client(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_CALL_SECONDS,
                check=False,
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"{self.name} does not start: {error.strerror}; install it") from error
        except subprocess.TimeoutExpired:
            raise SandboxError(f"{self.name} {arguments[0]} took longer than {_CALL_SECONDS} s") from None

    def _walls(self, limits: Limits) -> list[str]:
        memory = f"{limits.memory_mb}m"
        each = resources(limits)
        if os.getuid():  # then the user id inside may be ours, and counts all that we run
            del each["RLIMIT_NPROC"]
        return [
            *("--pull", "never", "--network", "none", "--ipc", "private", "--cgroupns", "private"),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *("--security-opt", "label=disable"),  # SELinux would have the files of the host marked anew
            *("--interactive", "--log-driver", "none", "--stop-timeout", "0", "--hostname", "sandbox"),
            *("--memory", memory, "--memory-swap", memory),
            *("--pids-limit", str(limits.processes * 2)),  # `watch` counts first: more than the limit is to be seen
            *(f"--ulimit={name[7:].lower()}={soft}:{hard}" for name, (soft, hard) in each.items()),
            *("--read-only", "--shm-size", f"{limits.scratch_mb}m"),
            *("--tmpfs", f"/tmp:rw,exec,nosuid,nodev,size={limits.scratch_mb}m,mode=1777"),
            *(("--read-only-tmpfs=false", "--http-proxy=false") if self.name == "podman" else ()),
            *(("--userns", "keep-id") if self.name == "podman" and os.getuid() else ()),
        ]


def _mounts(folder: Path, read_only: Sequence[Path]) -> Iterator[str]:
    """Show the folders, and make an unprivileged user the owner of the working folder."""
    uid = os.getuid()
    if uid == 0:
        uid = random.choice(UIDS)
        give(folder, uid)
    yield from ("--user", f"{uid}:{uid}", "--workdir", WORK, "--mount", f"type=bind,source={folder},target={WORK}")
    # the engine would show what the host has in these
    hidden = [(Path("/dev/null"), place) for place in ("/etc/hosts", "/etc/resolv.conf")]
    for path, place in [*hidden, (_FIRST, "/first.py"), *((path, path) for path in dict.fromkeys(read_only))]:
        yield from ("--mount", f"type=bind,source={path},target={place},readonly")


def _without_interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables with a virtual environment as a place of packages: it links to the host's interpreter."""
    kept = dict(environment)
    if found := kept.pop("VIRTUAL_ENV", None):
        kept.pop("PATH", None)
        packages = f"{found}/lib/python{_VERSION}/site-packages"
        kept["PYTHONPATH"] = ":".join(filter(None, [kept.get("PYTHONPATH"), packages]))
    return kept


def _members(identity: str, _: int) -> list[psutil.Process]:
    """Return the processes of a container, which their control groups name; podman's monitor is not one of them."""
    members = []
    for pid in psutil.pids():
        with suppress(OSError, psutil.Error):
            group = Path(f"/proc/{pid}/cgroup").read_text()
            if identity in group and f"conmon-{identity}" not in group:
                members.append(psutil.Process(pid))
    return members


@contextmanager
def _pipe() -> Iterator[int]:
    """Yield the reading end of a pipe that ends with this process, or with the context."""
    ends = os.pipe()
    try:
        yield ends[0]
    finally:
        for end in ends:
            os.close(end)


def _client() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(_OF_CLIENT)}


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
