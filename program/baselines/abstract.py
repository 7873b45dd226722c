"""The naive baseline Abstract: one answer, from nothing but title and abstract (Section 4.2)."""

import dspy

from data.paper import Paper
from program.paper_coder import PaperCoder


class Abstract(dspy.Module):
    """Writes a repository from the abstract alone; the baseline Paper is `PaperCoder(parts=())`."""

    def __init__(self) -> None:
        super().__init__()
        self.writer = PaperCoder(parts=())

    def forward(self, paper: Paper) -> dspy.Prediction:
        """Write the repository.

        Returns:
            `repository`: every file's text by path.
        """
        return self.writer(paper=paper.model_copy(update={"sections": ()}))
