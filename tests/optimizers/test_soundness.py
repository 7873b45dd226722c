"""What a repository is measured by beside the judge."""

import dspy
import pytest

from optimizers.soundness import measure_soundness
from signatures.planning import ArchitectureDesign

FILES = {
    "model.py": "class Model:\n    def fit(self):\n        return 1\n",
    "data.py": "def load():\n    return [1]\n",
    "main.py": "from data import load\nfrom model import Model\n\nprint(Model().fit(), load())\n",
    "tests/test_parts.py": "def test_nothing():\n    assert True\n",
}
DIAGRAM = "classDiagram\n    class Model\n    class data\n    Model : +fit()"


def plan(diagram: str = DIAGRAM) -> dspy.Prediction:
    architecture = ArchitectureDesign.model_validate(
        {
            "approach": "Plain.",
            "files": [{"path": path, "purpose": "It is there."} for path in FILES],
            "entry_point": "main.py",
            "class_diagram": diagram,
            "sequence_diagram": "sequenceDiagram\n    main->>Model: fit()",
            "unclear": "",
        }
    )
    return dspy.Prediction(architecture_design=architecture)


def measured(**files: str | None) -> tuple[dict[str, float], list[str]]:
    """Measure the repository with other files; None leaves one out."""
    named = {f"{name}.py": text for name, text in files.items()}
    return measure_soundness(plan(), {path: text for path, text in {**FILES, **named}.items() if text is not None})


def test_a_repository_that_is_what_its_plan_says_is_sound() -> None:
    shares, faults = measured()
    assert shares == dict.fromkeys(("parses", "imports", "files", "classes", "entry_point"), 1.0)
    assert faults == []


@pytest.mark.parametrize(
    ("files", "expected", "fault"),
    [
        ({"data": "def load(:"}, {"parses": 0.75}, "data.py"),
        ({"data": "def other():\n    return 1\n"}, {"imports": 0.75}, "imports load from data"),
        ({"data": None}, {"files": 0.75, "classes": 0.5}, "the class data of the class diagram"),
        ({"model": "X = 1\n"}, {"classes": 0.5, "imports": 0.75}, "imports Model from model"),
        ({"main": None}, {"files": 0.75, "entry_point": 0.0}, ""),
        ({"main": "print("}, {"parses": 0.75, "entry_point": 0.0}, "main.py"),
    ],
)
def test_a_fault_costs_its_share_and_is_named(
    files: dict[str, str | None], expected: dict[str, float], fault: str
) -> None:
    shares, faults = measured(**files)
    assert {name: shares[name] for name in expected} == expected
    assert any(fault in line for line in faults) or not fault


def test_a_diagram_without_classes_asks_for_none() -> None:
    shares, _ = measure_soundness(plan("classDiagram"), FILES)
    assert shares["classes"] == 1.0


def test_an_empty_repository_has_nothing_that_was_planned() -> None:
    shares, _ = measure_soundness(plan(), {})
    assert (shares["files"], shares["classes"], shares["entry_point"]) == (0.0, 0.0, 0.0)
