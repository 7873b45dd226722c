"""The coding stage: one file each (Section 3.2.3, Figure 10)."""

from typing import Annotated

import dspy
from pydantic import AfterValidator, Field

from signatures.analysis import FileAnalysis
from signatures.artifact import Artifact, Text
from signatures.bundle import FileBundle
from signatures.ledger import Assumption
from signatures.planning import ArchitectureDesign, Configuration, FileTask, LogicDesign, OverallPlan
from signatures.sections import without_fence


def _ends_with_a_newline(text: str) -> str:
    text = without_fence(text).strip("\n")
    return text + "\n" if text.strip() else ""


class SourceFile(Artifact):
    """One file of the repository (c_i in Section 3.2.3)."""

    content: Annotated[Text, AfterValidator(_ends_with_a_newline)] = Field(
        description="The whole file, from its first to its last line, and nothing else."
    )
    assumptions: list[Assumption] = Field(
        description="The choices that you made in this file, that the paper does not settle and that no "
        "earlier stage has "
        "listed, with the function as the place in the code. [] if there is none."
    )


class WriteFile(dspy.Signature):
    """Write the one file named below, and only this one, complete and ready to run.

    It reproduces its part of the paper: exactly the paper's method, experimental setup and metrics. Write
    elegant, modular, maintainable code in Google style, with type annotations throughout and a docstring that
    names the section or equation for everything that comes from the paper.

    Keep to the design: the classes, functions and signatures of the class diagram, none missing, none
    renamed. From other files use only what is in them: the code that this file depends on is given above in
    full. Import everything that you use. Avoid circular imports.

    Take every setting from config.yaml by the key that stands there; fabricate no value. Give every parameter
    of a function a sensible explicit default where it is a setting. Write out every detail: no TODO, no
    placeholder, nothing left to the reader.

    Follow the analysis of the file. Where you have to choose what neither the paper nor the plan settles,
    list the choice as an assumption.
    """

    paper: str = dspy.InputField()
    overall_plan: OverallPlan = dspy.InputField()
    architecture_design: ArchitectureDesign = dspy.InputField()
    logic_design: LogicDesign = dspy.InputField()
    configuration: Configuration = dspy.InputField()
    code: dict[str, str] = dspy.InputField(desc="The finished files that this one depends on, directly or not.")
    file: FileTask = dspy.InputField(desc="The file to write.")
    file_analysis: FileAnalysis = dspy.InputField(desc="The analysis of this file.")
    source_file: SourceFile = dspy.OutputField()


class WriteRepository(dspy.Signature):
    """Write the whole code repository that implements this paper: every file, complete and ready to run.

    It reproduces the paper: exactly its method, experimental setup and metrics, with an entry point main.py that runs
    the experiments, a config.yaml with the settings, requirements.txt and a README.md. Write elegant, modular,
    maintainable code in Google style, with type annotations. Import everything that you use; fabricate no value
    where the paper gives one. Write out every detail: no TODO, no placeholder, nothing left to the reader.
    """

    paper: str = dspy.InputField()
    overall_plan: OverallPlan = dspy.InputField()
    source_files: FileBundle = dspy.OutputField()
