"""What is executed: a repository, and what is known of it from the run that wrote it."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import ValidationError

from data.errors import FolderError
from data.paper import Paper
from data.read import read_paper
from data.samples import find_sample
from experiments.state import RunState, find_home
from program.execution.command import Commands, find_commands
from program.repository import Listing, Repository
from signatures.planning import ArchitectureDesign, LogicDesign


class Planned(NamedTuple):
    """What a plan says of its execution."""

    quick: str | None
    full: tuple[str, ...]
    class_diagram: str | None


@dataclass
class Subject:
    """A repository that is executed."""

    repository: Path
    listing: Listing
    paper: Paper | None
    commands: Commands | None
    class_diagram: str | None = None
    home: Path | None = None
    """The folder of the run that wrote it."""
    run: RunState | None = None
    stand_ins: tuple[str, ...] = ()
    """Files in it that hold made-up data."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.run.title if self.run else self.repository.absolute().name


def find_subject(repository: Path, paper: str | None = None, command: str | None = None) -> Subject:
    """Find out what is known of a repository.

    Args:
        repository: Any folder with code, or that of a run.
        paper: As `papercoder run` takes it; by default that of the run which wrote the repository.
        command: What runs it; by default as its plan says, or else its entry point.

    Raises:
        PaperCoderError: There is no such repository, or its paper cannot be read.
    """
    home = find_home(repository)
    if repository == home:
        repository = repository / "repository"
    listing = Repository(repository).read()
    source = (find_sample(paper) or paper) if paper else str(home / "paper.md") if home else None
    subject = Subject(
        repository=repository,
        listing=listing,
        paper=read_paper(source) if source else None,
        commands=find_commands(listing),
        home=home,
        run=RunState.load(home) if home else None,
    )
    if command is not None:
        subject.commands = Commands(None, (command,))
    if home:
        plan = read_plan(home / "planning")
        subject.class_diagram = plan.class_diagram
        if plan.quick and command is None:
            subject.commands = Commands(plan.quick, plan.full or (subject.commands.full if subject.commands else ()))
    return subject


def read_plan(folder: Path) -> Planned:
    """Take the commands and the class diagram from the plan of a run, as far as there is one.

    Raises:
        FolderError: It cannot be used.
    """
    logic, architecture = folder / "logic_design.yaml", folder / "architecture_design.yaml"
    quick: str | None = None
    full: tuple[str, ...] = ()
    diagram: str | None = None
    try:
        if logic.is_file():
            design = LogicDesign.from_yaml(logic.read_text(encoding="utf-8"))
            quick, full = design.quick_command, tuple(dict.fromkeys(command.command for command in design.commands))
        if architecture.is_file():
            diagram = ArchitectureDesign.from_yaml(architecture.read_text(encoding="utf-8")).class_diagram
    except (OSError, yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise FolderError(f"a plan in {folder} cannot be used: {reason}; mend it, or name a --command") from None
    return Planned(quick, full, diagram)
