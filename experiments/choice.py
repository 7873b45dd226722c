"""Which backbone plays which role."""

from collections.abc import Sequence
from pathlib import Path

from data.errors import ConfigError
from data.samples import find_sample
from experiments.config import Config, Role, has_key
from experiments.state import RunState, find_home

AUTHORS: tuple[Role, ...] = ("planner", "analyst", "coder")
"""The roles that write a repository."""

JUDGES: tuple[Role, ...] = ("judge",)
"""The role that judges one."""

RECORDING = "transcript.jsonl"
"""A recording lies beside the paper under this name."""


def find_recording(paper: str) -> Path | None:
    """Return the recording beside a paper, if the paper is a file and has one."""
    try:
        path = Path(paper).absolute().parent / RECORDING if Path(paper).exists() else None
        return path if path and path.is_file() else None
    except (OSError, ValueError):
        return None  # not a path


def recording_of(repository: Path, paper: str | None) -> Path | None:
    """Return the recording that lies beside the paper, or beside that of the run which wrote the repository."""
    if paper:
        return find_recording(find_sample(paper) or paper)
    home = find_home(repository)
    recording = RunState.load(home).recording if home else None
    return Path(recording) if recording else None


def settle_backbone(config: Config, recording: Path | None) -> Config:
    """Return the configuration with a backbone for the roles that have none of their own.

    With none named, it is the first of `preferred` whose key is set; with no key set, a paper that has a recording
    beside it, as the bundled samples do, is replayed.
    """
    if config.backbone is not None:
        return config
    name = next((name for name in config.preferred if has_key(config.backbones[name])), None)
    return config.model_copy(update={"backbone": name or ("recorded" if recording else None)})


def choose_backbones(config: Config, wanted: Sequence[Role] = AUTHORS) -> dict[Role, str]:
    """Return the name of the backbone of each role.

    Raises:
        ConfigError: There is none to choose; the message says what can be done.
    """
    roles = {role: config.roles.get(role) or config.backbone for role in wanted}
    if None in roles.values():
        keys = sorted({key for name in config.preferred if (key := getattr(config.backbones[name], "key", None))})
        raise ConfigError(
            f"no backbone to run on. Three ways on: set a key ({', '.join(keys)}); start a local server and name it "
            "(--backbone vllm or --backbone ollama); or answer the prompts yourself as files (--backbone mailbox)"
        )
    return {role: name for role, name in roles.items() if name}
