"""Which backbone plays which role."""

from pathlib import Path

from data.errors import ConfigError
from experiments.config import Config, Role, has_key

ROLES: tuple[Role, ...] = ("planner", "analyst", "coder")
"""The roles that a run needs."""

RECORDING = "transcript.jsonl"
"""A recording lies beside the paper under this name."""


def choose_backbones(config: Config, paper: str) -> dict[Role, str]:
    """Return the name of the backbone of each role.

    With none named, it is the first of `preferred` whose key is set; with no key set, papers that have a recording
    beside them, as the bundled samples do, are replayed.

    Raises:
        ConfigError: There is none to choose; the message says what can be done.
    """
    default = config.backbone or next((n for n in config.preferred if has_key(config.backbones[n])), None)
    if default is None and (Path(paper).parent / RECORDING).is_file():
        default = "recorded"
    roles = {role: config.roles.get(role) or default for role in ROLES}
    if None in roles.values():
        keys = sorted({key for name in config.preferred if (key := getattr(config.backbones[name], "key", None))})
        raise ConfigError(
            f"no backbone to run on. Three ways on: set a key ({', '.join(keys)}); start a local server and name it "
            "(--backbone vllm or --backbone ollama); or answer the prompts yourself as files (--backbone mailbox)"
        )
    return {role: name for role, name in roles.items() if name}
