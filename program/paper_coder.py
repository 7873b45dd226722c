"""The whole program: paper in, repository out (Section 3.2)."""

from collections.abc import Mapping
from typing import Any, Literal

import dspy
import networkx as nx

from data.paper import Paper
from program.analyst import Analyst
from program.checks import dependency_graph
from program.coder import Coder
from program.planner import Planner
from program.readme import write_readme
from program.schedule import run_jobs
from signatures.analysis import FileAnalysis
from signatures.coding import SourceFile
from signatures.planning import FileTask

Stage = Literal["planning", "analysis", "coding"]

DEFAULT_CONCURRENCY = 64


class PaperCoder(dspy.Module):
    """M(R) = C: plan, then analyse and write every file, in parallel where the plan allows."""

    def __init__(self, concurrency: int = DEFAULT_CONCURRENCY) -> None:
        super().__init__()
        self.planner = Planner()
        self.analyst = Analyst()
        self.coder = Coder()
        self.concurrency = concurrency

    def forward(self, paper: Paper, stop_after: Stage = "coding") -> dspy.Prediction:
        """Turn a paper into a repository.

        Args:
            paper: What to implement.
            stop_after: The last stage to run.

        Returns:
            `plan` (what `Planner` returned), `analyses` and `sources` (by path, in the order of dependencies), and
            `repository`, every file's text by path; what was not reached is empty.
        """
        plan = self.planner(paper=paper.markdown)
        if stop_after == "planning":
            return dspy.Prediction(plan=plan, analyses={}, sources={}, repository={})
        analyses, sources = self._write_files(paper.markdown, plan, stop_after)
        repository: dict[str, str] = {}
        if stop_after == "coding":
            repository = {path: source.content for path, source in sources.items()}
            repository |= {
                "config.yaml": plan.configuration.content.rstrip("\n") + "\n",
                "requirements.txt": "\n".join(plan.logic_design.packages) + "\n",
                "README.md": write_readme(paper, plan, analyses, sources),
            }
        return dspy.Prediction(plan=plan, analyses=analyses, sources=sources, repository=repository)

    def _write_files(
        self, paper: str, plan: dspy.Prediction, stop_after: Stage
    ) -> tuple[dict[str, FileAnalysis], dict[str, SourceFile]]:
        """Analyse all files at once; write each as soon as its analysis and the files it imports are there."""
        tasks = {task.path: task for task in plan.logic_design.tasks}
        files = dependency_graph(tasks.values())
        order = writing_order(files)
        before = {path: nx.ancestors(files, path) for path in order}
        needed = {path: [other for other in order if other in before[path]] for path in order}

        jobs: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
        jobs.add_nodes_from(("analyse", path) for path in order)
        if stop_after == "coding":
            jobs.add_edges_from((("analyse", path), ("write", path)) for path in order)
            jobs.add_edges_from((("write", first), ("write", then)) for first, then in files.edges)

        def work(job: tuple[str, str], done: Mapping[tuple[str, str], Any]) -> FileAnalysis | SourceFile:
            step, path = job
            task: FileTask = tasks[path]
            if step == "analyse":
                return self.analyst(paper=paper, plan=plan, file=task).file_analysis
            code = {other: done["write", other].content for other in needed[path]}
            return self.coder(
                paper=paper, plan=plan, file=task, file_analysis=done["analyse", path], code=code
            ).source_file

        done = run_jobs(jobs, work, self.concurrency)
        analyses = {path: done["analyse", path] for path in order}
        sources = {path: done["write", path] for path in order if ("write", path) in done}
        return analyses, sources


def writing_order(files: "nx.DiGraph[str]") -> list[str]:
    """Return the files, each after those that it depends on: by depth, then as planned.

    The order does not depend on which answer comes first, so that prompts are the same in every run.
    """
    planned = {path: i for i, path in enumerate(files)}
    return [path for wave in nx.topological_generations(files) for path in sorted(wave, key=planned.__getitem__)]
