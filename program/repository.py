"""A generated repository on disk: safe paths, atomic writes, statistics. Nothing in it is ever run or imported."""

import ast
import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import FolderError
from program.syntax import parse_python
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
        """Return the text files by path, in order; links and files that are not UTF-8 are left out."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root)
            if path.is_symlink() or not path.is_file() or any(part.startswith(".") for part in name.parts):
                continue
            try:
                found[name.as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
        return found

    def statistics(self) -> Statistics:
        """Measure the repository."""
        files = self.files()
        return Statistics(
            files=len(files),
            lines=sum(len(text.splitlines()) for text in files.values()),
            functions=sum(_functions(text) for name, text in files.items() if name.endswith(".py")),
            tokens=sum(len(text) for text in files.values()) // 4,
        )


def _functions(text: str) -> int:
    try:
        tree = parse_python(text)
    except (SyntaxError, ValueError):
        return 0
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))
