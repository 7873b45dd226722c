"""Methods that write nothing: a repository that is there already, such as the authors' own (Oracle, Section 4.2)."""

import dspy

from data.paper import Paper
from program.repository import Listing


class Given(dspy.Module):
    """Gives the same repository for every paper."""

    def __init__(self, listing: Listing) -> None:
        super().__init__()
        self.listing = listing

    def forward(self, paper: Paper) -> dspy.Prediction:
        """Return the repository.

        Returns:
            `repository`: every file's text by path.
        """
        return dspy.Prediction(repository=self.listing.files)
