"""`papercoder doctor`: everything that a run needs, tried for real."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from data.errors import FolderError, PaperCoderError, SandboxError
from experiments.config import Config, has_key
from experiments.executing.bench import default_cache, source_of
from program.execution.static import find_static_faults
from program.sandbox.choose import Sandbox, sandbox_named
from program.sandbox.dependencies import prepare
from program.sandbox.limits import MEGABYTE, Limits

SPARE_DISK_MB = 2048
"""Below so much room, executions of usual size fail."""


@dataclass(frozen=True)
class Finding:
    """What became of one check."""

    name: str
    state: str
    """`ok`, `missing` (something that a run needs) or `note`."""
    text: str

    @property
    def line(self) -> str:
        """The finding as a line."""
        return f"{self.state:8}{self.name}: {self.text}"


def examine(config: Config) -> Iterator[Finding]:
    """Try everything that a run needs, one thing after the other."""
    yield Finding("Python", "ok", f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}")
    yield _backbone(config)
    yield from _sandboxes(config)
    yield _tried("packages", lambda: _packages(config))
    yield _tried("static checks", _static)
    yield _tried("MLflow", lambda: _store(config))
    yield _room(config)


def _backbone(config: Config) -> Finding:
    if config.backbone is not None:
        missing = None if has_key(config.backbones[config.backbone]) else "its key is not set"
        return Finding(
            "backbone", "missing" if missing else "ok", f"{config.backbone}{f': {missing}' if missing else ''}"
        )
    ready = [name for name in config.preferred if has_key(config.backbones[name])]
    if ready:
        return Finding("backbone", "ok", f"{ready[0]}; `papercoder backbones --check {ready[0]}` makes one tiny call")
    return Finding(
        "backbone",
        "note",
        "no key is set: only recorded samples run; `papercoder backbones` says which keys there are",
    )


def _sandboxes(config: Config) -> Iterator[Finding]:
    chosen = sandbox_named(config.execution.backend, config.execution.image).name
    for name in ("bubblewrap", "docker", "podman"):
        sandbox = sandbox_named(name, config.execution.image)
        reason = sandbox.why_not()
        used = " (in use)" if name == chosen else ""
        if reason is None:
            yield Finding(f"sandbox {name}{used}", "ok", "a program ran in it")
            if used:
                yield _isolation(sandbox)
        else:
            yield Finding(f"sandbox {name}{used}", "missing" if used else "note", reason)


def _isolation(sandbox: Sandbox) -> Finding:
    """See that the sandbox in use holds: no network, and nothing of this environment."""
    program = (
        "import os, socket\n"
        "leaks = [name for name in os.environ if 'KEY' in name or 'TOKEN' in name]\n"
        "try:\n    socket.create_connection(('192.0.2.1', 80), 2); leaks.append('network')\n"
        "except OSError:\n    pass\n"
        "print(leaks)\n"
    )
    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        Path(folder).chmod(0o755)
        outcome = sandbox.run(["python", "-c", program], Path(folder), Limits(wall_seconds=60))
    holds = outcome.exit_code == 0 and outcome.stdout.strip() == "[]"
    return Finding(
        "its walls", "ok" if holds else "missing", "no network, no keys" if holds else outcome.stdout.strip()
    )


def _packages(config: Config) -> str:
    cache = config.execution.cache or default_cache()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            found = prepare("pyyaml\n", Path(folder), replace(source_of(config), timeout=60))
    except OSError as error:
        raise FolderError(f"cannot use {cache}: {error.strerror}; choose another execution.cache") from error
    if found.findings or not found.installed:
        raise SandboxError(
            f"uv installs nothing: {'; '.join(found.findings)[:200]}; "
            "set execution.wheelhouse to a folder of wheels where there is no package index"
        )
    return f"uv installed {found.installed[0]}; environments are kept in {cache}"


def _static() -> str:
    faults = find_static_faults({"main.py": "print(undefined)\n"})
    if not any("undefined" in fault for fault in faults):
        raise SandboxError("ruff and mypy find nothing; install PaperCoder again")
    return "ruff and mypy work"


def _store(config: Config) -> str:
    from experiments.tracking import store, tracked

    if not config.tracking.enabled:
        return "switched off (tracking.enabled)"
    if not store().startswith("sqlite:"):
        with tracked(config.tracking, "doctor"):
            return f"{store()} takes runs"
    path = Path(store().removeprefix("sqlite:///")).parent
    if not os.access(path, os.W_OK):
        raise FolderError(f"{path} cannot be written to; change to another folder")
    return f"{store()} can be written to"


def _room(config: Config) -> Finding:
    free, memory = (
        shutil.disk_usage(tempfile.gettempdir()).free // MEGABYTE,
        psutil.virtual_memory().available // MEGABYTE,
    )
    wanted = config.execution.limits.memory_mb
    text = f"{free:,} MB free in {tempfile.gettempdir()}, {memory:,} MB of memory available"
    if free < SPARE_DISK_MB:
        return Finding("room", "missing", f"{text}; make room, or set TMPDIR")
    if memory < wanted:
        return Finding("room", "note", f"{text}; programs may use {wanted:,} MB (execution.limits.memory_mb)")
    return Finding("room", "ok", text)


def _tried(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", check())
    except PaperCoderError as error:
        return Finding(name, "missing", str(error))
