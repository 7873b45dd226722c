"""Which commands run a repository's experiments."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from program.repository import Listing

QUICK = "--quick"

ENTRY_POINTS = ("main.py", "app.py", "run.py", "train.py", "run.sh", "reproduce.sh")
"""Where the experiments of a repository begin, if it does not say so: the first that there is, here or in
src/; or else a package with a `__main__.py`."""

_SHELL = re.compile(r"[;&|<>$`\n]|^\s*\w+=")


@dataclass(frozen=True)
class Commands:
    """What runs a repository."""

    quick: str | None
    """Its quick mode: tiny data, within seconds."""
    full: tuple[str, ...]
    """All experiments."""


def find_commands(listing: Listing) -> Commands | None:
    """Return the commands of a repository by its entry point; None without one."""
    names = [*ENTRY_POINTS, *(f"src/{name}" for name in ENTRY_POINTS)]
    packages = (f"python -m {path.split('/')[0]}" for path in listing.files if re.fullmatch(r"\w+/__main__\.py", path))
    entry = next((name for name in names if name in listing.files), None) or next(packages, None)
    if entry is None:
        return None
    full = entry if entry.startswith("python -m ") else f"{_interpreter(entry, listing)} {entry}"
    return Commands(f"{full} {QUICK}" if has_quick_mode(listing) else None, (full,))


def _interpreter(entry: str, listing: Listing) -> str:
    """Return what runs a file: Python, or the shell that its first line names."""
    if entry.endswith(".py"):
        return "python"
    return "bash" if "bash" in listing.files[entry].partition("\n")[0] else "sh"


def has_quick_mode(listing: Listing) -> bool:
    """Say whether config.yaml has the overlay of a quick mode."""
    try:
        settings = yaml.safe_load(listing.files.get("config.yaml", ""))
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return isinstance(settings, dict) and isinstance(settings.get("quick"), dict)


def split_command(command: str) -> Sequence[str]:
    """Return the words of a command; one that needs a shell gets one. Nothing for what is no command."""
    if _SHELL.search(command):
        return ["sh", "-c", command]
    try:
        return shlex.split(command)
    except ValueError:  # a quote is not closed
        return []
