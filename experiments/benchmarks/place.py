"""Where a benchmark runs: in an empty folder, with a store of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from experiments.environment import prepare_environment


@contextmanager
def empty_folder() -> Iterator[None]:
    """Change to an empty folder; runs are tracked there, whatever the environment says."""
    prepare_environment()
    for name in [name for name in os.environ if name.startswith("MLFLOW_TRACKING")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir("/")
