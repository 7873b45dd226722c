"""The planning stage: overall plan, architecture design, logic design, configuration (Section 3.2.1, Figures 5-8)."""

from typing import Annotated, Any

import dspy
import yaml
from pydantic import AfterValidator, Field, field_validator, model_validator

from signatures.artifact import Artifact, Filled, Item, Text, Texts, each
from signatures.ledger import Assumption, Component, Result
from signatures.packages import requirement_line
from signatures.paths import WRITTEN_BY_THE_PROGRAM, SafePath, collisions, safe_path
from signatures.sections import without_fence


class OverallPlan(Artifact):
    """The roadmap of the reproduction (o in Section 3.2.1)."""

    method: Filled = Field(
        description="The key details of the paper's methodology: every step, formula, algorithm and update rule "
        "that code must follow, in the paper's notation, with shapes and with the equation numbers."
    )
    experiments: Filled = Field(
        description="The experiments: data sets and how they are obtained or generated, preprocessing, settings, "
        "every hyperparameter with its value and place, number of runs and seeds, evaluation metrics, baselines."
    )
    strategy: Filled = Field(
        description="How to go about the implementation: what to build in which order, what to verify, what is risky."
    )
    components: list[Component] = Field(
        min_length=1,
        description="Everything that the repository has to implement, at least one item of each kind.",
    )
    results: list[Result] = Field(
        description="Every table and every figure with results that the repository is to reproduce; "
        "figures that only illustrate are left out. [] if the paper has none."
    )
    assumptions: list[Assumption] = Field(
        description="Every value or choice that an implementation needs and the paper does not give, or gives twice "
        "differently. [] if there is none."
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> "OverallPlan":
        for kind in ("components", "results", "assumptions"):
            if repeated := _repeated([item.name for item in getattr(self, kind)]):
                raise ValueError(f"{kind}: the name {repeated!r} is used twice; names must be unique")
        return self


class PlannedFile(Item):
    """A file of the repository."""

    path: SafePath = Field(description="relative path with forward slashes")
    purpose: Filled = Field(description="what is in it, in one or two sentences")


class ArchitectureDesign(Artifact):
    """The software architecture (d in Section 3.2.1)."""

    approach: Filled = Field(description="The chosen solution strategy and the open-source libraries it rests on.")
    files: list[PlannedFile] = Field(
        min_length=1,
        description="Every file to be written, the tests among them. Not config.yaml, requirements.txt and README.md: "
        "these are made from the plan.",
    )
    entry_point: SafePath = Field(description="The path of the file that runs the experiments, main.py or app.py.")
    class_diagram: Filled = Field(
        description="Mermaid, beginning with the line `classDiagram`: all classes with attributes, methods "
        "(`__init__` too) "
        "and functions, with PEP 8 names and type annotations, and the relationships between them. "
        "Detailed and complete: this is the interface that all files keep to."
    )
    sequence_diagram: Filled = Field(
        description="Mermaid, beginning with the line `sequenceDiagram`: the complete call flow from the entry "
        "point to "
        "the written results, using exactly the classes and methods of the class diagram."
    )
    unclear: Text = Field(description="What remains ambiguous, or `Nothing.`")

    @field_validator("files")
    @classmethod
    def _planned_by_a_stage(cls, files: list[PlannedFile]) -> list[PlannedFile]:
        written = {path.lower() for path in WRITTEN_BY_THE_PROGRAM}
        return [file for file in files if file.path.lower() not in written]

    @field_validator("class_diagram", "sequence_diagram")
    @classmethod
    def _is_mermaid(cls, text: str, info: Any) -> str:
        kind = {"class_diagram": "classDiagram", "sequence_diagram": "sequenceDiagram"}[info.field_name]
        text = without_fence(text).strip()
        if not text.startswith(kind):
            raise ValueError(f"must begin with the line {kind!r}, not with {text.partition(chr(10))[0][:60]!r}")
        return text

    @model_validator(mode="after")
    def _files_fit_together(self) -> "ArchitectureDesign":
        paths = [file.path for file in self.files]
        if problems := collisions(paths):
            raise ValueError("files: " + "; ".join(problems))
        if self.entry_point not in paths:
            raise ValueError(f"entry_point: {self.entry_point!r} is not among the files {paths}")
        if not any(is_test(path) for path in paths):
            raise ValueError("files: there is no test; plan at least one file tests/test_<what>.py")
        return self


def is_test(path: str) -> bool:
    """Say whether pytest would collect the file."""
    name = path.rsplit("/", 1)[-1]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


class FileTask(Item):
    """What one file has to do (the entries of `Logic Analysis` and `Task list` in Figure 7)."""

    path: SafePath
    role: Filled = Field(
        description="its classes, methods and functions with signatures, the algorithm of each in enough "
        "detail to write "
        "it, the formulas with their equation numbers, the libraries it imports"
    )
    depends_on: Annotated[list[str], each(safe_path)] = Field(
        description="the planned files that it imports or calls; [] if none"
    )
    components: Texts = Field(description="names of the overall plan's components that it implements; [] if none")
    assumptions: Texts = Field(description="names of the overall plan's assumptions that it settles; [] if none")


class ResultCommand(Item):
    """How a table or figure is produced."""

    result: Filled = Field(description="its name in the overall plan, e.g. Table 2")
    command: Filled = Field(description="a command line, run in the repository's folder, e.g. python main.py --table 2")
    output: Filled = Field(description="the file or the printed text in which it then stands")


class LogicDesign(Artifact):
    """Files with roles and dependencies (l in Section 3.2.1)."""

    tasks: list[FileTask] = Field(
        min_length=1,
        description="One entry for every file of the architecture, a file after those that it depends on.",
    )
    commands: list[ResultCommand] = Field(description="One entry for every table and figure of the overall plan.")
    quick_command: Filled = Field(
        description="The command line that runs everything in its quick mode, in seconds on a CPU, "
        "e.g. python main.py --quick"
    )
    packages: Annotated[list[str], each(requirement_line)] = Field(
        description="Third-party Python packages as lines of requirements.txt, pytest among them, with version ranges "
        "that exist; nothing from the standard library."
    )
    other_packages: Texts = Field(description="Packages of other languages and system tools; [] if none.")
    shared_knowledge: Text = Field(
        description="What several files share: data layouts, array shapes, names, conventions, the keys of config.yaml "
        "with what reads them, the use of random seeds."
    )
    api: Text = Field(description="An OpenAPI 3.0 text if two programs talk over a network; otherwise leave it empty.")
    unclear: Text = Field(description="What remains unresolved, or `Nothing.`")


def _yaml_mapping(text: str) -> str:
    text = without_fence(text)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"does not parse as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict) or not value:
        raise ValueError("must be a YAML mapping with at least one key")
    return text


class Configuration(Artifact):
    """The configuration file (g in Section 3.2.1)."""

    content: Annotated[Filled, AfterValidator(_yaml_mapping)] = Field(
        description="The whole of config.yaml as plain YAML. Behind every value stands a comment that says "
        "whose it is: "
        "`# paper: <place>` or `# ours: <reason>`."
    )
    assumptions: list[Assumption] = Field(
        description="The choices of this file that the overall plan does not list yet, each value marked `ours` among "
        "them unless it is mere housekeeping such as an output folder. [] if there is none."
    )


def _repeated(names: list[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            return name
        seen.add(name.lower())
    return None


class PlanReproduction(dspy.Signature):
    """Plan how to reproduce the method and the experiments of the paper; its authors have released no code.

    Write a roadmap that makes the code easy to write later: the key details of the methodology, the experiments with
    their data sets, settings, hyperparameters and metrics, and the order of the work. Be detailed and informative, and
    stay with what the paper says. Write no code yet.

    Say each thing once, in the section where it belongs, and briefly: everybody after you reads the paper too. A plan
    is shorter than its paper.

    Read the paper for what it leaves open. Wherever an implementation needs a value or a choice that the paper does not
    give, or gives differently in two places, say so and choose; never fill such a gap silently. Put small choices that
    belong together into one assumption.
    """

    paper: str = dspy.InputField()
    overall_plan: OverallPlan = dspy.OutputField()


class DesignArchitecture(dspy.Signature):
    """Design the software that reproduces the paper, following the overall plan: concise, usable and complete.

    Keep the architecture simple and small, and let well-known open-source libraries do what they do well. A file holds
    a whole part of the work that a reader would look for in one place. A small paper needs four to six files of code, a
    large one seldom more than ten. Give every component of the plan a place. There is one entry point, main.py or
    app.py; all settings come from config.yaml, and an option of the entry point selects a quick mode that runs
    everything on tiny data within seconds.

    Beside the code, plan one to three files of tests that pytest collects and that finish within seconds on a CPU: they
    check the paper's equations one by one on tiny inputs, against values computed by hand or in another way.

    Draw the class diagram in detail, because every file will be written to this interface and to nothing else; leave
    private members out of it. The sequence diagram uses its names exactly. The Mermaid syntax must be correct.
    """

    paper: str = dspy.InputField()
    overall_plan: OverallPlan = dspy.InputField()
    architecture_design: ArchitectureDesign = dspy.OutputField()


class DesignLogic(dspy.Signature):
    """Break the design down into one task for each file, and analyse what depends on what.

    Describe each file in so much detail that another programmer can write it: classes, methods and functions
    with their signatures, the logic of each, its imports. State every dependency between files explicitly;
    there must be no cycle. Stay with the files and the interface of the architecture design.

    Nothing may lack an owner: assign every component of the overall plan to the file that implements it, every
    assumption to the file that settles it, and every table and figure to the command that produces it. The commands
    call scripts among the planned files.

    All settings will stand in config.yaml, which is written after you; say in the shared knowledge under which keys.
    There is a quick mode, with tiny data and few steps, that runs everything within seconds on a CPU: config.yaml has a
    top-level mapping `quick` whose values replace those of the same keys outside it, and the entry point applies it
    when it is called with the quick mode's option.

    A test depends on the files that it tests.
    """

    paper: str = dspy.InputField()
    overall_plan: OverallPlan = dspy.InputField()
    architecture_design: ArchitectureDesign = dspy.InputField()
    logic_design: LogicDesign = dspy.OutputField()


class WriteConfiguration(dspy.Signature):
    """Write config.yaml: every setting that the planned files read.

    Take all values from the paper: data, model, training, evaluation, seeds. Invent nothing: no data set, no
    path and no number that is passed off as the paper's. Where the paper gives no value and the code needs
    one, write the one that the overall plan's assumptions chose, or choose one and say so.

    Mark each value at the end of its line: `# paper: Section 4.1` for the paper's, `# ours: not given` with
    the reason for ours. A list on one line needs one mark.

    Add a top-level mapping `quick` with the values that the quick mode overrides, under the same keys as
    above; it makes everything run within seconds on a CPU. Mark those values `# ours: quick mode`.
    """

    paper: str = dspy.InputField()
    overall_plan: OverallPlan = dspy.InputField()
    architecture_design: ArchitectureDesign = dspy.InputField()
    logic_design: LogicDesign = dspy.InputField()
    configuration: Configuration = dspy.OutputField()
