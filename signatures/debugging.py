"""Repairing a repository: faults found by reading it or by running it, and edits that mend them (Section 6.2)."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

import dspy
from pydantic import AfterValidator, Field

from signatures.artifact import Artifact, Filled, Text, each
from signatures.packages import requirement_line
from signatures.sections import without_fence

_FILE = re.compile(r"={4,}[ \t]*(?P<path>[^=\s](?:[^\n]*[^=\s])?)[ \t]*={4,}[ \t]*")
_MARKS = ("<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE")

EDITS = """Each edit behind a line with the path of its file, in exactly this form:

==== src/model.py ====
<<<<<<< SEARCH
lines of the file as they stand there, to the last blank, enough of them to occur only once
=======
the lines that take their place
>>>>>>> REPLACE

Several blocks may follow one path. An empty SEARCH makes a new file. Leave the section empty if only requirements \
change."""
"""How a prompt asks for edits."""


@dataclass(frozen=True)
class Edit:
    """A text in a file, and what takes its place."""

    file: str
    search: str
    """Empty for a new file."""
    replace: str


def split_edits(text: str) -> list[Edit]:
    """Return the edits of an answer, in order.

    Raises:
        ValueError: Something is no edit, or a path leaves the repository.
    """
    edits, path, pieces = list[Edit](), "", list[list[str]]()
    for line in without_fence(text.replace("\r\n", "\n")).split("\n"):
        if pieces and line.rstrip() != _MARKS[len(pieces)]:
            pieces[-1].append(line + "\n")
        elif pieces:
            pieces.append([])
            if len(pieces) == len(_MARKS):
                edits.append(Edit(path, "".join(pieces[0]), "".join(pieces[1])))
                pieces = []
        elif line.rstrip() == _MARKS[0]:
            if not path:
                raise ValueError(
                    "a line with the path, such as `==== main.py ====`, stands before the blocks of a file"
                )
            pieces = [[]]
        elif found := _FILE.fullmatch(line):
            path = _inside(found["path"])
        elif line.strip() and not line.startswith("```"):
            raise ValueError(f"{line[:80]!r} belongs to no block of SEARCH and REPLACE")
    if pieces:
        raise ValueError(f"the last block of {path!r} has no line {_MARKS[len(pieces)]!r}")
    return edits


def _inside(path: str) -> str:
    """Return a path that does not leave its folder; whether it is a good name is asked where it is new."""
    parts = path.removeprefix("./").split("/")
    if path.startswith("/") or "\\" in path or {"..", ".git", ""} & {part.lower() for part in parts}:
        raise ValueError(f"{path!r} is not a path of the repository")
    return "/".join(parts)


def _are_edits(text: str) -> str:
    split_edits(text)
    return text


Lines = Annotated[list[str], each(requirement_line)]


class Fault(Artifact):
    """Where a failure comes from."""

    file: Filled = Field(description="The path of the file that has to change, requirements.txt among them.")
    place: Filled = Field(description="The function or the lines in it.")
    kind: Literal["code", "settings", "requirements", "data"] = Field(
        description="What is at fault: `code`, `settings` (config.yaml), `requirements` (a package is missing or has a "
        "version that does not fit), or `data` (a file that the repository expects and does not have)."
    )
    cause: Filled = Field(description="Why it fails, traced back to where it began, in two or three sentences.")


class Repair(Artifact):
    """Edits that mend a fault."""

    edits: Annotated[str, AfterValidator(_are_edits)] = Field(description=EDITS)
    add_requirements: Lines = Field(
        description="Lines of requirements.txt to add, or to put in place of the line of the same package. [] if none."
    )
    remove_requirements: Lines = Field(description="Names of packages whose lines in requirements.txt go. [] if none.")
    explanation: Text = Field(description="What was changed and why that mends the fault, in one or two sentences.")

    def parsed(self) -> list[Edit]:
        """Return the edits, in order."""
        return split_edits(self.edits)


class LocalizeFault(dspy.Signature):
    """Find out why this run of the repository failed, and which place in it has to change.

    Start from the error and its place in the code, and go back along calls, values, shapes and settings to where the
    fault began: that is often another function or file than the one in which the error showed. A package that is
    missing is a fault of the requirements; a setting that is read under another name than it has in config.yaml is one
    of whichever of the two departs from the rest of the code.

    If earlier repairs are listed, they did not make it run: say what they have overlooked.
    """

    paper: str = dspy.InputField()
    repository: dict[str, str] = dspy.InputField()
    earlier_repairs: list[str] = dspy.InputField(desc="What was changed already, and how the run failed then.")
    failure: str = dspy.InputField(desc="The run and how it failed.")
    fault: Fault = dspy.OutputField()


class RepairFault(dspy.Signature):
    """Mend the fault with the smallest edits that make the repository run as its paper wants it.

    Change as few lines as you can, at the cause and not where it shows. The method, the experiments, the settings that
    the paper gives and what is reported stay as they are: never make an error go away by catching it, by skipping or
    faking work, or by writing down a result. Look whether the same fault stands in other places, and mend it there too.

    Every SEARCH must be copied exactly from the repository above, with its indentation, and must occur there only once.
    """

    paper: str = dspy.InputField()
    repository: dict[str, str] = dspy.InputField()
    earlier_repairs: list[str] = dspy.InputField(desc="What was changed already, and how the run failed then.")
    failure: str = dspy.InputField(desc="The run and how it failed.")
    fault: Fault = dspy.InputField()
    repair: Repair = dspy.OutputField()


class MendFaults(dspy.Signature):
    """Mend the faults that checks have found in the repository, which has never been run.

    The checks read the code and do not run it, so some findings may be mistaken; leave what is right as it is. Change
    as few lines as you can, at the cause: a call of something that is planned and missing needs what is missing, a
    misspelt name its spelling. The method, the experiments and the settings of the paper stay as they are.

    Every SEARCH must be copied exactly from the repository above, with its indentation, and must occur there only once.
    """

    paper: str = dspy.InputField()
    repository: dict[str, str] = dspy.InputField()
    faults: list[str] = dspy.InputField()
    repair: Repair = dspy.OutputField()


class StandIns(Artifact):
    """Made-up data in place of missing files."""

    program: Annotated[Text, AfterValidator(without_fence)] = Field(
        description="The whole Python program that writes them, and nothing else."
    )


class MakeStandIns(dspy.Signature):
    """Write a Python program that makes small stand-ins for the data that this repository reads and does not have.

    The program writes each missing file at its path, relative to the working folder, in the format that the code reads,
    with few but enough records for a quick run of all of the code, random values from a fixed seed and plausible
    labels. It uses only the standard library and packages of requirements.txt, no network, and prints the path of every
    file that it has written. The stand-ins only show that the code runs: imitate no published data.
    """

    repository: dict[str, str] = dspy.InputField()
    missing: list[str] = dspy.InputField(desc="What is missing.")
    stand_ins: StandIns = dspy.OutputField()
