"""A repository on disk, ours or anybody's: safe paths, atomic writes, statistics. Nothing in it is run or imported."""

import ast
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import FolderError
from program.syntax import python_or_none
from signatures.paths import safe_path


class Statistics(BaseModel):
    """Size of a repository, as in Table 1 of the paper."""

    model_config = ConfigDict(frozen=True)

    files: int
    lines: int
    functions: int
    """Functions and methods in Python files."""
    tokens: int
    """Estimated as a quarter of the characters."""


MAX_FILE_BYTES = 1_000_000
"""A larger file is no source code; it is left out."""

MAX_TOTAL_BYTES = 64_000_000
"""What is read of one repository at most."""

LINK = "a link"
"""Why a link is left out: what it leads to is read where it lies, or is no part of the repository."""

_NOT_ITS_OWN = ("__pycache__", "node_modules", "site-packages", "venv", "mlruns", "mlartifacts")
"""Folders with what others wrote or programs made; so are those that begin with a dot."""


@dataclass
class Listing:
    """The text files of a repository by path, in order, and why others were left out."""

    files: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def write_text(path: Path, text: str) -> None:
    """Write a file as UTF-8 with line ends as given, whole or not at all.

    Raises:
        FolderError: The disk is full, or the place cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FolderError(f"cannot write {path}: {error.strerror}; make room or choose another --out") from error


class Repository:
    """The folder of a generated repository."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Return where a file of the repository lies.

        Raises:
            FolderError: The path leaves the repository, by its name or through a link.
        """
        try:
            path = self.root / safe_path(name)
        except ValueError as error:
            raise FolderError(f"not a path of the repository: {error}") from None
        inside = [path, *path.parents][: len(path.relative_to(self.root).parts)]
        if any(part.is_symlink() for part in inside):
            raise FolderError(f"{path} is a link; remove it and resume")
        return path

    def write(self, name: str, text: str) -> None:
        """Write one file, whole or not at all."""
        write_text(self.path(name), text)

    def files(self) -> dict[str, str]:
        """Return the text files by path, in order."""
        return self.read().files

    def read(self) -> Listing:
        """Read the text files, UTF-8 or not; links, binary and huge files are left out, each with the reason.

        Raises:
            FolderError: There is no such folder.
        """
        if not self.root.is_dir():
            raise FolderError(f"no folder {self.root}; name the folder of a repository")
        paths = sorted(self._paths(), key=lambda path: path.relative_to(self.root).parts)
        contents: dict[Path, bytes | str] = {}
        room = MAX_TOTAL_BYTES
        for path in sorted(paths, key=_size):  # source before data, if there is no room for both
            contents[path] = _content(path, room)
            room -= len(contents[path]) if isinstance(contents[path], bytes) else 0
        listing = Listing()
        for path in paths:
            name, content = path.relative_to(self.root).as_posix(), contents[path]
            if not name.isprintable():
                listing.left_out[repr(name)[1:-1]] = "its name is not printable"
            elif isinstance(content, str):
                listing.left_out[name] = content
            else:
                listing.files[name] = _decode(content)
        return listing

    def _paths(self) -> Iterator[Path]:
        closed: list[Path] = []
        for folder, folders, files in os.walk(self.root, onerror=lambda error: closed.append(Path(error.filename))):
            linked = [name for name in folders if _is_link(Path(folder) / name)]
            folders[:] = [name for name in folders if name not in (*_NOT_ITS_OWN, *linked) and not name.startswith(".")]
            yield from (Path(folder) / name for name in [*files, *linked] if not name.startswith("."))
        yield from closed

    def statistics(self) -> Statistics:
        """Measure the repository."""
        return measure(self.files())


def measure(files: Mapping[str, str]) -> Statistics:
    """Measure the files of a repository, by path."""
    return Statistics(
        files=len(files),
        lines=sum(len(text.splitlines()) for text in files.values()),
        functions=sum(_functions(text) for name, text in files.items() if name.endswith(".py")),
        tokens=sum(len(text) for text in files.values()) // 4,
    )


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:
        return False  # its path is too long; `_content` says so


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0  # `_content` says what is wrong


def _content(path: Path, room: int) -> bytes | str:
    """Return what is in a file, or why it is left out."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return LINK
        if stat.S_ISDIR(status.st_mode):
            return "a folder that cannot be read"
        if not stat.S_ISREG(status.st_mode):
            return "not a regular file"
        if status.st_size > MAX_FILE_BYTES:
            return f"larger than {MAX_FILE_BYTES:,} bytes"
        if status.st_size > room:
            return f"the repository holds more than {MAX_TOTAL_BYTES:,} bytes of text"
        content = path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "binary" if b"\0" in content else content


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _functions(text: str) -> int:
    tree = python_or_none(text)
    if tree is None:
        return 0
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))
