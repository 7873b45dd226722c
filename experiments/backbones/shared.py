"""The transcript of a compilation: what one candidate was answered is never asked again for another.

Within one evaluation, equal prompts (judge samples) have different answers; between evaluations, the first of one is
the first of the other. An answer that is on its way is waited for. Calls outside of evaluations, those that propose
instructions, are replayed one after the other as in any transcript.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import AnswerError
from experiments.backbones.engine import EMPTY_ANSWERS
from experiments.backbones.transcript import Entry, Transcript
from experiments.choice import AUTHORS


@dataclass
class _Turn:
    """One evaluation under way."""

    rollout: int
    asked: Counter[str] = field(default_factory=Counter)
    """How often each prompt was asked in it."""
    given: list[Entry] = field(default_factory=list)
    """What it was answered."""


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@contextmanager
def evaluation(rollout: int = 0) -> Iterator[list[Entry]]:
    """Let the calls of this thread, and of those that it starts, belong to one evaluation.

    Args:
        rollout: Distinguishes evaluations that are to have answers of their own.

    Yields:
        What they are answered, one after the other.
    """
    turn = _Turn(rollout)
    token = _turn.set(turn)
    try:
        yield turn.given
    finally:
        _turn.reset(token)


@contextmanager
def attempt(transcript: Transcript) -> Iterator[None]:
    """Let the calls of the block be one attempt within an evaluation: what a failed one was answered is not replayed.

    Otherwise a compilation that goes on would be given the same answers, and fail in the same way.
    """
    turn = _turn.get() or _Turn(0)
    before = len(turn.given)
    try:
        yield
    except AnswerError:
        for entry in turn.given[before:]:
            transcript.reject(entry)
        raise


class SharedTranscript(Transcript):
    """Answers equal prompts of different evaluations with the same answers."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._slots: defaultdict[tuple[str, int], list[Future[Entry]]] = defaultdict(list)
        self._turns = threading.Lock()
        for entry in self._answers():
            done: Future[Entry] = Future()
            done.set_result(entry)
            self._slots[entry.key, entry.rollout].append(done)

    @property
    def rollout(self) -> int:
        """Which of several runs the calls of this thread belong to."""
        turn = _turn.get()
        return turn.rollout if turn else 0

    def answer(self, key: str, ask: Callable[[], Entry]) -> tuple[Entry, bool]:
        """Return the answer that an earlier evaluation had at this place, or ask for it."""
        turn = _turn.get()
        if turn is None:
            return super().answer(key, ask)
        entry, replayed = self._answer(turn, key, ask)
        with self._turns:
            turn.given.append(entry)
        return entry, replayed

    def _answer(self, turn: _Turn, key: str, ask: Callable[[], Entry]) -> tuple[Entry, bool]:
        with self._turns:
            slots = self._slots[key, turn.rollout]
            place = turn.asked[key]
            turn.asked[key] += 1
            mine = place >= len(slots)
            if mine:
                slots.append(Future())
            future = slots[place]
        if not mine:
            return future.result(), True
        try:
            entry = ask()
        except BaseException as error:
            with self._turns:
                slots.remove(future)
            future.set_exception(error)
            raise
        future.set_result(entry)
        return entry, False

    def _answers(self) -> Iterator[Entry]:
        """Yield what stands for an answer: of those who write a repository, one that cannot be used is a result too."""
        empty: Counter[tuple[str, int]] = Counter()
        for number, entry in enumerate(self.entries):
            place = entry.key, entry.rollout
            empty[place] = 0 if entry.completion.strip() else empty[place] + 1
            settled = entry.role in AUTHORS and (entry.completion.strip() or empty[place] % EMPTY_ANSWERS == 0)
            if number not in self.rejected and (entry.usable or settled):
                yield entry
