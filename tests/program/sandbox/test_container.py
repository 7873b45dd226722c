"""What is asked of docker and podman, by a stand-in that records it, and what is said when they do not give it."""

import itertools
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from data.errors import SandboxError
from program.sandbox.choose import choose_sandbox
from program.sandbox.container import Container
from program.sandbox.limits import Limits
from tests.program.sandbox.conftest import why_not
from tests.program.sandbox.image import IMAGE

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
MEMORY = Limits().memory_mb << 20


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "StandIn":
    """Put a `docker` and a `podman` first that work."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return StandIn(tmp_path)


class StandIn:
    """Programs that record how they are called, and do in place of each subcommand what a shell script says."""

    def __init__(self, folder: Path) -> None:
        self.record = folder / "record"
        self._bin = folder / "bin"
        self._bin.mkdir()
        self.behaves()

    def behaves(self, create: str = "echo 0123", start: str = r"printf '\0exit' >&2", rm: str = ":") -> None:
        """Set what each does."""
        for name in ("docker", "podman"):
            script = f'printf "%s\\n" "$@" "" >> {self.record}\ncase $1 in\n'
            script += f"create)\n{create};;\nstart)\n{start};;\nrm)\n{rm};;\nesac\n"
            (self._bin / name).write_text(f"#!/bin/sh\n{script}")
            (self._bin / name).chmod(0o755)

    def calls(self) -> list[list[str]]:
        """Return the arguments of every call."""
        return [call.split("\n") for call in self.record.read_text().strip("\n").split("\n\n")]

    def options(self) -> list[tuple[str, str]]:
        """Return what stands next to each other where a container is made."""
        return list(itertools.pairwise(self.calls()[0]))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work-of-host").mkdir()
    return tmp_path / "work-of-host"


def test_every_wall_is_asked_for(stand_in: StandIn, work: Path):
    limits = Limits(memory_mb=300, scratch_mb=20, processes=40, cpu_seconds=7, disk_mb=30)
    Container("docker", "image").run(["python", "main.py"], work, limits, [Path("/venv")])
    uid = work.stat().st_uid
    assert uid != 0
    for expected in {
        "--pull": "never",
        "--network": "none",
        "--ipc": "private",
        "--cgroupns": "private",
        "--cap-drop": "ALL",
        "--log-driver": "none",
        "--memory": "300m",
        "--memory-swap": "300m",
        "--pids-limit": "80",
        "--shm-size": "20m",
        "--tmpfs": "/tmp:rw,exec,nosuid,nodev,size=20m,mode=1777",
        "--user": f"{uid}:{uid}",
        "--workdir": "/repository",
        "--entrypoint": "python",
    }.items():
        assert expected in stand_in.options()
    mounts = {value for name, value in stand_in.options() if name == "--mount"}
    assert f"type=bind,source={work},target=/repository" in mounts
    assert "type=bind,source=/venv,target=/venv,readonly" in mounts
    assert all(mount.endswith(",readonly") for mount in mounts if "/repository" not in mount.split("target=")[1])
    given = set(stand_in.calls()[0])
    assert {"--read-only", "--ulimit=cpu=7:12", f"--ulimit=fsize={30 << 20}:{30 << 20}", "no-new-privileges"} <= given
    assert {"--ulimit=nofile=1024:1024", f"--ulimit=data={300 << 20}:{300 << 20}", "--ulimit=core=0:0"} <= given


def test_what_podman_would_add_by_itself_is_refused(stand_in: StandIn, work: Path):
    Container("podman", "image").run(["true"], work, Limits())
    assert {"--read-only-tmpfs=false", "--http-proxy=false"} <= set(stand_in.calls()[0])


def test_the_command_line_inside_names_no_place_of_the_host(stand_in: StandIn, work: Path):
    Container("docker", "the-image").run(["python", "main.py"], work, Limits())
    made = stand_in.calls()[0]
    assert not any(str(work) in argument for argument in made[made.index("the-image") :])


def test_no_secret_reaches_docker(stand_in: StandIn, work: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_KEY_OF_TEST", "sk-very-secret")
    stand_in.behaves(start=r"env; printf '\0exit' >&2")
    assert "sk-very-secret" not in Container("docker", "image").run(["true"], work, Limits()).stdout


def test_a_container_is_removed_at_its_end_and_at_a_limit(stand_in: StandIn, work: Path):
    assert Container("docker", "image").run(["true"], work, Limits()).exit_code == 0
    stand_in.behaves(start="exec sleep 30")
    assert Container("docker", "image").run(["true"], work, Limits(wall_seconds=0.2)).ended_by == "wall time"
    calls = stand_in.calls()
    assert [call[0] for call in calls] == ["create", "start", "rm"] * 2
    for made, removed in ((calls[0], calls[2]), (calls[3], calls[5])):
        assert removed == ["rm", "--force", "--volumes", made[made.index("--name") + 1]]


def test_a_container_is_removed_when_we_are_interrupted(stand_in: StandIn, work: Path):
    stand_in.behaves(start="exec sleep 30")
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        Container("docker", "image").run(["true"], work, Limits())
    assert stand_in.calls()[-1][:2] == ["rm", "--force"]


def test_one_that_cannot_be_removed_is_an_error_that_names_it(stand_in: StandIn, work: Path):
    stand_in.behaves(rm="echo device is busy >&2; exit 1")
    with pytest.raises(SandboxError, match=r"does not remove papercoder-\w+: device is busy; remove it by hand"):
        Container("docker", "image").run(["true"], work, Limits())


def test_a_first_process_that_the_kernel_has_killed_was_ended_by_memory(stand_in: StandIn, work: Path):
    stand_in.behaves(start="exit 137")
    outcome = Container("docker", "image").run(["true"], work, Limits())
    assert (outcome.ended_by, outcome.exit_code) == ("memory", None)


def answer(version: str = VERSION, memory: int = MEMORY) -> str:
    """Return what starts a container in which the probe finds this."""
    return rf"echo {version} {memory}; printf '\0exit' >&2"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"start": answer()}, None),
        (
            {"create": "echo Cannot connect to the Docker daemon. >&2; exit 1"},
            "docker makes no container of image: Cannot connect to the Docker daemon.; "
            "see that docker runs and has the image (docker pull image)",
        ),
        (
            {"start": "echo exec: python: executable file not found >&2; exit 127"},
            "docker starts no Python in image: exec: python: executable file not found; "
            f"name an image with Python {VERSION} as `python`, e.g. python:{VERSION}-slim (execution.image)",
        ),
        (
            {"start": answer(version="3.4")},
            "`python` in the image image is 3.4; "
            f"name an image with Python {VERSION} as `python`, e.g. python:{VERSION}-slim (execution.image)",
        ),
        (
            {"start": r"printf 'Permission denied\0exit' >&2; exit 1"},
            "docker cannot write to a working folder: Permission denied; use rootless podman, or bubblewrap",
        ),
        (
            {"start": answer(memory=1 << 62)},
            "docker sets no limit of memory here; it needs control groups, or use bubblewrap",
        ),
    ],
)
def test_why_not_says_what_to_do(stand_in: StandIn, behaviour: dict[str, str], reason: str | None):
    stand_in.behaves(**behaviour)
    assert Container("docker", "image").why_not() == reason


def test_without_a_sandbox_there_is_an_error_that_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    never = "generated code is never run outside of one"
    for backend in ("auto", "bubblewrap"):
        with pytest.raises(SandboxError) as caught:
            choose_sandbox(backend, "image")
        todo = "install it (apt install bubblewrap), or set execution.backend=docker"
        assert str(caught.value) == f"no sandbox: bwrap is not installed; {todo}; {never}"
    with pytest.raises(SandboxError) as caught:
        choose_sandbox("podman", "image")
    todo = "install it, or use bubblewrap (execution.backend)"
    assert str(caught.value) == f"no sandbox: podman is not installed; {todo}; {never}"


def test_the_sandbox_that_was_asked_for_is_chosen(stand_in: StandIn):
    stand_in.behaves(start=answer())
    assert choose_sandbox("docker", "image").name == "docker"
    assert choose_sandbox("podman", "image").name == "podman"
    if not why_not("bubblewrap"):
        assert choose_sandbox("auto", "image").name == "bubblewrap"


@pytest.mark.parametrize("program", ["docker", "podman"])
def test_packages_of_a_virtual_environment_are_found_in_a_real_container(program: str, tmp_path: Path):
    if reason := why_not(program):
        pytest.skip(reason)
    place = tmp_path / "venv" / "lib" / f"python{VERSION}" / "site-packages"
    place.mkdir(parents=True)
    for folder in (tmp_path.parents[1], tmp_path.parent, tmp_path):
        folder.chmod(0o755)
    (place / "of_venv.py").write_text("print('found')")
    (tmp_path / "work").mkdir()
    environment = {"VIRTUAL_ENV": str(tmp_path / "venv"), "PATH": f"{tmp_path}/venv/bin:/bin"}
    sandbox = choose_sandbox(program, IMAGE)
    outcome = sandbox.run(
        ["python", "-c", "import of_venv"], tmp_path / "work", Limits(), [tmp_path / "venv"], environment
    )
    assert outcome.stdout == "found\n"


@pytest.mark.parametrize("program", ["docker", "podman"])
def test_a_real_image_that_is_not_there_is_named(program: str):
    if reason := why_not(program):
        pytest.skip(reason)
    reason = Container(program, "localhost/no-such-image").why_not()
    assert reason
    assert reason.startswith(f"{program} makes no container of localhost/no-such-image: ")
