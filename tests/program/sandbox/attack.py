"""A hostile program, run in the sandbox by root or by a normal user, and without a sandbox to show that it works."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pydantic

from program.sandbox.limits import Outcome

PROJECT = Path(__file__).parents[3]
PACKAGES = Path(pydantic.__file__).parents[1]

NORMAL_USER = 60_999
"""A user id that nobody has."""

GOT = "GOT THROUGH"
END = "THE END"
"""What a hostile program prints when it succeeds, and when it has tried everything."""


@dataclass
class Attacker:
    """Starts hostile programs."""

    folder: Path
    """Its working folder, which a normal user may write to."""
    interpreter: Sequence[str]
    """Starts Python as the user in question."""
    as_root: bool
    backend: str = "bubblewrap"
    environment: dict[str, str] = field(default_factory=dict)
    """Of whoever starts the sandbox."""
    marker: str = field(default_factory=lambda: f"probe_{uuid.uuid4().hex}.py")
    """The name of the program: its processes are found by it."""

    def inside(
        self, program: str, *arguments: object, read_only: Sequence[Path] = (), shell: bool = False, **limits: Any
    ) -> Outcome:
        """Run a program in the sandbox."""
        given = {
            "backend": self.backend,
            "command": [*self.written(program, shell), *map(str, arguments)],
            "folder": str(self.folder),
            "limits": {"wall_seconds": 20, **limits},
            "read_only": [str(path) for path in read_only],
            "environment": {},
        }
        done = subprocess.run(
            [*self.interpreter, "-m", "tests.program.sandbox.starting"],
            input=json.dumps(given),
            env=self.variables(),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return Outcome.model_validate_json(done.stdout.splitlines()[-1])

    def outside(self, program: str, *arguments: object) -> str:
        """Run the same program without a sandbox, as the same user; return what it prints."""
        _, name = self.written(program)
        done = subprocess.run(
            [*self.interpreter, name, *map(str, arguments)],
            env=self.variables(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert END in done.stdout, done.stderr
        return done.stdout

    def outside_only(self, program: str, *arguments: object) -> None:
        """Check that a program gets through without a sandbox, and does not in it."""
        assert GOT in self.outside(program, *arguments)
        self.nothing(program, *arguments)

    def nothing(self, program: str, *arguments: object, read_only: Sequence[Path] = (), **limits: Any) -> Outcome:
        """Check that a program tries all it can in the sandbox, and gets nothing."""
        outcome = self.inside(program, *arguments, read_only=read_only, **limits)
        assert END in outcome.stdout, outcome
        assert GOT not in outcome.stdout, outcome
        return outcome

    def processes(self) -> list[psutil.Process]:
        """Return the processes of its programs that are alive."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "status"])
            if self.marker in (process.info["cmdline"] or ()) and process.info["status"] != psutil.STATUS_ZOMBIE
        ]

    def written(self, program: str, shell: bool = False) -> list[str]:
        """Write a program into the working folder; return the command that runs it."""
        (self.folder / self.marker).write_text(PRELUDE * (not shell) + textwrap.dedent(program), encoding="utf-8")
        return ["sh" if shell else "python3", self.marker]

    def variables(self) -> dict[str, str]:
        """Return the environment of whoever starts the sandbox."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{PROJECT}:{PACKAGES}",
            "PYTHONDONTWRITEBYTECODE": "1",
            **{name: value for name, value in os.environ.items() if name == "DOCKER_HOST"},
            **self.environment,
        }


PRELUDE = f"""
import atexit, ctypes, errno, glob, mmap, os, signal, socket, stat, struct, subprocess, sys, time
def got(*what):
    print("{GOT}", *what, flush=True)
def attempt(call, *arguments):
    try:
        got(call, arguments, call(*arguments))
    except OSError:
        pass
LIBC = ctypes.CDLL(None, use_errno=True)
def system_call(number, *arguments):
    answer = LIBC.syscall(number, *arguments)
    if answer < 0:
        raise OSError(ctypes.get_errno(), "system call", number)
    return answer
def end():
    print("{END}", flush=True)
"""


def for_everybody() -> list[str] | str:
    """Return how a normal user starts Python, or why that is not possible."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if shutil.which("setpriv") is None:
        return "setpriv is not installed"
    start = ["setpriv", f"--reuid={NORMAL_USER}", f"--regid={NORMAL_USER}", "--clear-groups", "--inh-caps=-all"]
    for python in (str(Path(sys.base_prefix) / "bin" / version), f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        done = subprocess.run(
            [
                *start,
                python,
                "-c",
                "import ctypes, os, sys, program.sandbox.bubblewrap; os.stat(sys.executable); os.stat(sys.base_prefix)",
            ],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}:{PACKAGES}", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return [*start, python]
    return f"a normal user can read no {version}, or not this project"
