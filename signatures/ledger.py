"""What the plan owes an owner: the paper's components, its tables and figures, and what it leaves open."""

from typing import Literal

from pydantic import Field

from signatures.artifact import Filled, Item, Text


class Component(Item):
    """A part of the paper that the repository has to implement."""

    name: Filled = Field(description="short and unique")
    kind: Literal["data processing", "method", "evaluation"]
    place: Filled = Field(description="where the paper describes it, e.g. Section 3.2, Equation (4), Algorithm 1")
    description: Filled = Field(description="what it does, with its inputs, outputs, shapes and formulas")


class Result(Item):
    """A table or figure of the paper that the repository is to reproduce."""

    name: Filled = Field(description="as the paper calls it, e.g. Table 2")
    place: Filled = Field(description="the section that discusses it")
    shows: Filled = Field(description="rows and columns or axes, data, methods compared, metric, number of runs")


class Assumption(Item):
    """A value or choice that the paper does not give, or gives twice differently."""

    name: Filled = Field(description="short and unique, e.g. weight initialisation")
    reason: Literal["not given", "given twice differently"]
    paper: Filled = Field(description="the place or places in the paper that leave it open or contradict each other")
    choice: Filled = Field(description="what is chosen instead, as a concrete value or rule, and why")
    code: Text = Field(
        default="",
        description="where the choice stands: a file and function, or a key of config.yaml; '' if not yet known",
    )
