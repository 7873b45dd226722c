"""Where repositories are executed: the sandbox, its limits and its packages, as the configuration says."""

import os
import sys
from pathlib import Path

from experiments.config import Config
from program.execution.executor import Executor
from program.sandbox.choose import choose_sandbox
from program.sandbox.dependencies import Source


def build_executor(config: Config) -> Executor:
    """Return what executes repositories.

    Raises:
        SandboxError: No sandbox works here; generated code is not run then.
    """
    settings = config.execution
    return Executor(
        sandbox=choose_sandbox(settings.backend, settings.image),
        cache=settings.cache or default_cache(),
        limits=settings.limits,
        source=Source(settings.wheelhouse, settings.allow_builds),
        tolerance=settings.tolerance,
        tell=lambda line: print(f"execution: {line}", file=sys.stderr, flush=True),
    )


def default_cache() -> Path:
    """Return the folder of the virtual environments, below the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "papercoder" / "environments"
