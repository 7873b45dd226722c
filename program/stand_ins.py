"""Made-up data in place of what a repository lacks: only where asked for, and only to see whether the code runs."""

from collections.abc import Mapping, Sequence

import dspy

from program.ask import Ask
from program.checks import check_source_file
from program.debugger import choose_files
from program.judge import DEFAULT_ROOM
from signatures.coding import SourceFile
from signatures.debugging import MakeStandIns

PROGRAM = "make_stand_ins.py"
"""Name of the program that makes the data."""


class StandInMaker(dspy.Module):
    """Writes a program that makes stand-ins for missing data."""

    def __init__(self, room: int = DEFAULT_ROOM) -> None:
        super().__init__()
        self.room = room
        self.make = Ask(MakeStandIns, role="debugger")

    def forward(self, files: Mapping[str, str], missing: Sequence[str]) -> dspy.Prediction:
        """Write the program.

        Args:
            files: The text files of the repository, by path.
            missing: The files that it reads and does not have.

        Returns:
            `stand_ins`, whose `program` makes them.
        """
        shown, _ = choose_files(
            files, [path for path in files if any(name in files[path] for name in missing)], self.room
        )
        return self.make(
            repository=shown,
            missing=list(missing),
            check=lambda made: check_source_file(PROGRAM, SourceFile(content=made.program, assumptions=[])),
        )
