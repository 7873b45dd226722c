"""The folder of a run: every artifact on disk, and whether a person has edited it since.

Layout, beside what `experiments` adds:

    paper.md                     what the stages read
    planning/overall_plan.yaml, architecture_design.yaml, logic_design.yaml
    planning/config.yaml, configuration.yaml      the file, and the planner's notes on it
    analysis/<file>.yaml         one analysis per file
    repository/<file>            the repository
    coding/<file>.yaml           the coder's notes on each file
    made.jsonl                   the hash of each artifact as it was made

An artifact on disk that is not as it was made has been edited, and counts instead of the model's. One that is as
it was made follows from the artifacts before it: it is made again when these have changed, at the price of a call
only where the transcript has no answer yet.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from data.errors import FolderError
from program.adapter import explain
from program.repository import Repository, write_text
from signatures.artifact import Artifact

A = TypeVar("A", bound=Artifact)


class RunFolder:
    """Keeps the artifacts of one run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repository = Repository(root / "repository")
        self._log = root / "made.jsonl"
        self._lock = threading.Lock()
        self._torn = False
        self._made = self._read_log()

    def keep(self, step: str, subject: str, artifact: Artifact) -> None:
        """Write an artifact where the layout has a place for it.

        Args:
            step: The output field that it answers, e.g. `file_analysis`.
            subject: The file that it is about, or empty.
            artifact: What to write.
        """
        notes, body = self._places(step, subject)
        if notes is None:
            return
        if body:
            self.write(body, artifact.content)  # type: ignore[attr-defined]
            artifact = artifact.model_copy(update={"content": ""})
        self.write(notes, artifact.to_yaml())

    def load_edited(
        self, step: str, subject: str, kind: type[A], check: Callable[[A], Sequence[str]] | None
    ) -> A | None:
        """Return the artifact on disk if a person has edited it.

        Its types are checked, and `check` is applied unless it is a file of its own such as config.yaml or code,
        which are the person's affair.

        Raises:
            FolderError: The edited artifact cannot be used.
        """
        notes, body = self._places(step, subject)
        if notes is None or not (self.edited(notes) or (body and self.edited(body))):
            return None
        if body and not body.exists():
            return None  # to be made again
        fields = _read_notes(notes) if notes.exists() else {"assumptions": []}
        if body:
            fields["content"] = _read_text(body)
        try:
            artifact = kind.model_validate(fields)
        except ValidationError as error:
            blamed = body if body and error.errors()[0]["loc"][:1] == ("content",) else notes
            raise _unusable(blamed, *explain(error)) from None
        if check and not body and (problems := check(artifact)):
            raise _unusable(notes, *problems)
        return artifact

    def _places(self, step: str, subject: str) -> tuple[Path | None, Path | None]:
        """Return where an artifact lies, and where its field `content` does if that is a file of its own."""
        match step:
            case "overall_plan" | "architecture_design" | "logic_design":
                return self.root / f"planning/{step}.yaml", None
            case "configuration":
                return self.root / "planning/configuration.yaml", self.root / "planning/config.yaml"
            case "file_analysis":
                return self.root / f"analysis/{subject}.yaml", None
            case "source_file":
                return self.root / f"coding/{subject}.yaml", self.repository.path(subject)
        return None, None

    def edited(self, path: Path) -> bool:
        """Say whether the file exists and is not as it was made."""
        try:
            return path.is_file() and _hash(path.read_bytes()) not in self._made.get(self._name(path), set())
        except OSError as error:
            raise FolderError(f"cannot read {path}: {error.strerror}") from error

    def write(self, path: Path, text: str) -> None:
        """Write a file and note that it was made; an edited one stays."""
        if self.edited(path):
            return
        entry = {"path": self._name(path), "sha256": _hash(text.encode())}
        with self._lock:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                with self._log.open("a", encoding="utf-8") as log:
                    log.write("\n" * self._torn + json.dumps(entry) + "\n")
            except OSError as error:
                self._torn = True
                raise FolderError(f"cannot write {self._log}: {error.strerror}; make room and resume") from error
            self._torn = False
            self._made.setdefault(entry["path"], set()).add(entry["sha256"])
        write_text(path, text)

    def made(self) -> list[Path]:
        """Return every artifact that was made and still lies there, edited or not; links are left out."""
        paths = [self.root / name for name in sorted(self._made)]
        return [path for path in paths if path.is_file() and not self._is_linked(path)]

    def remove_unplanned(self, planned: Collection[str]) -> list[str]:
        """Remove what was made for files that are no longer planned.

        Args:
            planned: The paths of the repository's files.

        Returns:
            The paths of edited files, which stay.
        """
        stayed = []
        for path in self.made():
            folder, _, name = self._name(path).partition("/")
            subject = name if folder == "repository" else name.removesuffix(".yaml")
            if folder not in ("repository", "analysis", "coding") or subject in planned:
                continue
            if self.edited(path):
                stayed.append(self._name(path))
            else:
                path.unlink()
        return stayed

    def _is_linked(self, path: Path) -> bool:
        parts = path.relative_to(self.root).parts
        return any(self.root.joinpath(*parts[: end + 1]).is_symlink() for end in range(len(parts)))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _read_log(self) -> dict[str, set[str]]:
        made: dict[str, set[str]] = {}
        if not self._log.is_file():
            return made
        text = _read_text(self._log, errors="replace")
        self._torn = text[-1:] not in ("", "\n")  # the run was killed while it wrote the line, before the artifact
        for line in text.splitlines():
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                made.setdefault(entry["path"], set()).add(entry["sha256"])
        return made


def _read_text(path: Path, errors: str = "strict") -> str:
    try:
        return path.read_text(encoding="utf-8", errors=errors)
    except UnicodeDecodeError as error:
        raise _unusable(path, f"it is not UTF-8 text: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise FolderError(f"cannot read {path}: {error.strerror}") from error


def _read_notes(path: Path) -> dict[str, Any]:
    try:
        fields = yaml.safe_load(_read_text(path))
    except (yaml.YAMLError, ValueError) as error:
        raise _unusable(path, " ".join(str(error).split())) from None
    if not isinstance(fields, dict):
        raise _unusable(path, "it is not a YAML mapping")
    return fields


def _unusable(path: Path, *problems: str) -> FolderError:
    return FolderError(
        f"{path} was edited and cannot be used: {'; '.join(problems)}. "
        "Mend it, or delete it to have it made again, then resume."
    )


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
