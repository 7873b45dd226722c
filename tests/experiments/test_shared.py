"""The transcript of a compilation: equal prompts of different evaluations have the same answers."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from data.errors import BackboneError, RejectedAnswer
from experiments.backbones.shared import SharedTranscript, attempt, evaluation
from experiments.backbones.transcript import Entry, key_of

PATH = Path("transcript.jsonl")


class Asker:
    """Answers `1`, `2`, `3` … and counts."""

    def __init__(self, path: Path = PATH, role: str = "coder") -> None:
        self.transcript, self.role = SharedTranscript(path), role
        self.asked = 0

    def ask(self, prompt: str = "prompt", answer: str | None = None, finish_reason: str = "stop") -> str:
        """Return the answer to a prompt, asked for if need be."""
        return self.entry(prompt, lambda: self.record(prompt, answer, finish_reason))[0].completion

    def entry(self, prompt: str, ask: Callable[[], Entry]) -> tuple[Entry, bool]:
        return self.transcript.answer(key_of(prompt), ask)

    def record(self, prompt: str, answer: str | None = None, finish_reason: str = "stop") -> Entry:
        self.asked += 1
        fields: dict[str, Any] = {
            **{"role": self.role, "step": "source_file", "subject": "", "attempt": 1, "backbone": "b", "model": "m"},
            **{"prompt_tokens": 1, "cached_tokens": 0, "completion_tokens": 1, "estimated": False, "cost": None},
            **{"seconds": 0.0, "started": "2026-11-01", "rollout": self.transcript.rollout},
        }
        completion = str(self.asked) if answer is None else answer
        return self.transcript.record(prompt, completion=completion, finish_reason=finish_reason, **fields)

    def evaluate(self, number: int, rollout: int = 0) -> list[str]:
        """Ask the same prompt several times in one evaluation."""
        with evaluation(rollout):
            return [self.ask() for _ in range(number)]


def test_samples_of_one_evaluation_differ_and_those_of_the_next_are_the_same() -> None:
    asker = Asker()
    assert asker.evaluate(3) == ["1", "2", "3"]
    assert asker.evaluate(3) == ["1", "2", "3"]
    assert asker.evaluate(4) == ["1", "2", "3", "4"]
    assert asker.asked == 4


def test_other_prompts_have_answers_of_their_own() -> None:
    asker = Asker()
    with evaluation():
        assert [asker.ask("one"), asker.ask("two"), asker.ask("one")] == ["1", "2", "3"]


def test_what_was_found_and_what_was_asked_for_are_told_apart() -> None:
    asker = Asker()
    for found in (False, True):
        with evaluation():
            assert asker.entry("prompt", lambda: asker.record("prompt"))[1] is found


def test_rollouts_share_nothing() -> None:
    asker = Asker()
    assert asker.evaluate(2) == ["1", "2"]
    assert asker.evaluate(2, rollout=1) == ["3", "4"]
    assert asker.evaluate(2) == ["1", "2"]
    assert asker.evaluate(2, rollout=1) == ["3", "4"]


def test_another_process_finds_all_of_it(tmp_path: Path) -> None:
    first = Asker()
    first.evaluate(2)
    first.evaluate(1, rollout=1)
    second = Asker()
    assert second.evaluate(2) == ["1", "2"]
    assert second.evaluate(1, rollout=1) == ["3"]
    assert second.asked == 0


def test_outside_of_evaluations_each_answer_is_given_once() -> None:
    asker = Asker()
    assert [asker.ask(), asker.ask()] == ["1", "2"]
    resumed = Asker()
    assert [resumed.ask(), resumed.ask(), resumed.ask()] == ["1", "2", "1"]
    assert resumed.asked == 1


def test_an_answer_on_its_way_is_waited_for_and_asked_for_once() -> None:
    asker, under_way, go_on = Asker(), Event(), Event()

    def slowly() -> Entry:
        under_way.set()
        go_on.wait(10)
        return asker.record("prompt")

    def first() -> str:
        with evaluation():
            return asker.entry("prompt", slowly)[0].completion

    with ThreadPoolExecutor() as pool:
        one = pool.submit(first)
        under_way.wait(10)
        others = [pool.submit(asker.evaluate, 1) for _ in range(3)]
        assert not any(other.done() for other in others)
        go_on.set()
        assert {one.result(10), *(other.result(10)[0] for other in others)} == {"1"}
    assert asker.asked == 1


def test_threads_of_one_evaluation_have_different_answers() -> None:
    asker = Asker()
    with evaluation(), ThreadPoolExecutor() as pool:
        answers = [pool.submit(copy_context().run, asker.ask) for _ in range(8)]
        assert sorted(answer.result(10) for answer in answers) == [str(n) for n in range(1, 9)]


def test_those_who_wait_for_one_who_fails_fail_too_and_the_next_asks_anew() -> None:
    asker, under_way, go_on = Asker(), Event(), Event()

    def fail() -> Entry:
        under_way.set()
        go_on.wait(10)
        raise BackboneError("There is no answer.")

    def first() -> None:
        with evaluation():
            asker.entry("prompt", fail)

    with ThreadPoolExecutor() as pool:
        failures: list[Future[Any]] = [pool.submit(first)]
        under_way.wait(10)
        waits = Event()

        def second() -> None:
            with evaluation():
                waits.set()
                asker.entry("prompt", fail)

        failures.append(pool.submit(second))
        waits.wait(10)
        go_on.set()
        for failed in failures:
            with pytest.raises(BackboneError, match="no answer"):
                failed.result(10)
    assert asker.evaluate(2) == ["1", "2"]


@pytest.mark.parametrize("role", ["planner", "analyst", "coder"])
def test_an_authors_answer_that_cannot_be_used_is_a_result_and_not_asked_for_again(role: str) -> None:
    asker = Asker(role=role)
    with evaluation():
        asker.ask("cut", "half of", "length")
        for _ in range(3):  # as often as an empty answer is asked for again
            asker.record("empty", "")
    resumed = Asker(role=role)
    with evaluation():
        assert resumed.ask("cut") == "half of"
        assert resumed.ask("empty") == ""
    assert resumed.asked == 0


def test_an_empty_answer_behind_which_a_process_was_killed_is_none() -> None:
    asker = Asker()
    with evaluation():
        asker.record("prompt", "")
    assert Asker().evaluate(1) == ["1"]


def test_a_judges_answer_that_cannot_be_used_is_asked_for_again() -> None:
    asker = Asker(role="judge")
    with evaluation():
        asker.ask(answer="half of", finish_reason="length")
    assert Asker(role="judge").evaluate(1) == ["1"]


def test_an_attempt_that_failed_is_not_replayed_and_what_stands_around_it_is() -> None:
    asker = Asker(role="judge")
    with evaluation():
        asker.ask("before")
        with pytest.raises(RejectedAnswer), attempt(asker.transcript):
            asker.ask()
            asker.ask()
            raise RejectedAnswer("It was rejected.")
        with attempt(asker.transcript):
            assert asker.ask() == "4"
    resumed = Asker(role="judge")
    with evaluation():
        assert [resumed.ask("before"), resumed.ask()] == ["1", "4"]
    assert resumed.asked == 0


def test_within_the_session_a_repetition_goes_the_same_way_as_the_first() -> None:
    asker = Asker(role="judge")
    for _ in range(2):
        with evaluation():
            with pytest.raises(RejectedAnswer), attempt(asker.transcript):
                assert asker.ask() == "1"
                raise RejectedAnswer("It was rejected.")
            assert asker.ask() == "2"


def test_an_attempt_that_was_stopped_is_replayed() -> None:
    asker = Asker(role="judge")
    with evaluation(), pytest.raises(KeyboardInterrupt), attempt(asker.transcript):
        asker.ask()
        raise KeyboardInterrupt
    assert Asker(role="judge").evaluate(1) == ["1"]
    assert Asker(role="judge").asked == 0
