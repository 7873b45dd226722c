"""Paths of planned files: relative, safe on every file system, free of collisions."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator

WRITTEN_BY_THE_PROGRAM = ("config.yaml", "requirements.txt", "README.md")
"""Files of every repository that no stage plans: they are made from the plan itself."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*|\.[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def safe_path(path: str) -> str:
    """Return `path` without a leading `./`.

    Raises:
        ValueError: It is absolute, leaves its folder, touches `.git`, or has a name that some file system refuses.
    """
    path = path.strip().removeprefix("./")
    parts = path.split("/")
    if not path or path.startswith("/") or "\\" in path or ":" in path:
        raise ValueError(f"{path!r} is not a relative path with forward slashes")
    for part in parts:
        if part == "..":
            raise ValueError(f"{path!r} leaves the repository")
        if part.lower() == ".git":
            raise ValueError(f"{path!r} lies in the folder of git")
        if _RESERVED.fullmatch(part):
            raise ValueError(f"{path!r} has the part {part!r}, a name that Windows keeps for a device")
        if not _NAME.fullmatch(part) or part.endswith(".") or len(part) > 100:
            raise ValueError(f"{path!r} has the part {part!r}; use letters, digits, '_', '-' and '.' only")
    return path


SafePath = Annotated[str, AfterValidator(safe_path)]


def collisions(paths: Sequence[str]) -> list[str]:
    """Say which paths are the same, differ in case only, or are a file and a folder at once."""
    problems = []
    seen: dict[str, str] = {}
    for path in paths:
        if (other := seen.get(path.lower())) is not None:
            problems.append(
                f"{path!r} is listed twice" if other == path else f"{path!r} and {other!r} differ in case only"
            )
        seen[path.lower()] = path
    for path in paths:
        for parent in PurePosixPath(path.lower()).parents:
            if str(parent) in seen:
                problems.append(f"{seen[str(parent)]!r} is a file and also the folder of {path!r}")
    return problems
