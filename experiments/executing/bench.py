"""Where repositories are executed: the sandbox, its limits and its packages, as the configuration says."""

import os
import sys
from pathlib import Path

from data.errors import ConfigError
from experiments.config import Config
from experiments.executing.report import plain
from program.execution.executor import Executor
from program.sandbox.choose import choose_sandbox
from program.sandbox.dependencies import Source


def build_executor(config: Config) -> Executor:
    """Return what executes repositories.

    Raises:
        SandboxError: No sandbox works here; generated code is not run then.
        ConfigError: A folder does not exist.
    """
    settings = config.execution
    return Executor(
        sandbox=choose_sandbox(settings.backend, settings.image),
        cache=settings.cache or default_cache(),
        limits=settings.limits,
        source=source_of(config),
        tolerance=settings.tolerance,
        tell=lambda line: print(plain(f"execution: {line}"), file=sys.stderr, flush=True),
    )


def source_of(config: Config) -> Source:
    """Return where packages come from.

    Raises:
        ConfigError: There is no such folder of wheels.
    """
    settings = config.execution
    if settings.wheelhouse and not settings.wheelhouse.is_dir():
        raise ConfigError(f"configuration: execution.wheelhouse is {settings.wheelhouse}, and there is no such folder")
    return Source(settings.wheelhouse, settings.allow_builds, tuple(settings.allow_packages))


def default_cache() -> Path:
    """Return the folder of the virtual environments, below the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "papercoder" / "environments"
