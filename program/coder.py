"""The coding stage: one file (Section 3.2.3), or the whole repository where no files are planned (Table 6)."""

from collections.abc import Collection

import dspy

from program.ask import Ask
from program.checks import check_files, check_source_file
from program.planner import PARTS, Part
from signatures.analysis import FileAnalysis
from signatures.coding import WriteFile, WriteRepository
from signatures.planning import FileTask


class Coder(dspy.Module):
    """M_code(R, P, f_i, a_i) = c_i."""

    def __init__(self, parts: Collection[Part] = PARTS) -> None:
        super().__init__()
        self.write = Ask(
            _without(WriteFile, {"file_analysis" if p == "analysis" else p for p in PARTS if p not in parts}),
            role="coder",
        )

    def forward(
        self,
        paper: str,
        plan: dspy.Prediction,
        file: FileTask,
        file_analysis: FileAnalysis | None,
        code: dict[str, str],
    ) -> dspy.Prediction:
        """Write one file.

        Args:
            paper: The canonical text of the paper.
            plan: What `Planner` returned.
            file: The file's task in the logic design.
            file_analysis: What `Analyst` returned for it; None in an ablation.
            code: The finished files that it depends on, directly or not, by path.

        Returns:
            `source_file`.
        """
        analysis = {} if file_analysis is None else {"file_analysis": file_analysis}
        return self.write(
            paper=paper,
            **plan,
            code=code,
            file=file,
            **analysis,
            subject=file.path,
            check=lambda source: check_source_file(file.path, source),
        )


class RepositoryCoder(dspy.Module):
    """Writes all files in one answer: what is left of the program without a design of its files."""

    def __init__(self, parts: Collection[Part] = ()) -> None:
        super().__init__()
        self.write = Ask(_without(WriteRepository, {"overall_plan"} - set(parts)), role="coder")

    def forward(self, paper: str, plan: dspy.Prediction) -> dspy.Prediction:
        """Write the repository.

        Args:
            paper: The canonical text of the paper.
            plan: What `Planner` returned: an overall plan, or nothing.

        Returns:
            `source_files`.
        """
        return self.write(paper=paper, **plan, check=check_files)


def _without(signature: type[dspy.Signature], fields: Collection[str]) -> type[dspy.Signature]:
    """Return a signature without some of its inputs, and with a word that they are not there."""
    missing = [name for name in signature.input_fields if name in fields]
    for name in missing:
        signature = signature.delete(name)
    if not missing or "file" not in signature.input_fields:  # a whole repository needs none of them
        return signature
    names = ", ".join(name.replace("_", " ") for name in missing)
    return signature.with_instructions(f"{signature.instructions}\n\nThere is no {names}: do without.")
