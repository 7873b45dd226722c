"""Which sandbox is used: the one that is configured, if it works here; never none."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from data.errors import SandboxError
from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.container import Container
from program.sandbox.limits import Limits, Outcome

Backend = Literal["auto", "bubblewrap", "docker", "podman"]


class Sandbox(Protocol):
    """Where commands run."""

    name: str

    def why_not(self) -> str | None:
        """Return why it cannot be used here, with what to do about it; None if a real run works."""

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        limits: Limits,
        read_only: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a command in a folder."""


def choose_sandbox(backend: Backend, image: str) -> Sandbox:
    """Return a sandbox that works.

    Args:
        backend: `auto` stands for bubblewrap: containers are used only where they are asked for.
        image: For docker and podman.

    Raises:
        SandboxError: It does not work here; the message says what to do.
    """
    sandbox = sandbox_named(backend, image)
    if reason := sandbox.why_not():
        raise SandboxError(f"no sandbox: {reason}; generated code is never run outside of one")
    return sandbox


def sandbox_named(backend: Backend, image: str) -> Sandbox:
    """Return a sandbox, whether it works here or not."""
    return Container(backend, image) if backend in ("docker", "podman") else Bubblewrap()
