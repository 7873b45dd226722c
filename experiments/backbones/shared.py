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

from experiments.backbones.transcript import Entry, Transcript


@dataclass
class _Turn:
    """One evaluation under way."""

    rollout: int
    asked: Counter[str] = field(default_factory=Counter)
    """How often each prompt was asked in it."""


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@contextmanager
def evaluation(rollout: int = 0) -> Iterator[None]:
    """Let the calls of this thread, and of those that it starts, belong to one evaluation.

    Args:
        rollout: Distinguishes evaluations that are to have answers of their own.
    """
    token = _turn.set(_Turn(rollout))
    try:
        yield
    finally:
        _turn.reset(token)


class SharedTranscript(Transcript):
    """Answers equal prompts of different evaluations with the same answers."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._slots: defaultdict[tuple[str, int], list[Future[Entry]]] = defaultdict(list)
        self._turns = threading.Lock()
        for entry in self.entries:
            if entry.usable:
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
