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


def mend(folder: RunFolder, paper: Paper) -> list[str]:
    """Let the coder mend what checks find in the repository of a run; nothing is asked if they find nothing.

    Returns:
        What the user has to know.

    Raises:
        SandboxError: A checking tool does not work.
        BackboneError: The coder gave no answer.
    """
    files = folder.repository.files()
    faults = find_static_faults(files, read_plan(folder.root / "planning").class_diagram)
    if not faults:
        return []
    try:
        mended = Mender()(paper=paper.markdown, files=files, faults=faults)
    except AnswerError as error:
        return [f"checks found {len(faults)} faults, which were not mended: {error}"]
    for path, text in mended.files.items():
        if text != files.get(path):
            folder.write(folder.repository.path(path), text)
    write_text(folder.root / DIFF, difference(files, mended.files))
    left = len(find_static_faults(mended.files))
    return [f"checks found {len(faults)} faults and the coder has mended them: {folder.root / DIFF}; {left} are left"]
