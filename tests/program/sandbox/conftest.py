"""Attackers: started by root, and by a normal user."""

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.copying import remove
from tests.program.sandbox.attack import NORMAL_USER, Attacker, for_everybody

normal_user = cache(for_everybody)
why_not = cache(Bubblewrap().why_not)


@pytest.fixture(params=["as root", "as a normal user"])
def attacker(request: pytest.FixtureRequest) -> Iterator[Attacker]:
    """Start a hostile program: as root, and as a normal user."""
    if reason := why_not():
        pytest.skip(reason)
    as_root, root = request.param == "as root", os.getuid() == 0
    if as_root and not root:
        pytest.skip("the tests do not run as root")
    interpreter = [sys.executable] if as_root or not root else normal_user()
    if isinstance(interpreter, str):
        pytest.skip(interpreter)
    place = Path(tempfile.mkdtemp(prefix="attack-"))
    place.chmod(0o755)
    folder = place / "work"
    folder.mkdir()
    if root and not as_root:
        os.chown(place, NORMAL_USER, NORMAL_USER)
        os.chown(folder, NORMAL_USER, NORMAL_USER)
    yield Attacker(folder, interpreter, as_root)
    remove(place)
