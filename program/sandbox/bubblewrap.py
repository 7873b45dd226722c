"""Linux namespaces by bubblewrap: no network, nothing but system, interpreter and working folder in sight."""

import json
import os
import platform
import random
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from data.errors import SandboxError
from program.sandbox.limits import MEGABYTE, Limits, Outcome
from program.sandbox.system_calls import knows_machine, system_call_filter
from program.sandbox.watch import watch

WORK = "/repository"
"""Where the working folder stands inside."""

_LAUNCHER = Path(__file__).with_name("launcher.py")

_PYTHON = "/python"
"""Where `python` and `python3` stand inside."""

UIDS = range(61_000, 64_000)
"""Real user ids for untrusted code where this program runs as root; nobody else should have them."""

_END_SECONDS = 10
"""How long killed processes may take to end."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_OF_ETC = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
)

ENVIRONMENT = {
    "PATH": f"{_PYTHON}:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "MPLBACKEND": "Agg",
}
"""All that untrusted code finds in its environment."""


class Bubblewrap:
    """Runs commands under `bwrap`."""

    name = "bubblewrap"

    def why_not(self) -> str | None:
        """Return why it cannot be used here, with what to do about it; None if a real run works."""
        if platform.system() != "Linux" or not knows_machine():
            return "bubblewrap needs Linux on x86_64 or aarch64; use docker or podman (execution.backend)"
        if shutil.which("bwrap") is None:
            return "bwrap is not installed; install it (apt install bubblewrap), or set execution.backend=docker"
        try:
            with _command(["true"], None, Limits(), (), {}) as (command, inherited):
                done = subprocess.run(
                    command, env={}, capture_output=True, text=True, timeout=20, check=False, pass_fds=inherited
                )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bwrap does not start: {error}"
        if done.returncode:
            reason = " ".join(done.stderr.split())[:200]
            return (
                f"bwrap does not work here: {reason}; where the system forbids user namespaces (Ubuntu 24.04 does), "
                "allow them for bwrap in AppArmor, or use docker or podman (execution.backend)"
            )
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
            environment: More variables.

        Raises:
            SandboxError: The sandbox does not start.
        """
        with _command(command, folder, limits, read_only, environment or {}) as (started, inherited):
            return watch(started, folder, limits, inherited)


@contextmanager
def _command(
    command: Sequence[str],
    folder: Path | None,
    limits: Limits,
    read_only: Sequence[Path],
    environment: Mapping[str, str],
) -> Iterator[tuple[list[str], list[int]]]:
    """Yield what starts a command in the sandbox, and the files that it inherits; then all of it has ended."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxError("bwrap is not installed; install the package bubblewrap")
    python = Path(sys.base_prefix).resolve()
    interpreter = str(python / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    uid = random.choice(UIDS) if os.getuid() == 0 else 0
    if folder and uid:
        give(folder, uid)
    given = {"folder": WORK if folder else "/", "uid": uid, "resources": resources(limits)}
    scratch = ("--size", str(limits.scratch_mb * MEGABYTE), "--perms", "1777", "--tmpfs")
    options = [
        *_namespaces(),
        *(part for path in _SYSTEM for part in _system(Path(path))),
        *("--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", _PYTHON),
        *(part for path in _OF_ETC for part in ("--ro-bind-try", path, path)),
        *("--proc", "/proc", "--ro-bind-try", "/proc/sys", "/proc/sys"),
        *(("--ro-bind", "/dev/null", "/proc/keys") if Path("/proc/keys").exists() else ()),
        *("--dev", "/dev", *scratch, "/dev/shm", "--remount-ro", "/dev", *scratch, "/tmp"),
        *(part for path in dict.fromkeys([python, *read_only]) for part in _shown(path)),
        *(part for path in _packages(python) for part in ("--tmpfs", str(path), "--remount-ro", str(path))),
        *(part for name in ("python", "python3") for part in ("--symlink", interpreter, f"{_PYTHON}/{name}")),
        *("--ro-bind", str(_LAUNCHER), "/launcher.py"),
        *(("--bind", str(folder), WORK) if folder else ()),
        *("--remount-ro", "/", "--clearenv"),
        *(part for item in {**ENVIRONMENT, **environment}.items() for part in ("--setenv", *item)),
    ]
    # the options name places of the host: the command line, which can be read inside, does not
    with _file("\0".join(options).encode()) as listed, _file(system_call_filter()) as calls, _file(b"") as told:
        start = [bwrap, "--args", str(listed), "--seccomp", str(calls), "--info-fd", str(told)]
        try:
            yield (
                [*start, "--", interpreter, "-I", "-S", "/launcher.py", json.dumps(given), *command],
                [
                    listed,
                    calls,
                    told,
                ],
            )
        finally:
            _await_end(os.pread(told, 4096, 0))


@contextmanager
def _file(content: bytes) -> Iterator[int]:
    """Hold a file in memory."""
    descriptor = os.memfd_create("sandbox")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _await_end(told: bytes) -> None:
    """Wait for the end of the first process inside: the kernel ends it after all others."""
    with suppress(ProcessLookupError):
        if found := re.search(rb'"child-pid": (\d+)', told):
            process = os.pidfd_open(int(found[1]))
            try:
                waiting = select.poll()
                waiting.register(process, select.POLLIN)
                if not waiting.poll(_END_SECONDS * 1000):
                    raise SandboxError(f"processes in the sandbox are alive {_END_SECONDS} s after they were killed")
            finally:
                os.close(process)


def give(folder: Path, uid: int) -> None:
    """Make an unprivileged user the owner of a folder and of all in it."""
    for path, _, files in os.walk(folder):
        os.chown(path, uid, uid, follow_symlinks=False)
        for name in files:
            os.chown(Path(path) / name, uid, uid, follow_symlinks=False)


def resources(limits: Limits) -> dict[str, tuple[int, int]]:
    """Return the limits that the kernel sets for each process: what it is told of, and what it cannot pass."""
    most = {
        "RLIMIT_NPROC": limits.processes * 2,  # `watch` counts first: more than the limit is to be seen
        "RLIMIT_DATA": limits.memory_mb * MEGABYTE,
        "RLIMIT_FSIZE": limits.disk_mb * MEGABYTE,
        "RLIMIT_NOFILE": 1024,
        "RLIMIT_CORE": 0,
    }
    seconds = limits.cpu_seconds
    return {"RLIMIT_CPU": (seconds, seconds + 5), **{name: (value, value) for name, value in most.items()}}


def _namespaces() -> list[str]:
    """As root the walls are built with its rights, and the launcher gives these up; else a user namespace has them."""
    shared = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    shared += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
    if os.getuid() == 0:
        return [*shared, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return ["--unshare-user", "--uid", "65534", "--gid", "65534", "--disable-userns", *shared, "--cap-drop", "ALL"]


def _packages(python: Path) -> list[Path]:
    """Return where the interpreter's own packages lie: what a repository needs comes from its requirements alone."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = [python / "lib" / version / "site-packages", Path("/usr/lib/python3/dist-packages")]
    places += [Path("/usr/local/lib") / version / name for name in ("site-packages", "dist-packages")]
    return [place for place in dict.fromkeys(places) if place.is_dir() and not place.is_symlink()]


def _shown(path: Path) -> list[str]:
    """Show a folder at its own place; bubblewrap itself would make the folders above it for root alone."""
    above = [part for parent in list(path.parents)[-2::-1] for part in ("--perms", "0755", "--dir", str(parent))]
    return [*above, "--ro-bind", str(path), str(path)]


def _system(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.is_dir() else []
