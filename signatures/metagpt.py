"""MetaGPT (Section 4.2, reference [15]): the documents that its roles hand on, and how each is asked for.

Written after the description of that system, in words of our own. The paper to reproduce is the user's requirement.
"""

from typing import Annotated, Literal

import dspy
from pydantic import AfterValidator, Field, field_validator

from signatures.artifact import Artifact, Filled, Item, Text, Texts, each
from signatures.bundle import FileBundle
from signatures.coding import SourceFile
from signatures.paths import SafePath, collisions, safe_path


class PooledRequirement(Item):
    """An entry of the requirement pool."""

    priority: Literal["P0", "P1", "P2"] = Field(description="P0 must have, P1 should have, P2 nice to have")
    requirement: Filled


class ProductRequirements(Artifact):
    """The product manager's document."""

    product_goals: Texts = Field(min_length=1, description="Up to three clear goals, none repeating another.")
    user_stories: Texts = Field(
        min_length=1, description="Three to five, each: as a <who> I want <what> so that <why>."
    )
    alternatives: Texts = Field(
        description="Existing methods or software for the same task, each with its strong and its weak side, those "
        "that the paper compares itself with first; [] if there is none."
    )
    analysis: Filled = Field(description="What the requirements come to: what is essential, what is hard.")
    requirement_pool: list[PooledRequirement] = Field(
        min_length=1,
        description="Everything that the software must do, P0 first, with the paper's values and formulas.",
    )
    usage: Filled = Field(description="How a user calls the software and what it prints and writes.")
    unclear: Text = Field(description="What remains open, or `Nothing.`")

    @field_validator("requirement_pool")
    @classmethod
    def _has_a_must(cls, pool: list[PooledRequirement]) -> list[PooledRequirement]:
        if all(entry.priority != "P0" for entry in pool):
            raise ValueError("none of the requirements is a P0")
        return pool


class SystemDesign(Artifact):
    """The architect's document."""

    implementation_approach: Filled = Field(
        description="The difficult points and how they are met; the open-source libraries and framework."
    )
    file_list: Annotated[list[str], each(safe_path)] = Field(
        min_length=1,
        description="Paths of all files to write, main.py among them. No tests: these are written later; no "
        "requirements.txt: it is made from the task list.",
    )
    data_structures: Filled = Field(
        description="Mermaid classDiagram: classes with attributes and methods, functions, all with types, and "
        "their relationships."
    )
    call_flow: Filled = Field(
        description="Mermaid sequenceDiagram: who calls what from main.py to the results, by the class diagram's names."
    )
    unclear: Text = Field(description="What remains open, or `Nothing.`")

    @field_validator("file_list")
    @classmethod
    def _fit_together(cls, paths: list[str]) -> list[str]:
        if problems := collisions(paths):
            raise ValueError("; ".join(problems))
        if "main.py" not in paths:
            raise ValueError(f"'main.py' is not among {paths}")
        return paths


class FileAssignment(Item):
    """One task of the engineer."""

    path: SafePath
    work: Filled = Field(description="the classes, methods and functions to write, and what they use of other files")


class TaskList(Artifact):
    """The project manager's document."""

    packages: Texts = Field(description="Third-party Python packages as lines of requirements.txt; [] if none.")
    tasks: list[FileAssignment] = Field(
        min_length=1, description="One entry for each file of the design, a file after those that it uses."
    )
    shared_knowledge: Text = Field(description="What several files rely on: settings, constants, shapes, conventions.")
    unclear: Text = Field(description="What remains open, or `Nothing.`")


def _normalised(text: str) -> str:
    return SourceFile(content=text, assumptions=[]).content


class WrittenFile(Artifact):
    """One file of the engineer's."""

    content: Annotated[Text, AfterValidator(_normalised)] = Field(
        description="The whole file, from its first to its last line, and nothing else."
    )


class WriteRequirements(dspy.Signature):
    """As the product manager, write the product requirements document for software that reproduces this paper.

    The paper is the user's whole requirement: its method, its experiments, its metrics. Say what is to be built and
    for whom, and leave to the architect how.
    """

    paper: str = dspy.InputField()
    product_requirements: ProductRequirements = dspy.OutputField()


class DesignSystem(dspy.Signature):
    """As the architect, design the system that meets the product requirements, in Python.

    Make it concise, usable and complete, out of good open-source libraries. Keep the number of files small and every
    interface explicit: the engineer writes to it.
    """

    paper: str = dspy.InputField()
    product_requirements: ProductRequirements = dspy.InputField()
    system_design: SystemDesign = dspy.OutputField()


class ListTasks(dspy.Signature):
    """As the project manager, break the system design down into one task for each file, in the order of writing.

    Every file of the design gets one task. A file stands after all those that it imports, so that the engineer always
    has at hand what the next file builds on.
    """

    paper: str = dspy.InputField()
    product_requirements: ProductRequirements = dspy.InputField()
    system_design: SystemDesign = dspy.InputField()
    task_list: TaskList = dspy.OutputField()


class WriteNextFile(dspy.Signature):
    """As the engineer, write the one file that is named below, complete and ready to run.

    Keep to the data structures and interfaces of the design, do what the task list says of this file, and use the
    files written so far as they are. Write clean, typed, modular code with explicit defaults. Check before you use
    something that it exists and is imported. Leave nothing open: no TODO, no empty function.
    """

    paper: str = dspy.InputField()
    code: dict[str, str] = dspy.InputField(desc="The files written so far.")
    system_design: SystemDesign = dspy.InputField()
    task_list: TaskList = dspy.InputField()
    path: str = dspy.InputField(desc="The file to write.")
    written_file: WrittenFile = dspy.OutputField()


class WriteTests(dspy.Signature):
    """As the quality assurance engineer, write tests for the engineer's code, for pytest.

    Put them into files tests/test_<what>.py. Test every class and function that matters against the requirements and
    the paper: ordinary cases and edge cases, with values worked out independently, on tiny inputs. Use the code's names
    and signatures as they are. Write no other files than tests and what they need beneath tests/.
    """

    paper: str = dspy.InputField()
    code: dict[str, str] = dspy.InputField()
    product_requirements: ProductRequirements = dspy.InputField()
    written_tests: FileBundle = dspy.OutputField()


class RepairCode(dspy.Signature):
    """As the engineer, repair what checks have found in the repository, the tests included.

    Mend every finding at its cause, and break nothing else. Give each file that you change or add, whole; files that
    you leave out stay as they are.
    """

    paper: str = dspy.InputField()
    code: dict[str, str] = dspy.InputField()
    system_design: SystemDesign = dspy.InputField()
    task_list: TaskList = dspy.InputField()
    check_findings: list[str] = dspy.InputField(desc="What checks found that read the code without running it.")
    repaired_files: FileBundle = dspy.OutputField()
