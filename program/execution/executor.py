"""The execution of a repository: checks, packages, the quick mode first, then the rest where it is allowed."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from program.execution.command import Commands
from program.execution.data import find_missing_data
from program.execution.report import Execution, Report
from program.execution.reproduction import TOLERANCE, Comparison, compare_results, uncompared_tables
from program.execution.requirements import requirements_of
from program.execution.run import execute
from program.execution.static import find_static_faults
from program.repository import Listing, Repository
from program.sandbox.bubblewrap import WORK
from program.sandbox.choose import Sandbox
from program.sandbox.copying import copy_in
from program.sandbox.dependencies import Dependencies, Source, environment_of, prepare
from program.sandbox.limits import Limits

PRODUCED = "produced"
"""Folder for what runs wrote, in that of an execution."""


@dataclass
class Executor:
    """Executes repositories, all in the same way."""

    sandbox: Sandbox
    cache: Path
    """Folder of the virtual environments."""
    limits: Limits = field(default_factory=Limits)
    """Of each command."""
    source: Source = field(default_factory=Source)
    """Where packages come from."""
    tolerance: float = TOLERANCE
    """Relative, for stated results without a deviation."""
    tell: Callable[[str], None] = lambda line: None
    """Told what is under way."""
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(os.cpu_count() or 1))
    """Held by each command that runs: more at once than there are processors would slow each other down."""

    def execute(
        self,
        repository: Path,
        out: Path,
        commands: Commands | None,
        full: bool = False,
        paper: str | None = None,
        class_diagram: str | None = None,
        stand_ins: Sequence[str] = (),
    ) -> Report:
        """Execute a repository, on copies of it.

        Args:
            repository: What is run; it stays as it is.
            out: Folder for what the commands write: `produced/<number>`.
            commands: What to run; None if there is no entry point.
            full: Whether all experiments run after the quick mode; they do if there is none.
            paper: Its canonical text, to hold results against.
            class_diagram: The planned interface.
            stand_ins: Files in the repository that hold made-up data.

        Raises:
            FolderError: There is no such repository, or no room for a copy.
            SandboxError: The sandbox, uv or a checking tool does not work.
        """
        listing = Repository(repository).read()
        self.tell("reading the repository")
        missing = find_missing_data(listing.files, listing.left_out)
        for name in missing:
            self.tell(f"missing data: {name}")
        report = Report(
            status="refused",
            backend=self.sandbox.name,
            faults=tuple(find_static_faults(listing.files, class_diagram)),
            missing_data=tuple(missing),
            stand_ins=tuple(stand_ins),
        )
        if commands is None:
            reason = "it has no entry point (main.py, app.py, run.py, train.py, run.sh); name a command with --command"
            return report.model_copy(update={"reason": reason})
        found = self.prepare(listing)
        runs = self._run_all(repository, out, commands, full, found)
        quick = commands.quick is not None and len(runs) == 1
        counted = range(0 if quick or commands.quick is None else 1, len(runs))  # of the quick mode only if it is alone
        comparisons = self._compare(paper, out, runs, counted)
        return report.model_copy(
            update={
                "status": runs[-1].status,
                "reason": "the command is none" if runs[-1].status == "refused" else "",
                "installed": tuple(found.installed),
                "runs": tuple(runs),
                "quick": quick,
                "comparisons": tuple(comparisons),
                "not_compared": tuple(uncompared_tables(paper, comparisons) if paper else ()),
            }
        )

    def prepare(self, listing: Listing) -> Dependencies:
        """Make the virtual environment of a repository, or find it in the cache."""
        self.tell("installing its packages")
        return prepare(requirements_of(listing), self.cache, self.source)

    def run(self, repository: Path, command: str, out: Path, found: Dependencies) -> Execution:
        """Run one command on a copy of a repository."""
        self.tell(f"running {command}, {self.limits.wall_seconds:g} s at most")
        folders = [found.folder] if found.folder else []
        environment = dict(environment_of(found))
        if (repository / "src").is_dir():  # as if the repository were installed
            environment["PYTHONPATH"] = f"{WORK}/src"
        with self.slots:
            done = execute(self.sandbox, repository, command, self.limits, out, folders, environment)
        return done.model_copy(update={"findings": tuple(found.findings)})

    def _run_all(
        self, repository: Path, out: Path, commands: Commands, full: bool, found: Dependencies
    ) -> list[Execution]:
        """Run the quick mode, then the rest if that has run; stop at the first failure."""
        runs: list[Execution] = []
        if commands.quick:
            runs.append(self.run(repository, commands.quick, out / PRODUCED / "1", found))
        if runs and (runs[0].status != "ran" or not full):
            return runs
        with tempfile.TemporaryDirectory(prefix="papercoder-") as name:
            work = repository
            for command in commands.full:
                place = out / PRODUCED / str(len(runs) + 1)
                runs.append(self.run(work, command, place, found))
                if runs[-1].status != "ran" or command == commands.full[-1]:
                    break
                if work == repository:
                    work = Path(name)
                    copy_in(repository, work)
                for path in runs[-1].produced:  # the next command finds what this one has written
                    (work / path).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(place / path, work / path)
        return runs

    def _compare(
        self, paper: str | None, out: Path, runs: Sequence[Execution], counted: Sequence[int]
    ) -> list[Comparison]:
        if paper is None:
            return []
        texts = {"standard output": "\n".join(runs[number].stdout for number in counted)}
        for number in counted:
            if runs[number].produced:
                texts |= Repository(out / PRODUCED / str(number + 1)).read().files
        return compare_results(paper, texts, self.tolerance)
