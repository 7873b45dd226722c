"""The gate: so many at once, and who goes first of those who wait."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from experiments.gate import Gate


class Queue:
    """Threads that go through a gate; each waits inside until it is let out."""

    def __init__(self, places: int) -> None:
        self.gate = Gate(places)
        self.inside: list[str] = []
        self._changed = threading.Condition()
        self._out: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    def come(self, name: str, rank: int = 0) -> None:
        """Let somebody come, and see that he is inside or waits."""
        self._out[name] = threading.Event()
        thread = threading.Thread(target=self._go, args=(name, rank))
        self._threads.append(thread)
        before = self._here()
        thread.start()
        while self._here() == before:
            threading.Event().wait(0.001)

    def _here(self) -> int:
        return len(self.inside) + len(self.gate._waiting)

    def _go(self, name: str, rank: int) -> None:
        with self.gate.admit(rank):
            with self._changed:
                self.inside.append(name)
                self._changed.notify_all()
            self._out[name].wait(10)

    def leave(self, name: str) -> None:
        """Let somebody out; if others wait, return when the next of them is in."""
        number = len(self.inside) + bool(self.gate._waiting)
        self._out[name].set()
        self.wait(number)

    def wait(self, number: int) -> None:
        """Wait until so many have been let in."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.inside) >= number, 10)

    def end(self) -> None:
        for event in self._out.values():
            event.set()
        for thread in self._threads:
            thread.join(10)


@contextmanager
def queue(places: int) -> Iterator[Queue]:
    made = Queue(places)
    try:
        yield made
    finally:
        made.end()


def test_no_more_are_inside_than_there_are_places() -> None:
    with queue(2) as here:
        for name in "abcd":
            here.come(name)
        assert here.inside == ["a", "b"]
        here.leave("b")
        assert here.inside == ["a", "b", "c"]


def test_of_those_who_wait_the_lowest_rank_goes_first_then_the_one_who_came_first() -> None:
    with queue(1) as here:
        here.come("first", rank=9)
        for name, rank in (("c", 2), ("a", 1), ("d", 2), ("b", 1)):
            here.come(name, rank)
        for name in ("first", "a", "b", "c"):
            here.leave(name)
        assert here.inside == ["first", "a", "b", "c", "d"]


def test_a_place_is_given_back_by_whoever_fails() -> None:
    gate = Gate(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="inside"), gate.admit():
            raise ValueError("inside")
    with gate.admit():
        pass


def test_who_fails_lets_the_next_one_in() -> None:
    with queue(1) as here:
        with pytest.raises(ValueError, match="inside"), here.gate.admit():
            here.come("next")
            assert here.inside == []
            raise ValueError("inside")
        here.wait(1)
        assert here.inside == ["next"]


def test_a_place_that_nobody_waits_for_is_free_again() -> None:
    with queue(1) as here:
        for name in "abc":
            here.come(name)
            here.leave(name)
        here.end()
        with here.gate.admit():
            assert here.inside == ["a", "b", "c"]
