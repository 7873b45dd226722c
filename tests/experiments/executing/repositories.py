"""Tiny repositories, and what a simulated debugger answers about them."""

from pathlib import Path

import pytest

from experiments.benchmarks.simulated import Ask, sections
from tests.program.sandbox.conftest import why_not

PAPER = """# Learning to Count

## Abstract

We count.

## 1 Results

Table 1: Errors.

| Method | Easy | Hard |
|---|---|---|
| Ours | 0.10 | 0.20 |
| Base | 0.50 ± 0.10 | 0.60 |
"""

WORKS = """import csv
import sys

quick = "--quick" in sys.argv
with open("table_1.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["method", "easy", "hard"])
    rows.writerow(["ours", 0.9 if quick else 0.1, 0.9 if quick else 0.3])
    rows.writerow(["base", 0.45, 0.61])
print("accuracy: 0.75")
"""

CONFIG = "epochs: 10\nquick:\n  epochs: 1\n"

FAILS = "import model\n\nprint(model.count(3))\n"
MODEL = "def count(number):\n    return numbr + 1\n"


def write(files: dict[str, str], folder: str = "repository") -> Path:
    for name, text in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Path(folder)


def need_sandbox() -> None:
    """Skip the test where there is no sandbox."""
    if reason := why_not("bubblewrap"):
        pytest.skip(reason)


def fault(ask: Ask) -> str:
    return sections({"file": "model.py", "place": "count", "kind": "code", "cause": "A name is misspelt."})


def repair(
    search: str = "    return numbr + 1\n", replace: str = "    return number + 1\n", file: str = "model.py"
) -> str:
    edits = f"==== {file} ====\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE"
    return sections({"edits": edits, "add_requirements": [], "remove_requirements": [], "explanation": "Spelt right."})
