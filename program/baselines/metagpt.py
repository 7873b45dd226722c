"""MetaGPT: roles that hand on documents by a standard procedure (Section 4.2, reference [15]).

Product manager, architect, project manager, engineer, quality assurance engineer: each reads the paper and the
documents of those before it that its work rests on. Here the tests are not run: what deterministic checks find in
code and tests together goes back to the engineer, once.
"""

from typing import Any

import dspy

from data.paper import Paper
from program.ask import Ask, Check
from program.checks import check_source_file
from program.findings import check_revision, find_faults
from signatures.bundle import FileBundle
from signatures.coding import SourceFile
from signatures.metagpt import (
    DesignSystem,
    ListTasks,
    RepairCode,
    SystemDesign,
    TaskList,
    WriteNextFile,
    WriteRequirements,
    WriteTests,
    WrittenFile,
)
from signatures.planning import is_test


class MetaGPT(dspy.Module):
    """Paper in, repository out, by standard operating procedures."""

    def __init__(self) -> None:
        super().__init__()
        self.require = Ask(WriteRequirements, role="planner")
        self.design = Ask(DesignSystem, role="planner")
        self.schedule = Ask(ListTasks, role="planner")
        self.write = Ask(WriteNextFile, role="coder")
        self.test = Ask(WriteTests, role="coder")
        self.repair = Ask(RepairCode, role="coder")

    def forward(self, paper: Paper) -> dspy.Prediction:
        """Turn a paper into a repository.

        Args:
            paper: The user's requirement, entire.

        Returns:
            `repository`, every file's text by path.
        """
        text = paper.markdown
        requirements = self.require(paper=text).product_requirements
        design = self.design(paper=text, product_requirements=requirements).system_design
        tasks = self.schedule(
            paper=text,
            product_requirements=requirements,
            system_design=design,
            check=lambda tasks: check_task_list(tasks, design),
        ).task_list
        engineering = {"paper": text, "system_design": design, "task_list": tasks}
        code = self._write(engineering, [task.path for task in tasks.tasks])
        tests = self.test(
            paper=text,
            code=code,
            product_requirements=requirements,
            check=lambda tests: check_tests(tests, code),
        ).written_tests
        listed = {"requirements.txt": "\n".join(tasks.packages) + "\n"} if tasks.packages else {}
        return dspy.Prediction(repository=listed | self._repair(engineering, code | tests.by_path()))

    def _write(self, engineering: dict[str, Any], paths: list[str]) -> dict[str, str]:
        """Write the files in this order, each with all earlier ones at hand."""
        code: dict[str, str] = {}
        for path in paths:
            written = self.write(**engineering, code=code, path=path, subject=path, check=_is_whole(path)).written_file
            code = {**code, path: written.content}
        return code

    def _repair(self, engineering: dict[str, Any], code: dict[str, str]) -> dict[str, str]:
        findings = find_faults(code)
        if not findings:
            return code
        repaired = self.repair(
            **engineering,
            code=code,
            check_findings=findings,
            check=lambda files: check_revision(code, files),
        ).repaired_files
        return code | repaired.by_path()


def _is_whole(path: str) -> Check:
    def check(written: WrittenFile) -> list[str]:
        return check_source_file(path, SourceFile(content=written.content, assumptions=[]))

    return check


def check_task_list(tasks: TaskList, design: SystemDesign) -> list[str]:
    """Every file of the design has one task, and there are no others."""
    paths = [task.path for task in tasks.tasks]
    problems = [f"tasks: the file {path!r} of the design has no task" for path in design.file_list if path not in paths]
    problems += [f"tasks: {path!r} is not in the design's file list" for path in paths if path not in design.file_list]
    problems += [f"tasks: {path!r} has {n} tasks" for path in design.file_list if (n := paths.count(path)) > 1]
    return problems


def check_tests(tests: FileBundle, code: dict[str, str]) -> list[str]:
    """Only files beneath tests/ are written, tests among them, none of the engineer's, and all fit the repository."""
    paths = list(tests.by_path())
    problems = [f"{path}: not beneath tests/" for path in paths if not path.startswith("tests/")]
    problems += [f"{path}: is the engineer's file already" for path in paths if path in code]
    if not any(is_test(path) for path in paths):
        problems.append("files: none of them is a test, tests/test_<what>.py")
    return problems or check_revision(code, tests)
