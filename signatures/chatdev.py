"""ChatDev (Section 4.2, reference [36]): what the roles of its chat chain are asked and answer.

Written after the description of that system, in words of our own. The paper to reproduce is the customer's task.
"""

import dspy
from pydantic import Field

from signatures.artifact import Artifact, Filled, Item, Texts
from signatures.bundle import FileBundle
from signatures.paths import SafePath


class ProductDemand(Artifact):
    """What the chief executive wants built."""

    goal: Filled = Field(description="What the software is for and what it has to show, in a few sentences.")
    features: Texts = Field(min_length=1, description="What it must do, one thing each.")
    acceptance: Texts = Field(min_length=1, description="What will be looked at to accept it, one thing each.")


class TechnicalProposal(Artifact):
    """What the chief technology officer proposes to build."""

    modality: Filled = Field(description="The kind of software, e.g. a command-line program, and how it is used.")
    language: Filled = Field(description="Programming language and libraries, each with what it is needed for.")
    approach: Filled = Field(
        description="How it works: algorithms, data, experiments, the parts of the program and how they meet."
    )


class Appraisal(Artifact):
    """What the chief executive says to a proposal."""

    objections: Texts = Field(description="What the proposal misses or gets wrong, one thing each; [] to accept it.")


class Questions(Artifact):
    """What the programmer has to know first."""

    questions: Texts = Field(
        description="Questions on details without which the code would be guessed, the weightiest first, ten at "
        "most; [] if there is none."
    )


class Answer(Item):
    """What the chief technology officer says to a question."""

    question: Filled
    answer: Filled = Field(description="concrete: the value, formula, shape or rule, with its place in the paper")


class Answers(Artifact):
    """What the chief technology officer says to the programmer's questions."""

    answers: list[Answer] = Field(min_length=1, description="One entry for each question, in the same order.")


class Fault(Item):
    """Something to mend in a repository."""

    path: SafePath = Field(description="the file to change, or to add if it is missing")
    problem: Filled = Field(description="what is wrong or missing, and where in the file")
    remedy: Filled = Field(description="what has to be done instead")


class Faults(Artifact):
    """What a reviewer or a tester has found."""

    faults: list[Fault] = Field(description="What has to be mended, the gravest first; [] if nothing is left to mend.")


class DemandProduct(dspy.Signature):
    """As the chief executive of a software company, tell your chief technology officer what the customer needs.

    The customer hands over a paper and wants software that reproduces its method and experiments. Say what is wanted
    and how you will know that it is right; leave to others how it is built.
    """

    paper: str = dspy.InputField()
    product_demand: ProductDemand = dspy.OutputField()


class ProposeSoftware(dspy.Signature):
    """As the chief technology officer, answer the chief executive's demand with a proposal.

    Choose the kind of software, the language and the libraries, and explain the approach concretely enough that a
    programmer can follow it. Cover the whole demand and stay true to the paper. Keep it as simple as that allows.
    """

    paper: str = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.OutputField()


class AppraiseProposal(dspy.Signature):
    """As the chief executive, hold your technology officer's proposal against the demand and the paper.

    Object only to what would make the software miss the demand or depart from the paper. Do not repeat an objection
    that has been met.
    """

    paper: str = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.InputField()
    earlier_objections: list[str] = dspy.InputField(desc="Your objections to earlier versions.")
    appraisal: Appraisal = dspy.OutputField()


class ReviseProposal(dspy.Signature):
    """As the chief technology officer, meet the chief executive's objections with a new version of your proposal.

    Give it whole. Keep what was not objected to.
    """

    paper: str = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.InputField()
    earlier_objections: list[str] = dspy.InputField(desc="Those to earlier versions; they stay met.")
    objections: list[str] = dspy.InputField(desc="Those to this version.")
    revised_proposal: TechnicalProposal = dspy.OutputField()


class AskForDetails(dspy.Signature):
    """As the programmer who is to write this software, ask your chief technology officer what you still have to know.

    Ask only what matters for the code and what neither the proposal nor a plain reading of the paper answers.
    """

    paper: str = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.InputField()
    details_asked: Questions = dspy.OutputField()


class GiveDetails(dspy.Signature):
    """As the chief technology officer, answer your programmer's questions.

    Answer from the paper where it says something; otherwise decide, and say that it is your decision.
    """

    paper: str = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.InputField()
    questions: list[str] = dspy.InputField()
    details_given: Answers = dspy.OutputField()


class WriteSoftware(dspy.Signature):
    """As the programmer, write the software that was agreed on: every file, complete and ready to run.

    Decide on the files first: one for each part of the work, main.py as the entry point, requirements.txt, and a
    README.md that tells a user how to install and use it. Then write them, those that others import before these.
    Follow the paper exactly in method, experimental setup and metrics. Import everything that you use. Leave nothing
    open: no TODO, no empty function.
    """

    paper: str = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.InputField()
    details: list[Answer] = dspy.InputField(desc="The technology officer's answers to your questions.")
    written_repository: FileBundle = dspy.OutputField()


class ReviewCode(dspy.Signature):
    """As the code reviewer, read the programmer's code and report what has to be mended.

    Look for what is missing or left empty, for what departs from the paper or the demand, for names that are used but
    not defined or imported, for files that do not fit together, for wrong logic. Report no matter of taste, and no
    earlier fault that has been mended.
    """

    paper: str = dspy.InputField()
    code: dict[str, str] = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.InputField()
    earlier_faults: list[Fault] = dspy.InputField(desc="The faults that you reported in earlier rounds.")
    code_review: Faults = dspy.OutputField()


class ProbeCode(dspy.Signature):
    """As the tester, find out what would go wrong if the software were run, and report what has to be mended.

    You cannot run it. Start from the findings of the checks: report each of them, with its cause. Then follow the
    program in your mind from its entry point through every experiment, with concrete values: imports, arguments,
    shapes, types, files, settings, the numbers that come out. Report what fails or comes out wrong, and no earlier
    fault that has been mended.
    """

    paper: str = dspy.InputField()
    code: dict[str, str] = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    check_findings: list[str] = dspy.InputField(desc="What checks found that read the code without running it.")
    earlier_faults: list[Fault] = dspy.InputField(desc="The faults that you reported in earlier rounds.")
    test_report: Faults = dspy.OutputField()


class MendCode(dspy.Signature):
    """As the programmer, mend the faults that were found in your code.

    Mend every one of them, at its cause, and break nothing else. Give each file that you change or add, whole; files
    that you leave out stay as they are.
    """

    paper: str = dspy.InputField()
    code: dict[str, str] = dspy.InputField()
    product_demand: ProductDemand = dspy.InputField()
    technical_proposal: TechnicalProposal = dspy.InputField()
    found_by: str = dspy.InputField(desc="Who found the faults, and in which round.")
    faults: list[Fault] = dspy.InputField()
    mended_files: FileBundle = dspy.OutputField()
