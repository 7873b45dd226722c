"""What a command that asks language models works with: a folder, its transcript, and a model for each role."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy
from filelock import FileLock, Timeout

from data.errors import FolderError
from experiments.backbones.build import Sources, build_language_models
from experiments.backbones.engine import Rejections
from experiments.backbones.transcript import Entry, Transcript
from experiments.config import Role
from experiments.meter import Meter
from experiments.tracking import Tracker
from program.adapter import SharedPrefixAdapter

LOCK = ".lock"
"""The file in a folder that the process at work holds."""


@dataclass
class Session:
    """A folder that is worked on."""

    folder: Path
    sources: Sources
    roles: Mapping[Role, str]
    """The name of the backbone of each role."""
    models: Mapping[str, dspy.LM]
    transcript: Transcript
    meter: Meter

    @contextmanager
    def asking(self, tracker: Tracker, **settings: Any) -> Iterator[None]:
        """Let DSPy's modules ask the models of this session for as long as the block lasts.

        Args:
            tracker: Where traces go.
            **settings: Further settings of DSPy, e.g. `folder`, or others than those of a run.
        """
        own: dict[str, Any] = {
            "lm": next(iter(self.models.values()), None),
            "lms": self.models,
            "adapter": SharedPrefixAdapter(),
            "callbacks": [*tracker.callbacks(), self.meter, Rejections(self.transcript)],
            "disable_history": True,
            "max_trace_size": 0,
        }
        with dspy.context(**(own | settings)):
            yield


def open_session(
    folder: Path,
    sources: Sources,
    roles: Mapping[Role, str],
    admit: Callable[[], AbstractContextManager[object]] = nullcontext,
    also: Callable[[Entry, bool], None] = lambda entry, replayed: None,
    transcript: type[Transcript] = Transcript,
) -> Session:
    """Find everything that a command works with; nothing is written yet.

    Args:
        folder: Where the transcript lies.
        sources: Who answers.
        roles: The name of the backbone of each role.
        admit: Entered for as long as an answer is waited for.
        also: Called with each answer, like the session's meter.
        transcript: The kind of transcript.
    """
    kept, meter = transcript(folder / "transcript.jsonl"), Meter()

    def count(entry: Entry, replayed: bool) -> None:
        meter.count(entry, replayed)
        also(entry, replayed)

    models = build_language_models(sources, roles, kept, count, admit)
    return Session(folder, sources, roles, models, kept, meter)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second process out of the folder."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise FolderError(f"{folder}: another process works on it; wait for it to end") from None
    except OSError as error:
        raise FolderError(f"cannot use {folder}: {error.strerror}; choose another --out") from error
    try:
        yield
    finally:
        lock.release()


def refuse_taken(folder: Path, allowed: Collection[str] = ()) -> None:
    """Refuse a folder that holds anything but what may lie there before something begins.

    Raises:
        FolderError: It does.
    """
    if folder.is_dir() and any(item.name not in (LOCK, *allowed) for item in folder.iterdir()):
        raise FolderError(f"{folder} holds something else; choose another --out")


def free_folder(folder: Path) -> Path:
    """Return a folder that is not there yet: this one, or with a number behind it."""
    name, number = folder.name, 1
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{name}-{number}")
    return folder
