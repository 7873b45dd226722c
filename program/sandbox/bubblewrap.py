"""Linux namespaces by bubblewrap: no network, nothing but system, interpreter and working folder in sight."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from data.errors import SandboxError
from program.sandbox.limits import MEGABYTE, Limits, Outcome
from program.sandbox.watch import watch

WORK = "/work"
"""Where the working folder stands inside."""

_LAUNCHER = Path(__file__).with_name("launcher.py")

_UIDS = range(61_000, 64_000)
"""Real user ids for untrusted code where this program runs as root; nobody else should have them."""

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
    "PATH": "/usr/local/bin:/usr/bin:/bin",
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
        if platform.system() != "Linux":
            return "bubblewrap needs Linux; use docker or podman (execution.backend)"
        if shutil.which("bwrap") is None:
            return "bwrap is not installed; install the package bubblewrap"
        command = self._command(["true"], Path("/"), Limits(wall_seconds=10), (), {}, bind=False)
        try:
            done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=20, check=False)
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
            command: With the program first; inside, the folder is `/work` and the current one.
            folder: The working folder; nothing in it is followed or run by this process.
            limits: What it may use.
            read_only: Further folders that it sees, at the same place, e.g. a virtual environment.
            environment: More variables.

        Raises:
            SandboxError: The sandbox does not start.
        """
        uid = self._own(folder)
        arguments = self._command(command, folder, limits, read_only, environment or {}, uid=uid)
        return watch(arguments, folder, limits)

    def _own(self, folder: Path) -> int:
        """Give the folder to an unprivileged user if this is root; return that user."""
        if os.getuid() != 0:
            return 0
        uid = _UIDS.start + os.getpid() % len(_UIDS)
        for path, folders, files in os.walk(folder):
            os.chown(path, uid, uid, follow_symlinks=False)
            for name in [*folders, *files]:
                os.chown(Path(path) / name, uid, uid, follow_symlinks=False)
        return uid

    def _command(
        self,
        command: Sequence[str],
        folder: Path,
        limits: Limits,
        read_only: Sequence[Path],
        environment: Mapping[str, str],
        uid: int = 0,
        bind: bool = True,
    ) -> list[str]:
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise SandboxError("bwrap is not installed; install the package bubblewrap")
        python = Path(sys.base_prefix).resolve()
        interpreter = str(python / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
        given = {
            "folder": WORK if bind else "/",
            "uid": uid or (_UIDS.start if os.getuid() == 0 else 0),
            "resources": {
                "RLIMIT_NPROC": limits.processes,
                "RLIMIT_CPU": limits.cpu_seconds,
                "RLIMIT_DATA": limits.memory_mb * MEGABYTE,
                "RLIMIT_FSIZE": limits.disk_mb * MEGABYTE,
                "RLIMIT_NOFILE": 1024,
                "RLIMIT_CORE": 0,
            },
        }
        return [
            bwrap,
            *_namespaces(),
            *(part for path in _SYSTEM for part in _system(Path(path))),
            *(part for path in _OF_ETC for part in ("--ro-bind-try", path, path)),
            *("--proc", "/proc", "--ro-bind-try", "/proc/sys", "/proc/sys"),
            *("--dev", "/dev"),
            *("--size", str(limits.scratch_mb * MEGABYTE), "--perms", "1777", "--tmpfs", "/dev/shm"),
            *("--size", str(limits.scratch_mb * MEGABYTE), "--perms", "1777", "--tmpfs", "/tmp"),
            *(part for path in dict.fromkeys([python, *read_only]) for part in _shown(path)),
            *("--ro-bind", str(_LAUNCHER), "/launcher.py"),
            *(("--bind", str(folder), WORK) if bind else ()),
            "--clearenv",
            *(part for item in {**ENVIRONMENT, **environment}.items() for part in ("--setenv", *item)),
            *("--", interpreter, "-I", "-S", "/launcher.py", json.dumps(given), *command),
        ]


def _namespaces() -> list[str]:
    """As root the walls are built with its rights, and the launcher gives these up; else a user namespace has them."""
    shared = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    shared += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
    if os.getuid() == 0:
        return [*shared, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return ["--unshare-user", "--uid", "65534", "--gid", "65534", "--disable-userns", *shared, "--cap-drop", "ALL"]


def _shown(path: Path) -> list[str]:
    """Show a folder at its own place; bubblewrap itself would make the folders above it for root alone."""
    above = [part for parent in list(path.parents)[-2::-1] for part in ("--perms", "0755", "--dir", str(parent))]
    return [*above, "--ro-bind", str(path), str(path)]


def _system(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.is_dir() else []
