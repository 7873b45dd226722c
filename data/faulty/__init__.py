"""Repositories with one fault each, for the debugger: the samples' reference implementations, a few lines changed."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from data.samples import find_sample

_PLACE = Path(__file__).parent

RECORDING = _PLACE / "transcript.jsonl"
"""What a language model answered when these were debugged."""

REQUIREMENTS = "numpy\npyyaml\n"
"""What the samples' implementations need."""


@dataclass(frozen=True)
class Faulty:
    """A repository with one fault."""

    name: str
    sample: str
    file: str
    search: str
    replace: str

    def write(self, folder: Path) -> None:
        """Write the repository into a folder, which must not exist."""
        paper = find_sample(self.sample)
        assert paper is not None
        shutil.copytree(Path(paper).parent / "reference", folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "requirements.txt").write_text(REQUIREMENTS, encoding="utf-8")
        path = folder / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.search) != 1:
            raise ValueError(f"the fault {self.name} does not fit {self.file} of {self.sample}")
        path.write_text(text.replace(self.search, self.replace), encoding="utf-8")


def faulty_repositories() -> list[Faulty]:
    """Return all of them."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load((_PLACE / "faults.yaml").read_text(encoding="utf-8"))
    return [Faulty(name=name, **entry) for name, entry in entries.items()]
