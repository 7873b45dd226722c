"""Several files in one answer, as text: a line that names each file, then the file."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from signatures.artifact import Artifact, Text
from signatures.paths import collisions, safe_path
from signatures.sections import without_fence

_MARK = re.compile(r"^={4,}[ \t]*(?P<path>[^=\s][^=\n]*)={4,}[ \t]*$", re.MULTILINE)

FORM = "Each file whole, behind a line of its own with its path: `==== src/model.py ====`. No fences around them."
"""How a prompt asks for files."""


def split_files(text: str) -> dict[str, str]:
    """Return the files of an answer by path; what stands before the first is left out.

    Raises:
        ValueError: There is none, or a path is unsafe or stands twice.
    """
    text = _unwrapped(text.replace("\r\n", "\n"))
    marks = list(_MARK.finditer(text))
    if not marks:
        raise ValueError("holds no file; a line such as `==== main.py ====` stands before each")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    paths = [safe_path(mark["path"]) for mark in marks]
    if problems := collisions(paths):
        raise ValueError("; ".join(problems))
    bodies = [without_fence(text[mark.end() : end]).strip("\n") for mark, end in zip(marks, ends, strict=True)]
    return {path: body + "\n" if body.strip() else "" for path, body in zip(paths, bodies, strict=True)}


def join_files(files: dict[str, str]) -> str:
    """Return files in the form of `split_files`."""
    return "\n".join(f"==== {path} ====\n{text}" for path, text in files.items())


def _unwrapped(text: str) -> str:
    """Return an answer without a fence around all of its files."""
    inside = without_fence(text)
    return inside if _MARK.match(inside.lstrip("\n")) else text


def _is_split(text: str) -> str:
    split_files(text)
    return text


class FileBundle(Artifact):
    """Files that one answer writes."""

    files: Annotated[Text, AfterValidator(_is_split)] = Field(description=FORM)

    def by_path(self) -> dict[str, str]:
        """Return the text of each file by its path."""
        return split_files(self.files)
