"""What a compilation has spent on calls, tokens and money; no call begins once a cap is reached."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from experiments.backbones.transcript import Entry
from experiments.config import CompileBudget
from experiments.gate import Gate
from optimizers.budget import Spent, check_spent
from optimizers.study import Stop


class Purse:
    """Counts all sessions of a compilation."""

    def __init__(self, budget: CompileBudget, gate: Gate) -> None:
        self.budget = budget
        self.spent = Spent()
        self._begun = 0
        self._closed: Stop | None = None
        self._gate = gate
        self._lock = threading.Lock()

    def open(self, entries: Iterable[Entry]) -> None:
        """Count the calls of earlier sessions."""
        for entry in entries:
            self.count(entry, replayed=False)
        self._begun = self.spent.calls

    def close(self, stop: Stop) -> None:
        """Let no call begin any more; what is under way in other threads ends with the next one."""
        self._closed = stop

    def count(self, entry: Entry, replayed: bool) -> None:
        """Count an answer, unless it was paid for before."""
        if replayed:
            return
        with self._lock:
            cost = None if self.spent.cost is None or entry.cost is None else self.spent.cost + entry.cost
            tokens = self.spent.tokens + entry.prompt_tokens + entry.completion_tokens
            self.spent = Spent(self.spent.calls + 1, tokens, cost)

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Let a call begin, as soon as there is a place for it; those under way count as calls already.

        Raises:
            Stop: A cap is reached.
        """
        with self._gate.admit():
            with self._lock:
                if self._closed:
                    raise self._closed
                check_spent(self.budget, Spent(self._begun, self.spent.tokens, self.spent.cost))
                self._begun += 1
            yield
