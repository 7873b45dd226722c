"""The coding stage: one file (Section 3.2.3)."""

import dspy

from program.ask import Ask
from program.checks import check_source_file
from signatures.analysis import FileAnalysis
from signatures.coding import WriteFile
from signatures.planning import FileTask


class Coder(dspy.Module):
    """M_code(R, P, f_i, a_i) = c_i."""

    def __init__(self) -> None:
        super().__init__()
        self.write = Ask(WriteFile, role="coder")

    def forward(
        self,
        paper: str,
        plan: dspy.Prediction,
        file: FileTask,
        file_analysis: FileAnalysis,
        code: dict[str, str],
    ) -> dspy.Prediction:
        """Write one file.

        Args:
            paper: The canonical text of the paper.
            plan: What `Planner` returned.
            file: The file's task in the logic design.
            file_analysis: What `Analyst` returned for it.
            code: The finished files that it depends on, directly or not, by path.

        Returns:
            `source_file`.
        """
        return self.write(
            paper=paper,
            **plan,
            code=code,
            file=file,
            file_analysis=file_analysis,
            subject=file.path,
            check=lambda source: check_source_file(file.path, source),
        )
