"""The analysis stage: what one file has to do, in detail (Section 3.2.2)."""

import dspy

from program.ask import Ask
from signatures.analysis import AnalyseFile
from signatures.planning import FileTask


class Analyst(dspy.Module):
    """M_analysis(R, P, f_i) = a_i."""

    def __init__(self) -> None:
        super().__init__()
        self.analyse = Ask(AnalyseFile, role="analyst")

    def forward(self, paper: str, plan: dspy.Prediction, file: FileTask) -> dspy.Prediction:
        """Analyse one file.

        Args:
            paper: The canonical text of the paper.
            plan: What `Planner` returned.
            file: The file's task in the logic design.

        Returns:
            `file_analysis`.
        """
        return self.analyse(paper=paper, **plan, file=file, subject=file.path)
