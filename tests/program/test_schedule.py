"""Jobs in parallel, in order of urgency, and what happens when one fails."""

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import dspy
import networkx as nx
import pytest

from program.schedule import run_jobs

SECONDS = 20
"""What an event may take before the test fails; none takes it where the claim holds."""


def graph(*edges: tuple[str, str], alone: str = "") -> "nx.DiGraph[str]":
    jobs: nx.DiGraph[str] = nx.DiGraph()
    jobs.add_nodes_from(alone)
    jobs.add_edges_from(edges)
    return jobs


class Order:
    """Work that notes in which order jobs were started; `gates` hold jobs back until they are opened."""

    def __init__(self, **gates: threading.Event) -> None:
        self.started: list[str] = []
        self.gates = gates

    def __call__(self, job: str, results: Mapping[str, Any]) -> str:
        self.started.append(job)
        if gate := self.gates.get(job):
            assert gate.wait(SECONDS)
        return job.upper()


def test_returns_the_result_of_every_job():
    jobs = graph(("a", "b"), ("b", "c"), alone="xyz")
    assert run_jobs(jobs, Order(), 2) == {job: job.upper() for job in "abcxyz"}


def test_no_jobs_have_no_results():
    assert run_jobs(graph(), Order(), 4) == {}


def test_a_job_gets_the_results_of_those_it_depends_on():
    jobs = graph(("a", "c"), ("b", "c"), ("c", "d"))

    def work(job: str, results: Mapping[str, Any]) -> str:
        return "".join([results[before] for before in sorted(jobs.predecessors(job))]) + job

    assert run_jobs(jobs, work, 8)["d"] == "abcd"


def test_all_jobs_that_need_nothing_run_at_once():
    together = threading.Barrier(32)
    jobs = graph()
    jobs.add_nodes_from(map(str, range(32)))
    assert len(run_jobs(jobs, lambda job, _: together.wait(SECONDS), 32)) == 32


def test_a_job_does_not_wait_for_others_than_it_needs():
    over = threading.Event()

    def work(job: str, _: Mapping[str, Any]) -> None:
        if job == "c":
            over.set()
        if job == "slow":
            assert over.wait(SECONDS)

    jobs = graph(("a", "b"), ("b", "c"))
    jobs.add_node("slow")
    run_jobs(jobs, work, 2)
    assert over.is_set()


def test_no_more_jobs_run_at_once_than_allowed():
    running, most, lock, third = set[str](), [0], threading.Lock(), threading.Barrier(3)

    def work(job: str, _: Mapping[str, Any]) -> None:
        with lock:
            running.add(job)
            most.append(len(running))
        third.wait(SECONDS)
        with lock:
            running.remove(job)

    run_jobs(graph(alone="abcdefghi"), work, 3)
    assert max(most) == 3


def test_what_the_longest_chain_waits_for_comes_first():
    work = Order()
    run_jobs(graph(("m", "n"), ("p", "q"), ("q", "r"), alone="a"), work, 1)
    assert work.started[0] == "p"
    assert work.started[-1] in "anr"
    assert work.started.index("m") < work.started.index("a")


def test_an_urgent_job_overtakes_those_that_wait_already():
    work = Order()
    run_jobs(graph(("p", "q"), ("q", "r"), ("r", "s"), alone="abcdef"), work, 1)
    assert work.started[:3] == ["p", "q", "r"]


def test_jobs_of_equal_urgency_are_started_in_the_order_of_the_graph():
    work = Order()
    run_jobs(graph(alone="dacb"), work, 1)
    assert work.started == list("dacb")


def test_a_failure_starts_no_further_job_and_is_raised():
    work = Order()

    def failing(job: str, results: Mapping[str, Any]) -> str:
        if job == "b":
            raise OSError("b failed")
        return work(job, results)

    with pytest.raises(OSError, match="b failed"):
        run_jobs(graph(("b", "c"), alone="abd"), failing, 1)
    assert work.started == []


def test_jobs_under_way_come_to_their_end_when_another_fails():
    failing, ended = threading.Barrier(17), []

    def work(job: str, _: Mapping[str, Any]) -> None:
        failing.wait(SECONDS)
        if job == "!":
            raise OSError("failed")
        ended.append(job)

    good = "abcdefghijklmnop"
    with pytest.raises(OSError, match="failed"):
        run_jobs(graph(*((job, job.upper()) for job in good), alone="!" + good), work, 17)
    assert sorted(ended) == list(good)


def test_an_interruption_does_not_wait_for_jobs_under_way():
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    def work(job: str, _: Mapping[str, Any]) -> None:
        if job == "b":
            assert begun.wait(SECONDS)
            raise KeyboardInterrupt
        begun.set()
        release.wait(SECONDS)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_jobs(graph(alone="ab"), work, 2)
    assert not ended.is_set()
    release.set()


WORD: ContextVar[str] = ContextVar("WORD", default="nobody's")


def test_jobs_run_in_the_context_of_the_caller():
    WORD.set("the caller's")
    with dspy.context(experimental_setting=7):
        found = run_jobs(graph(("a", "b")), lambda job, _: (WORD.get(), dspy.settings.experimental_setting), 2)
    assert found == {"a": ("the caller's", 7), "b": ("the caller's", 7)}


def test_what_a_job_sets_in_its_context_stays_there():
    def work(job: str, _: Mapping[str, Any]) -> str:
        before = WORD.get()
        WORD.set(job)
        return before

    WORD.set("the caller's")
    assert set(run_jobs(graph(("a", "b"), ("b", "c")), work, 1).values()) == {"the caller's"}
    assert WORD.get() == "the caller's"


def test_a_cycle_is_refused_before_anything_runs():
    work = Order()
    with pytest.raises(nx.NetworkXUnfeasible):
        run_jobs(graph(("a", "b"), ("b", "a"), alone="c"), work, 2)
    assert work.started == []
