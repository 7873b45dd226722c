"""The working directory is a fresh one."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, _fresh: None) -> None:
    """`_fresh` has gone to `tmp_path`."""
