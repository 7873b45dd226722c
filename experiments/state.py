"""`run.json`: the state of a run and its figures."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from data.errors import FolderError
from experiments.meter import Totals
from program.paper_coder import Stage
from program.repository import Statistics, write_text

Status = Literal["running", "stopped", "finished", "failed", "interrupted"]


class StageFigures(BaseModel):
    """What one stage took, over all sessions of the run."""

    seconds: float = 0.0
    calls: int = 0
    asked_again: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class RunState(BaseModel):
    """`run.json`."""

    status: Status = "running"
    error: str | None = None
    method: str = "PaperCoder"
    folder: str
    title: str
    source: str
    recording: str | None = None
    """The recording that lay beside the paper."""
    paper_hash: str
    notices: list[str] = Field(default_factory=list)
    stop_after: Stage = "coding"
    execute: bool = False
    """Whether the repository is checked, mended once and executed when it is there."""
    execution: str = ""
    """What came of that: the status of the execution, or why there was none."""
    execution_folder: str | None = None
    """Where its report is."""
    backbones: dict[str, str] = Field(default_factory=dict)
    """`name (model)` for each role."""
    seconds: float = 0.0
    """Wall time over all sessions."""
    program_seconds: float = 0.0
    """Wall time of the program, from the start of planning to the last file, over all sessions."""
    stages: dict[str, StageFigures] = Field(default_factory=dict)
    totals: Totals = Totals()
    shared_prefix: float | None = None
    statistics: Statistics | None = None
    version: str = ""
    prompt_hash: str = ""
    started: str
    mlflow_run: str | None = None
    trace: str | None = None
    """The MLflow trace of the latest session."""
    config: dict[str, Any]

    def ended_by(self, error: BaseException) -> None:
        """Note what ended the run."""
        self.status = "failed" if isinstance(error, Exception) else "interrupted"
        self.error = str(error) if isinstance(error, Exception) else None

    def save(self, folder: Path) -> None:
        """Write the file, whole or not at all."""
        write_text(folder / "run.json", self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "RunState":
        """Read the file.

        Raises:
            FolderError: There is none, or it is damaged.
        """
        path = folder / "run.json"
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise FolderError(f"{folder} is not the folder of a run: it has no run.json") from None
        except OSError as error:
            raise FolderError(f"cannot read {path}: {error.strerror}") from None
        except (ValidationError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise FolderError(f"{path} is damaged: {reason}; start the run again with another --out") from None


def find_home(repository: Path) -> Path | None:
    """Return the folder of the run that wrote a repository, if it lies in one or is one itself."""
    homes = [repository]
    if repository.absolute().name == "repository":
        homes.append(repository.absolute().parent)
    return next((path for path in homes if (path / "run.json").is_file()), None)
