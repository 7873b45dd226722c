"""Runs one command in a sandbox, for a test that starts this as another user: reads JSON, prints the outcome."""

import json
import sys
from pathlib import Path

from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.container import Container
from program.sandbox.limits import Limits
from tests.program.sandbox.image import IMAGE


def sandbox_of(backend: str) -> Bubblewrap | Container:
    """Return the sandbox of this name; that of containers with the image of the tests."""
    return Container(backend, IMAGE) if backend in ("docker", "podman") else Bubblewrap()


if __name__ == "__main__":
    given = json.load(sys.stdin)
    outcome = sandbox_of(given["backend"]).run(
        given["command"],
        Path(given["folder"]),
        Limits(**given["limits"]),
        [Path(path) for path in given["read_only"]],
        given["environment"],
    )
    print(outcome.model_dump_json())
