import pytest

from program.interface import missing_interface

DIAGRAM = """classDiagram
    class Model {
        +size: int
        +fit(x: ndarray, y: tuple[int, int], rate: float = 0.1) None
        -_private(z: int) None
    }
    class training {
        <<module>>
        +train(model: Model, data: list~int~) Model
    }
    class Loss
    Loss : +value(x) float
    Model --> Loss : uses
"""
MODEL = "class Model:\n    def fit(self, x, y, rate=0.1): ...\n"
TRAINING = "def train(model, data): ...\n"
LOSS = "class Loss:\n    def value(self, x): ...\n"
WHOLE = {"model.py": MODEL, "training.py": TRAINING, "loss.py": LOSS}


def test_a_repository_with_all_of_the_diagram_misses_nothing():
    assert missing_interface(DIAGRAM, WHOLE) == []


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"model.py": ""}, ["model.py: Model.fit of the class diagram is not there"]),
        (
            {"model.py": "", "loss.py": ""},
            [
                "model.py: Model.fit of the class diagram is not there",
                "loss.py: Loss.value of the class diagram is not there",
            ],
        ),
        ({"training.py": ""}, ["training.py: training.train of the class diagram is not there"]),
        ({"loss.py": "class Loss: ...\n"}, ["loss.py: Loss.value of the class diagram is not there"]),
        (
            {"model.py": "class Model:\n    def fit(self, x, target): ...\n"},
            ["model.py: Model.fit has no parameter y, rate, which the class diagram gives it; it takes (x, target)"],
        ),
        # what cannot be known, or is the same
        ({"model.py": "class Model:\n    def fit(self, *args, **more): ...\n"}, []),
        ({"model.py": "import torch\nclass Model(torch.nn.Module): ...\n"}, []),
        ({"training.py": "from elsewhere import train\n"}, []),
        ({"loss.py": "def Loss(x): ...\n"}, []),
        ({"model.py": "class Model:\n    @staticmethod\n    def fit(x, y, rate): ...\n"}, []),
        ({"broken.py": "def f(:\n"}, []),
    ],
)
def test_what_is_missing_is_named(change: dict[str, str], faults: list[str]):
    assert missing_interface(DIAGRAM, {**WHOLE, **change}) == faults


def test_a_module_may_stand_under_a_longer_name():
    assert (
        missing_interface(
            "classDiagram\n    class main_module {\n        +run() None\n    }\n", {"main.py": "def run(): ...\n"}
        )
        == []
    )


def test_a_class_in_no_file_is_named():
    assert missing_interface("classDiagram\n    class Absent\n", WHOLE) == [
        "the class Absent of the class diagram is in no file"
    ]


@pytest.mark.parametrize(
    ("parameters", "missing"),
    [
        ("Tensor x, int epochs", ""),
        ("Tensor x, int epochs = 3", ""),
        ("x: Tensor, epochs: int", ""),
        ("x, epochs", ""),
        ("dict[str, int] x, Optional[int] epochs", ""),
        ("dict~str, int~ x, list~list~int~~ epochs", ""),
        ("x: dict~str, int~, epochs: int", ""),
        ("Tensor x, int rounds", "rounds"),
        ("x: my Tensor, rounds: int", "rounds"),
    ],
)
def test_types_may_stand_before_names_as_mermaid_has_it(parameters: str, missing: str):
    diagram = f"classDiagram\n    class Net {{\n        +fit({parameters}) Tensor\n    }}\n"
    faults = missing_interface(diagram, {"net.py": "class Net:\n    def fit(self, x, epochs): ...\n"})
    named = [fault.partition(" has no parameter ")[2].partition(",")[0] for fault in faults]
    assert named == ([missing] if missing else [])


@pytest.mark.parametrize("line", ["from torch.utils.data import Dataset", "from torch.utils import data as Dataset"])
def test_a_planned_class_may_come_from_a_package(line: str):
    assert missing_interface("classDiagram\n    class Dataset\n", {"main.py": f"{line}\n"}) == []


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_of_classes_of_one_name_the_one_that_is_planned_counts(names: str):
    diagram = "classDiagram\n    class Net {\n        +fit(x)\n        +save()\n    }\n"
    other = {f"{names[0]}.py": "class Net: ...\n"}
    whole = {f"{names[1]}.py": "class Net:\n    def fit(self, x): ...\n    def save(self): ...\n"}
    half = {f"{names[1]}.py": "class Net:\n    def fit(self, x): ...\n"}
    rest = {f"{names[0]}.py": "class Net:\n    def save(self): ...\n"}
    assert missing_interface(diagram, {**other, **whole}) == []
    assert missing_interface(diagram, {**rest, **half}) == []
    assert missing_interface(diagram, {**other, **half}) == [
        f"{names[1]}.py: Net.save of the class diagram is not there"
    ]
