"""How many calls are under way at once, over everything that an experiment does in parallel."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush


class Gate:
    """Admits so many at once; of those who wait, the one with the lowest rank first, then the one who came first."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: list[tuple[int, int, threading.Event]] = []
        self._came = 0
        self._lock = threading.Lock()

    @contextmanager
    def admit(self, rank: int = 0) -> Iterator[None]:
        """Hold one of the places for as long as the block lasts."""
        with self._lock:
            turn = threading.Event()
            if self._places:
                self._places -= 1
                turn.set()
            else:
                self._came += 1
                heappush(self._waiting, (rank, self._came, turn))
        turn.wait()
        try:
            yield
        finally:
            with self._lock:
                if self._waiting:
                    heappop(self._waiting)[2].set()
                else:
                    self._places += 1
