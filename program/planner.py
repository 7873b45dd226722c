"""The planning stage: overall plan, architecture, logic, configuration, one after the other (Section 3.2.1)."""

import dspy

from program.ask import Ask
from program.checks import check_configuration, check_logic_design, check_overall_plan
from signatures.planning import DesignArchitecture, DesignLogic, PlanReproduction, WriteConfiguration


class Planner(dspy.Module):
    """M_plan(R) = P = {o, d, l, g}."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = Ask(PlanReproduction, role="planner")
        self.design = Ask(DesignArchitecture, role="planner")
        self.organise = Ask(DesignLogic, role="planner")
        self.configure = Ask(WriteConfiguration, role="planner")

    def forward(self, paper: str) -> dspy.Prediction:
        """Plan the repository.

        Args:
            paper: The canonical text of the paper.

        Returns:
            `overall_plan`, `architecture_design`, `logic_design`, `configuration`.
        """
        overall = self.plan(paper=paper, check=check_overall_plan).overall_plan
        known = {"paper": paper, "overall_plan": overall}

        architecture = self.design(**known).architecture_design
        known["architecture_design"] = architecture

        logic = self.organise(
            **known, check=lambda logic: check_logic_design(logic, overall, architecture)
        ).logic_design
        known["logic_design"] = logic

        configuration = self.configure(**known, check=check_configuration).configuration
        return dspy.Prediction(
            overall_plan=overall,
            architecture_design=architecture,
            logic_design=logic,
            configuration=configuration,
        )
