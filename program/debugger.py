"""The debugger: localizes the fault behind a failed run, edits the repository and runs it again (Section 6.2)."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

import dspy
from pydantic import BaseModel, ConfigDict

from program.ask import Ask
from program.edits import REQUIREMENTS, apply_repair, check_repair, difference
from program.execution.report import Execution, Failure
from program.exhibit import make_exhibit, tokens_of
from program.judge import DEFAULT_ROOM
from program.repository import Listing
from signatures.debugging import Fault, LocalizeFault, MendFaults, Repair, RepairFault

End = Literal["it runs", "the same error again", "no rounds are left", "it cannot be run"]

_KEPT = 4_000
"""Characters of what a run printed that are shown, from its end."""

_ELSEWHERE = re.compile(r'(?<=File ")/[^"\n]*?/lib/python3[.]\d+/(?P<packages>(?:site|dist)-packages/)?')
"""Where tracebacks leave the repository: the place on this machine says nothing."""


class Round(BaseModel):
    """One repair, and the failure that led to it."""

    model_config = ConfigDict(frozen=True)

    failure: Failure | None
    """None where nothing is known but that it did not run."""
    fault: Fault
    repair: Repair
    diff: str


class Debugger(dspy.Module):
    """Repairs a repository until its command runs."""

    def __init__(self, room: int = DEFAULT_ROOM) -> None:
        """Make a debugger.

        Args:
            room: How many tokens of paper and repository a prompt may hold; of a larger repository the files in the
                traceback come first.
        """
        super().__init__()
        self.room = room
        self.localize = Ask(LocalizeFault, role="debugger")
        self.repair = Ask(RepairFault, role="debugger")

    def forward(
        self,
        paper: str,
        files: Mapping[str, str],
        run: Callable[[Mapping[str, str]], Execution],
        rounds: int,
        others: Collection[str] = (),
        watch: Callable[[int, Round], None] = lambda number, record: None,
    ) -> dspy.Prediction:
        """Run a repository, and repair and run it again until it runs, nothing changes or no rounds are left.

        Args:
            paper: The canonical text of the paper.
            files: The text files of the repository, by path.
            run: Runs the repository with these files.
            rounds: How many repairs are tried at most.
            others: Paths of its other files, which cannot be edited.
            watch: Told of each repair, by its number from 1, before it is run.

        Returns:
            `files` as they are then, `rounds` (a list of `Round`), `execution` (the last one) and `end` (an `End`).
        """
        files, done = dict(files), list[Round]()
        execution = run(files)
        while True:
            if end := _end(execution, done, rounds):
                return dspy.Prediction(files=files, rounds=done, execution=execution, end=end)
            shown, failure = self._shown(paper, files, execution)
            asked = {"paper": paper, "repository": shown, "earlier_repairs": _history(done), "failure": failure}
            fault = self.localize(**asked, subject=f"round {len(done) + 1}").fault
            before = files
            repair = self.repair(
                **asked,
                fault=fault,
                subject=f"round {len(done) + 1}",
                check=lambda repair, before=before: check_repair(before, repair, others),
            ).repair
            files = apply_repair(files, repair)
            diff = difference(before, files)
            done.append(Round(failure=execution.failure, fault=fault, repair=repair, diff=diff))
            watch(len(done), done[-1])
            execution = run(files)

    def _shown(self, paper: str, files: Mapping[str, str], execution: Execution) -> tuple[dict[str, str], str]:
        """Return the files that there is room for, and what is said of the failure."""
        failed = execution.failure
        first = [failed.frame.file] if failed and failed.frame else []
        named = [path for path in files if path in execution.stderr]
        shown, left = choose_files(files, [*first, *named, REQUIREMENTS, "config.yaml"], self.room - tokens_of(paper))
        return shown, describe_failure(execution) + (f"\n\nFiles not shown: {', '.join(left)}" if left else "")


class Mender(dspy.Module):
    """Lets the coder mend what checks have found, before anything is run."""

    def __init__(self, room: int = DEFAULT_ROOM) -> None:
        super().__init__()
        self.room = room
        self.mend = Ask(MendFaults, role="coder")

    def forward(self, paper: str, files: Mapping[str, str], faults: Sequence[str]) -> dspy.Prediction:
        """Mend faults once.

        Args:
            paper: The canonical text of the paper.
            files: The text files of the repository, by path.
            faults: What checks have found, a line each, beginning with the file.

        Returns:
            `repair`, and `files` after it.
        """
        named = [fault.partition(":")[0] for fault in faults]
        shown, _ = choose_files(files, named, self.room - tokens_of(paper))
        repair = self.mend(
            paper=paper, repository=shown, faults=list(faults), check=lambda repair: check_repair(files, repair)
        ).repair
        return dspy.Prediction(repair=repair, files=apply_repair(files, repair))


def choose_files(files: Mapping[str, str], first: Sequence[str], room: int) -> tuple[dict[str, str], list[str]]:
    """Choose the files that a prompt has room for: the named ones first, then the smallest.

    Returns:
        The files in their order, and the paths of programs and settings that are left out.
    """
    readable = make_exhibit(Listing(files=dict(files))).texts
    order = [path for path in dict.fromkeys(first) if path in readable]
    order += sorted((path for path in readable if path not in order), key=lambda path: len(readable[path]))
    chosen = set()
    for path in order:
        if tokens_of(files[path]) <= room:
            room -= tokens_of(files[path])
            chosen.add(path)
    shown = {path: text for path, text in files.items() if path in chosen}
    return shown, [path for path in readable if path not in chosen]


def name_failure(failure: Failure | None) -> str:
    """Return a failure as a line: its kind, its error and its place."""
    if failure is None:
        return "it did not run"
    frame = failure.frame
    return f"{failure.kind}: {failure.error}" + (f" in {frame.file}, {frame.function}" if frame else "")


def is_same(one: Failure | None, other: Failure | None) -> bool:
    """Say whether a failure is one that was there before: the same error, on the same line or in the same words."""
    if one is None or other is None or (one.kind, one.error) != (other.kind, other.error):
        return one is other
    if one.frame is None or other.frame is None:
        return one.frame is other.frame
    same = (one.frame.file, one.frame.function) == (other.frame.file, other.frame.function)
    return same and (one.frame.line == other.frame.line or one.frame.text == other.frame.text)


def describe_failure(execution: Execution) -> str:
    """Return what a model is told of a failed run."""
    failure = execution.failure
    lines = [f"Command: {execution.command}", f"Status: {execution.status}, exit code {execution.exit_code}"]
    if failure:
        lines += [f"Kind of failure: {failure.kind}", f"Error: {failure.error}"]
        if failure.frame:
            lines.append(f"Place: {failure.frame.file}, line {failure.frame.line}, in {failure.frame.function}")
        if failure.package:
            lines.append(f"Not installed: {failure.package}")
    lines += [f"Packages: {finding}" for finding in execution.findings]
    for name, text in (("standard error", execution.stderr), ("standard output", execution.stdout)):
        if text.strip():
            lines += ["", f"The end of {name}:", _ELSEWHERE.sub(_shortened, text.strip())[-_KEPT:]]
    return "\n".join(lines)


def _shortened(found: re.Match[str]) -> str:
    return "<packages>/" if found["packages"] else "<python>/"


def _end(execution: Execution, done: Sequence[Round], rounds: int) -> End | None:
    if execution.status == "ran":
        return "it runs"
    if execution.status == "refused":
        return "it cannot be run"
    if done and is_same(done[-1].failure, execution.failure):
        return "the same error again"
    return "no rounds are left" if len(done) >= rounds else None


def _history(done: Sequence[Round]) -> list[str]:
    return [
        f"Repair {number}, after the failure {name_failure(each.failure)!r}: {each.repair.explanation}\n{each.diff}"
        for number, each in enumerate(done, start=1)
    ]
