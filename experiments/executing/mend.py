"""What a run does before its repository is executed for the first time: checks read it, the coder mends it once."""

from data.errors import AnswerError
from data.paper import Paper
from experiments.executing.subject import read_plan
from program.debugger import Mender
from program.edits import difference
from program.execution.static import find_static_faults
from program.folder import RunFolder
from program.repository import write_text

DIFF = "mended.diff"
"""What the coder has changed, in the folder of the run."""


def mend(folder: RunFolder, paper: Paper, room: int) -> list[str]:
    """Let the coder mend what checks find in the repository of a run; nothing is asked if they find nothing.

    Args:
        folder: Of the run.
        paper: The paper.
        room: How many tokens of paper and repository the coder's prompt may hold.

    Returns:
        What the user has to know.

    Raises:
        SandboxError: A checking tool does not work.
        BackboneError: The coder gave no answer.
    """
    files = folder.repository.files()
    diagram = read_plan(folder.root / "planning").class_diagram
    faults = find_static_faults(files, diagram)
    if not faults:
        return []
    try:
        mended = Mender(room)(paper=paper.markdown, files=files, faults=faults)
    except AnswerError as error:
        return [f"checks found {len(faults)} faults, which were not mended: {error}"]
    for path, text in mended.files.items():
        if text != files.get(path):
            folder.write(folder.repository.path(path), text)
    after = folder.repository.files()  # what a person has edited has stayed
    write_text(folder.root / DIFF, difference(files, after))
    left = len(find_static_faults(after, diagram))
    return [f"checks found {len(faults)} faults, which the coder was to mend: {folder.root / DIFF}; {left} are left"]
