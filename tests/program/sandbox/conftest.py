"""Sandboxes that work here, and attackers: started by root, and by a normal user."""

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from program.sandbox.choose import Sandbox
from program.sandbox.copying import remove
from tests.program.sandbox.attack import NORMAL_USER, Attacker, for_everybody
from tests.program.sandbox.image import make_image
from tests.program.sandbox.starting import sandbox_of

BACKENDS = ("bubblewrap", "docker", "podman")

normal_user = cache(for_everybody)


@cache
def why_not(backend: str) -> str | None:
    """Return why there is no such sandbox here; docker and podman get the image of the tests."""
    return (make_image(backend) if backend != "bubblewrap" else None) or sandbox_of(backend).why_not()


@pytest.fixture(params=BACKENDS)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Return a sandbox that works."""
    if reason := why_not(request.param):
        pytest.skip(reason)
    return sandbox_of(request.param)


@pytest.fixture(
    params=[(backend, user) for backend in BACKENDS for user in ("as root", "as a normal user")], ids=" ".join
)
def attacker(request: pytest.FixtureRequest) -> Iterator[Attacker]:
    """Start a hostile program: in every sandbox, as root, and as a normal user."""
    backend, user = request.param
    as_root, root = user == "as root", os.getuid() == 0
    if as_root and not root:
        pytest.skip("the tests do not run as root")
    if root and not as_root and backend != "bubblewrap":
        pytest.skip("images are root's")
    if reason := why_not(backend):
        pytest.skip(reason)
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
    yield Attacker(folder, interpreter, as_root, backend)
    remove(place)
