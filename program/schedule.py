"""Jobs that depend on each other, each started as soon as what it needs is there."""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from heapq import heapify, heappop, heappush
from typing import Any, TypeVar

import networkx as nx

Job = TypeVar("Job", bound=Hashable)


def run_jobs(
    graph: "nx.DiGraph[Job]", work: Callable[[Job, Mapping[Job, Any]], Any], concurrency: int
) -> dict[Job, Any]:
    """Run every job of a graph, at most `concurrency` at once, those first on which the longest chain waits.

    Each job runs in a copy of the caller's context, so that settings and traces of the caller hold in it. When a job
    fails, none is started any more; those under way come to their end, and the first error is raised.

    Args:
        graph: Acyclic; an edge from each job to those that need its result.
        work: Gets the job and the results so far, those of all its predecessors among them.
        concurrency: Number of threads.

    Returns:
        The result of each job.
    """
    urgency = dict.fromkeys(graph, 0)
    for job in reversed(list(nx.topological_sort(graph))):
        urgency[job] = max((urgency[after] + 1 for after in graph.successors(job)), default=0)
    rank = {job: (-urgency[job], place, job) for place, job in enumerate(graph)}
    missing = {job: graph.in_degree(job) for job in graph}
    ready = [rank[job] for job in graph if not missing[job]]
    heapify(ready)
    results: dict[Job, Any] = {}
    running: dict[Future[Any], Job] = {}
    executor = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="papercoder")
    try:
        while ready or running:
            while ready and len(running) < concurrency:  # the rest waits here, where what is urgent overtakes it
                *_, job = heappop(ready)
                running[executor.submit(copy_context().run, work, job, results)] = job
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job = running.pop(future)
                results[job] = future.result()
                for after in graph.successors(job):
                    missing[after] -= 1
                    if not missing[after]:
                        heappush(ready, rank[after])
    except Exception:
        executor.shutdown(wait=True)
        raise
    except BaseException:
        executor.shutdown(wait=False)
        raise
    executor.shutdown()
    return results
