"""What the tests of reading papers share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "papers"


@pytest.fixture
def shared_papers() -> Path:
    """The folder of real papers, which is not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real papers (../shared/papers) is not here")
    return SHARED
