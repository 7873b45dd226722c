"""The packages that a repository asks for, wherever it does so."""

import posixpath
import re
import tomllib
from collections.abc import Mapping

from program.edits import REQUIREMENTS
from program.repository import Listing

_INCLUDE = re.compile(r"(?m)^[ \t]*(?:-r|--requirement)[ \t=]*(\S+)[ \t]*$")


def requirements_of(listing: Listing) -> str:
    """Return what a repository needs, as lines of requirements.txt.

    That is what stands there, in the files of the repository that are named there by `-r`, and in pyproject.toml.
    """
    lines = _included(listing.files)
    try:
        project = tomllib.loads(listing.files.get("pyproject.toml", "")).get("project")
    except (tomllib.TOMLDecodeError, RecursionError):
        project = None
    named = project.get("dependencies") if isinstance(project, dict) else None
    lines += [line for line in named if isinstance(line, str)] if isinstance(named, list) else []
    return "\n".join(lines) + "\n"


def _included(files: Mapping[str, str]) -> list[str]:
    """Return the texts of requirements.txt and of all that it includes; what is not in the repository stays named."""
    texts: list[str] = []
    paths = [REQUIREMENTS]

    def include(line: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(paths[len(texts)]), line[1]))
        if path not in files:
            return line[0]
        if path not in paths:
            paths.append(path)
        return ""

    for path in paths:  # it grows
        texts.append(_INCLUDE.sub(include, files.get(path, "")))
    return texts
