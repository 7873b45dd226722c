"""The analysis stage: one analysis per file (Section 3.2.2, Figure 9)."""

import dspy
from pydantic import Field

from signatures.artifact import Artifact, Filled
from signatures.ledger import Assumption
from signatures.planning import ArchitectureDesign, Configuration, FileTask, LogicDesign, OverallPlan


class FileAnalysis(Artifact):
    """The logic analysis of one file (a_i in Section 3.2.2)."""

    analysis: Filled = Field(
        description="The analysis as Markdown: inputs and outputs with types and shapes, the steps of every "
        "function with "
        "the paper's formulas, the keys of config.yaml that are read, the members of other files that are used, "
        "numerical and algorithmic pitfalls."
    )
    assumptions: list[Assumption] = Field(
        description="What the paper leaves open or contradicts in this file and no earlier stage has listed, with this "
        "file and function as the place in the code. [] if there is none."
    )


class AnalyseFile(dspy.Signature):
    """Analyse the logic of the one file named below, so that its code can be written from your analysis. Write no code
    yet.

    Follow the paper exactly: its method, data, model, hyperparameters, experimental setup and evaluation. Be clear and
    structured. Whoever writes the file has the paper, the plan and the configuration before them: repeat nothing of
    those, settle what they leave to be worked out.

    Keep to the design: change nothing in the class diagram, and use no public member that does not stand there. Take
    every setting from config.yaml by its key; invent no value. Where the paper is silent or says two things, name it as
    an assumption.
    """

    paper: str = dspy.InputField()
    overall_plan: OverallPlan = dspy.InputField()
    architecture_design: ArchitectureDesign = dspy.InputField()
    logic_design: LogicDesign = dspy.InputField()
    configuration: Configuration = dspy.InputField()
    file: FileTask = dspy.InputField(desc="The file to analyse.")
    file_analysis: FileAnalysis = dspy.OutputField()
