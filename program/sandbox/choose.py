"""Which sandbox is used: the one that is configured, if it works here; never none."""

from typing import Literal

from data.errors import SandboxError
from program.execution import Sandbox
from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.container import Container

Backend = Literal["auto", "bubblewrap", "docker", "podman"]


def choose_sandbox(backend: Backend, image: str) -> Sandbox:
    """Return a sandbox that works.

    Args:
        backend: `auto` stands for bubblewrap: containers are used only where they are asked for.
        image: For docker and podman.

    Raises:
        SandboxError: It does not work here; the message says what to do.
    """
    sandbox = Container(backend, image) if backend in ("docker", "podman") else Bubblewrap()
    if reason := sandbox.why_not():
        raise SandboxError(f"no sandbox: {reason}; generated code is never run outside of one")
    return sandbox
