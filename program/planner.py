"""The planning stage: overall plan, architecture, logic, configuration, one after the other (Section 3.2.1)."""

from collections.abc import Collection
from typing import Any, Literal

import dspy

from program.ask import Ask
from program.checks import check_configuration, check_logic_design, check_overall_plan
from signatures.planning import DesignArchitecture, DesignLogic, PlanReproduction, WriteConfiguration

Part = Literal["overall_plan", "architecture_design", "logic_design", "configuration", "analysis"]

PARTS: tuple[Part, ...] = ("overall_plan", "architecture_design", "logic_design", "configuration", "analysis")
"""What the program makes before it writes code, in the order of Table 6; an ablation has the first few of them."""


class Planner(dspy.Module):
    """M_plan(R) = P = {o, d, l, g}."""

    def __init__(self, parts: Collection[Part] = PARTS) -> None:
        super().__init__()
        if "overall_plan" in parts:
            self.plan = Ask(PlanReproduction, role="planner")
        if "architecture_design" in parts:
            self.design = Ask(DesignArchitecture, role="planner")
        if "logic_design" in parts:
            self.organise = Ask(DesignLogic, role="planner")
        if "configuration" in parts:
            self.configure = Ask(WriteConfiguration, role="planner")
        self.parts = parts

    def forward(self, paper: str) -> dspy.Prediction:
        """Plan the repository.

        Args:
            paper: The canonical text of the paper.

        Returns:
            `overall_plan`, `architecture_design`, `logic_design`, `configuration`: those that belong to its parts.
        """
        made: dict[str, Any] = {}
        if "overall_plan" in self.parts:
            made["overall_plan"] = self.plan(paper=paper, check=check_overall_plan).overall_plan
        if "architecture_design" in self.parts:
            made["architecture_design"] = self.design(paper=paper, **made).architecture_design
        if "logic_design" in self.parts:
            overall, architecture = made["overall_plan"], made["architecture_design"]
            made["logic_design"] = self.organise(
                paper=paper, **made, check=lambda logic: check_logic_design(logic, overall, architecture)
            ).logic_design
        if "configuration" in self.parts:
            made["configuration"] = self.configure(paper=paper, **made, check=check_configuration).configuration
        return dspy.Prediction(**made)
