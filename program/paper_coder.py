"""The whole program: paper in, repository out (Section 3.2)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import dspy
import networkx as nx

from data.paper import Paper
from program.analyst import Analyst
from program.checks import dependency_graph
from program.coder import Coder, RepositoryCoder
from program.planner import PARTS, Part, Planner
from program.readme import write_readme
from program.schedule import run_jobs
from signatures.analysis import FileAnalysis
from signatures.coding import SourceFile
from signatures.planning import FileTask

Stage = Literal["planning", "analysis", "coding"]

DEFAULT_CONCURRENCY = 64


class PaperCoder(dspy.Module):
    """M(R) = C: plan, then analyse and write every file, in parallel where the plan allows."""

    def __init__(self, concurrency: int = DEFAULT_CONCURRENCY, parts: Sequence[Part] = PARTS) -> None:
        """Make the program, or an ablation of it (Table 6).

        Args:
            concurrency: How many calls may be under way at once.
            parts: What is made before code is written: the first few of `PARTS`, for each builds on those before it.
                With no architecture design, the repository is written in one answer; with no logic design, its files
                one after the other as planned, each with all earlier ones at hand.
        """
        super().__init__()
        if tuple(parts) != PARTS[: len(parts)]:
            raise ValueError(f"parts must be the first few of {PARTS}, not {tuple(parts)}")
        self.parts, self.concurrency = tuple(parts), concurrency
        self.planner = Planner(parts)
        if "analysis" in parts:
            self.analyst = Analyst()
        self.coder = Coder(parts) if "architecture_design" in parts else RepositoryCoder(parts)

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
        if "architecture_design" not in self.parts:
            whole = stop_after == "coding"
            files = self.coder(paper=paper.markdown, plan=plan).source_files.by_path() if whole else {}
            return dspy.Prediction(plan=plan, analyses={}, sources={}, repository=files)
        analyses, sources = self._write_files(paper.markdown, plan, stop_after)
        repository: dict[str, str] = {}
        if stop_after == "coding":
            repository = {path: source.content for path, source in sources.items()}
            repository |= self._complete(paper, plan, analyses, sources)
        return dspy.Prediction(plan=plan, analyses=analyses, sources=sources, repository=repository)

    def _complete(
        self,
        paper: Paper,
        plan: dspy.Prediction,
        analyses: Mapping[str, FileAnalysis],
        sources: Mapping[str, SourceFile],
    ) -> dict[str, str]:
        """Return the files that follow from the plan, as far as there is one."""
        files = {}
        if "configuration" in self.parts:
            files["config.yaml"] = plan.configuration.content.rstrip("\n") + "\n"
            files["README.md"] = write_readme(paper, plan, analyses, sources)
        if "logic_design" in self.parts:
            files["requirements.txt"] = "\n".join(plan.logic_design.packages) + "\n"
        return files

    def _write_files(
        self, paper: str, plan: dspy.Prediction, stop_after: Stage
    ) -> tuple[dict[str, FileAnalysis], dict[str, SourceFile]]:
        """Analyse all files at once; write each as soon as its analysis and the files it imports are there."""
        tasks, files = self._arrange(plan)
        order = writing_order(files)
        before = {path: nx.ancestors(files, path) for path in order}
        needed = {path: [other for other in order if other in before[path]] for path in order}

        jobs: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
        if "analysis" in self.parts:
            jobs.add_nodes_from(("analyse", path) for path in order)
        if stop_after == "coding":
            jobs.add_nodes_from(("write", path) for path in order)
            jobs.add_edges_from((("write", first), ("write", then)) for first, then in files.edges)
            if "analysis" in self.parts:
                jobs.add_edges_from((("analyse", path), ("write", path)) for path in order)

        def work(job: tuple[str, str], done: Mapping[tuple[str, str], Any]) -> FileAnalysis | SourceFile:
            step, path = job
            task = tasks[path]
            if step == "analyse":
                return self.analyst(paper=paper, plan=plan, file=task).file_analysis
            code = {other: done["write", other].content for other in needed[path]}
            return self.coder(
                paper=paper, plan=plan, file=task, file_analysis=done.get(("analyse", path)), code=code
            ).source_file

        done = run_jobs(jobs, work, self.concurrency)
        analyses = {path: done["analyse", path] for path in order if ("analyse", path) in done}
        sources = {path: done["write", path] for path in order if ("write", path) in done}
        return analyses, sources

    def _arrange(self, plan: dspy.Prediction) -> tuple[dict[str, FileTask], "nx.DiGraph[str]"]:
        """Return the task of each file, and which files each depends on: without a logic design, all before it."""
        if "logic_design" in self.parts:
            tasks = {task.path: task for task in plan.logic_design.tasks}
            return tasks, dependency_graph(tasks.values())
        planned = plan.architecture_design.files
        tasks = {
            file.path: FileTask(path=file.path, role=file.purpose, depends_on=[], components=[], assumptions=[])
            for file in planned
        }
        chain: nx.DiGraph[str] = nx.DiGraph()
        nx.add_path(chain, [file.path for file in planned])
        return tasks, chain


def writing_order(files: "nx.DiGraph[str]") -> list[str]:
    """Return the files, each after those that it depends on: by depth, then as planned.

    The order does not depend on which answer comes first, so that prompts are the same in every run.
    """
    planned = {path: i for i, path in enumerate(files)}
    return [path for wave in nx.topological_generations(files) for path in sorted(wave, key=planned.__getitem__)]
