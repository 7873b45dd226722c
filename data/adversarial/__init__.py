"""Repositories that a judge must not be taken in by, for the paper of the sample `tight_to_loose`.

Each is worth the lowest score. The first four have nothing to judge: no model needs to read them. The fifth works, but
does something else. The last claims to implement everything and asks for a 5.
"""

from pathlib import Path

PAPER = "tight_to_loose"
"""The sample whose paper they pretend to implement."""

WITHOUT_A_MODEL = ("empty", "readme_only", "config_only", "stubs")

NAMES = (*WITHOUT_A_MODEL, "unrelated", "claims")


def adversarial_repository(name: str) -> Path | None:
    """Return the folder of a repository; None for the empty one, which no version control keeps."""
    return None if name == "empty" else Path(__file__).parent / name
