"""Which command runs a repository's experiments."""

import yaml

from program.repository import Listing

QUICK = "--quick"

ENTRY_POINTS = ("main.py", "app.py", "run.py", "train.py", "run.sh", "reproduce.sh")
"""Where the experiments of a repository begin, if it does not say so: the first that there is."""


def find_command(listing: Listing, quick: bool = True) -> str | None:
    """Return the command that runs a repository's experiments, in its quick mode if it has one; None without one."""
    entry = next((name for name in ENTRY_POINTS if name in listing.files), None)
    if entry is None:
        return None
    interpreter = "python" if entry.endswith(".py") else "sh"
    return f"{interpreter} {entry}" + (f" {QUICK}" if quick and has_quick_mode(listing) else "")


def has_quick_mode(listing: Listing) -> bool:
    """Say whether config.yaml has the overlay of a quick mode."""
    try:
        settings = yaml.safe_load(listing.files.get("config.yaml", ""))
    except yaml.YAMLError:
        return False
    return isinstance(settings, dict) and isinstance(settings.get("quick"), dict)
