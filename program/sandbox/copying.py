"""What goes into a sandbox and what comes out of it: regular files only, none through a link, none too large."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import FolderError
from program.repository import Repository

COMES_OUT_MB = 64
"""The largest file that is copied out."""

DEPTH = 40
"""Folders in each other that are entered."""

ALL_MB = 512
"""What is copied out of one run at most."""


@dataclass
class Copied:
    """What was copied, and why other files were not."""

    files: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def copy_in(repository: Path, folder: Path) -> Copied:
    """Copy a repository into an empty working folder: regular files, whatever their size; links are left out.

    Raises:
        FolderError: There is no such repository, or it cannot be copied.
    """
    if not repository.is_dir():
        raise FolderError(f"no folder {repository}; name the folder of a repository")
    return _copy(repository, folder, dict.fromkeys(_regular(repository)), None)


def copy_out(folder: Path, into: Path, before: Repository) -> Copied:
    """Copy out of a working folder what a run has written: files that the repository has not, or has otherwise.

    Args:
        folder: Where untrusted code has run: nothing in it is believed.
        into: An empty or new folder.
        before: The repository as it was.
    """
    names: dict[str, None] = {}
    for name in _regular(folder):
        original = before.root / name
        if not (original.is_file() and not original.is_symlink() and _same(original, folder / name)):
            names[name] = None
    return _copy(folder, into, names, COMES_OUT_MB * 1024 * 1024)


def remove(folder: Path) -> None:
    """Remove a folder in which untrusted code has run, however deep, whatever its rights; nobody may run there now.

    Raises:
        OSError: It cannot be removed.
    """
    found, pending = [], [folder]
    while pending:
        here = pending.pop()
        here.chmod(0o700)
        found.append(here)
        with os.scandir(here) as entries:
            inside = list(entries)
        for entry in inside:
            path = Path(entry.path)
            if not entry.is_dir(follow_symlinks=False):
                path.unlink()
            elif len(here.parts) - len(folder.parts) > DEPTH:  # its path would become too long for the system
                path.chmod(0o700)
                pending.append(path.rename(folder / f"{len(found)}-{len(pending)}.moved"))
            else:
                pending.append(path)
    for here in reversed(found):
        here.rmdir()


def _regular(folder: Path) -> Iterator[str]:
    """Yield every file below a folder by its name; folders behind links, or too deep, are not entered."""
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(here) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        deep = len(here.parts) - len(folder.parts) >= DEPTH
        for entry in inside:
            if entry.name.lower() == ".git":  # git obeys what it says
                continue
            if not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path).relative_to(folder).as_posix()
            elif not deep:
                pending.append(Path(entry.path))


def _copy(source: Path, target: Path, names: dict[str, None], largest: int | None) -> Copied:
    copied, room = Copied(), ALL_MB * 1024 * 1024
    for name in names:
        label = name if name.isprintable() else repr(name)[1:-1]
        try:
            with _opened(source / name) as file:
                status = os.fstat(file.fileno())
                if reason := _refused(status, name, largest, room if largest else None):
                    copied.left_out[label] = reason
                    continue
                room -= status.st_size
                place = target / name
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("xb") as new:
                    shutil.copyfileobj(file, new)
                place.chmod(0o755 if status.st_mode & 0o100 and largest is None else 0o644)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            copied.left_out[label] = "a link" if error.errno == errno.ELOOP else f"cannot be copied: {error.strerror}"
        else:
            copied.files.append(name)
    return copied


def _opened(path: Path):  # type: ignore[no-untyped-def]
    """Open a file that may be a trap: not through a link, and without waiting for a pipe."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _refused(status: os.stat_result, name: str, largest: int | None, room: int | None) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if not name.isprintable():
        return "its name is not printable"
    if largest is not None and status.st_nlink > 1:
        return "it has a second name"
    if largest is not None and status.st_size > largest:
        return f"larger than {largest // 1024 // 1024} MB"
    if room is not None and status.st_size > room:
        return f"the run has written more than {ALL_MB} MB"
    return None


def _same(before: Path, after: Path) -> bool:
    try:
        with _opened(before) as first, _opened(after) as second:
            if os.fstat(first.fileno()).st_size != os.fstat(second.fileno()).st_size:
                return False
            pieces = iter(lambda: (first.read(1 << 20), second.read(1 << 20)), (b"", b""))
            return all(one == other for one, other in pieces)
    except OSError:
        return False
