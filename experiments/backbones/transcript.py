"""The transcript of a run: every completion, on disk before it is used.

It is the audit trail (prompts are stored by reference to the earlier prompt whose head they share), the resume log (an
answer that stands in it is never asked for again) and the offline backbone (`recorded` replays it). A line is an
`Entry` or a `Rejected`.
"""

import hashlib
import json
import os
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import FolderError
from experiments.backbones.prefix import PrefixIndex


class Entry(BaseModel):
    """One completion and how it came about."""

    model_config = ConfigDict(frozen=True)

    key: str
    """Hash of the prompt."""
    role: str
    step: str
    subject: str
    attempt: int
    backbone: str
    model: str
    shared_with: int | None
    """Number of the earlier entry, from 0, at whose head this prompt begins."""
    shared_chars: int
    prompt: str
    """The prompt without its first `shared_chars` characters."""
    completion: str
    finish_reason: str
    prompt_tokens: int
    """Tokens of the prompt, cached ones included."""
    cached_tokens: int
    completion_tokens: int
    estimated: bool
    """Whether the tokens are estimated, as a quarter of the characters."""
    cost: float | None
    """US dollars, where the price is known."""
    seconds: float
    started: str
    rollout: int = 0
    """Which of several runs of the same candidate this belongs to, in a compilation."""

    @property
    def usable(self) -> bool:
        """Whether the answer is whole and not empty."""
        return self.finish_reason != "length" and bool(self.completion.strip())


class Rejected(BaseModel):
    """Says that an entry was the last of its call and rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rejected: int = Field(ge=0)
    """Number of the entry, from 0."""


def key_of(prompt: str) -> str:
    """Return the key under which the answers to a prompt are found."""
    return hashlib.sha256(prompt.encode()).hexdigest()


class Transcript:
    """A JSON Lines file of entries; equal prompts have several, which are replayed one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.rejected: set[int] = set()
        """Numbers of the entries that an earlier session has rejected."""
        self.given: dict[tuple[str, str, str], Entry] = {}
        """The last answer that this session was given, by role, step and subject."""
        self._prefixes = PrefixIndex()
        self._unused: dict[str, deque[Entry]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._whole: int | None = None
        if path.is_file():
            self._read()

    @property
    def rollout(self) -> int:
        """Which of several runs the calls of this thread belong to."""
        return 0

    def take(self, key: str) -> Entry | None:
        """Return a usable answer to the prompt that was not taken yet, or None."""
        with self._lock:
            return self._unused[key].popleft() if self._unused.get(key) else None

    def answer(self, key: str, ask: Callable[[], Entry]) -> tuple[Entry, bool]:
        """Return an answer to the prompt, asked for if there is none that was not taken yet.

        Args:
            key: Of the prompt.
            ask: Asks for an answer and records it.

        Returns:
            The answer, and whether it stood here already.
        """
        entry = self.take(key)
        return (entry, True) if entry else (ask(), False)

    def record(self, prompt: str, **fields: Any) -> Entry:
        """Append a completion and return its entry; it is on disk when this returns.

        Raises:
            FolderError: The disk is full, or the file cannot be written.
        """
        with self._lock:
            shared_with, shared = self._prefixes.longest(prompt)
            entry = Entry(
                key=key_of(prompt), shared_with=shared_with, shared_chars=shared, prompt=prompt[shared:], **fields
            )
            line = (json.dumps(entry.model_dump(), ensure_ascii=False) + "\n").encode()
            try:
                self._append(line)
            except OSError as error:
                raise FolderError(f"cannot write {self.path}: {error.strerror}; make room and resume") from error
            self.entries.append(entry)
            self._prefixes.prompts.append(prompt)
        return entry

    def reject(self, entry: Entry) -> None:
        """Note that an answer was the last of its call and was rejected; it is not replayed.

        Without this, a resumed run would be given the same answers and fail in the same way, whoever its backbone is.
        """
        with self._lock:
            number = next(index for index, other in enumerate(self.entries) if other is entry)
            self._append((json.dumps(Rejected(rejected=number).model_dump()) + "\n").encode())

    def prompt(self, index: int) -> str:
        """Return the whole prompt of an entry."""
        return self._prefixes.prompts[index]

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab", buffering=0) as file:
            if self._whole is not None:
                file.truncate(self._whole)
                self._whole = None
            size = file.seek(0, os.SEEK_END)
            try:
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(size)
                raise

    def _read(self) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            self._whole = whole  # the run was killed while it wrote the last line
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                if line.startswith(b'{"rejected"'):
                    rejected = Rejected.model_validate_json(line).rejected
                    entry = self.entries[rejected]
                    self.rejected.add(rejected)
                    self._unused[entry.key] = deque(other for other in self._unused[entry.key] if other is not entry)
                    continue
                entry = Entry.model_validate_json(line)
                head = "" if entry.shared_with is None else self._prefixes.prompts[entry.shared_with]
                prompt = head[: entry.shared_chars] + entry.prompt
                if key_of(prompt) != entry.key:
                    raise ValueError("the prompt does not have the hash that stands beside it")
            except (ValidationError, ValueError, IndexError) as error:
                reason = " ".join(str(error).split())[:200]
                raise FolderError(
                    f"{self.path}, line {number} is damaged: {reason}; remove it and all after it, then resume"
                ) from None
            self.entries.append(entry)
            self._prefixes.prompts.append(prompt)
            if entry.usable:
                self._unused[entry.key].append(entry)
