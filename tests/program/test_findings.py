"""What reading a whole repository shows without a model."""

import pytest

from program.findings import check_revision, find_faults
from signatures.bundle import FileBundle, join_files

MODEL = "import torch\n\nLIMIT: int = 3\n\n\nclass Net:\n    inner = 1\n\n    def forward(self):\n        pass\n"


def faults(**files: str) -> list[str]:
    return find_faults({f"{name.replace('__', '/')}.py": text for name, text in files.items()})


@pytest.mark.parametrize(
    "line",
    [
        "from model import Net, LIMIT, torch",
        "import model",
        "from model import *",
        "import numpy.linalg as la",
        "from datasets import load_dataset",
        "import os.path",
        "try:\n    from model import Fast\nexcept ImportError:\n    Fast = None",
    ],
)
def test_what_is_there_or_installed_is_no_fault(line):
    assert faults(model=MODEL, main=f"{line}\n") == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("from model import Nett", "imports Nett from model, where it is not defined"),
        ("from model import forward", "imports forward from model, where it is not defined"),
        ("import model.net", "imports model.net, which is not in the repository"),
        ("from model.net import Net", "imports from model.net, which is not in the repository"),
        ("from .model import Net", "imports from .model, but lies in no package that has this"),
    ],
)
def test_names_what_is_not_there_with_its_line(line, fault):
    assert faults(model=MODEL, main=f"import os\n\n{line}\n") == [f"main.py: line 3 {fault}"]


def test_imports_inside_of_functions_count():
    main = "def run():\n    from model import Nett\n\n    return Nett\n"
    assert faults(model=MODEL, main=main) == ["main.py: line 2 imports Nett from model, where it is not defined"]


def test_packages_with_and_without_init_files():
    files = {
        "main.py": "import nets.deep\nfrom nets import deep, Net\nfrom data import load\nfrom data.load import rows\n",
        "nets/__init__.py": "from .deep import Net\n",
        "nets/deep.py": MODEL,
        "data/load.py": "rows = []\n",
    }
    assert find_faults(files) == []


def test_relative_imports_are_resolved_from_the_package():
    text = "from . import deep, wide\nfrom ..data import rows\nfrom ...top import x\nfrom .deep import Net\n"
    found = faults(pkg__nets__deep=MODEL, pkg__data="rows = []\n", top="x = 1\n", pkg__nets__main=text)
    assert found == [
        "pkg/nets/main.py: line 1 imports wide from ., where it is not defined",
        "pkg/nets/main.py: line 3 imports from ...top, but lies in no package that has this",
    ]


@pytest.mark.parametrize("line", ["from model import Net", "from src.model import Net"])
def test_a_folder_src_may_be_named_or_not(line):
    assert faults(src__model=MODEL, main=f"{line}\n", tests__test_net=f"{line}\n\n\ndef test_a():\n    pass\n") == []


def test_a_script_finds_what_lies_beside_it():
    assert faults(scripts__tools="x = 1\n", scripts__run="from tools import x\n") == []


@pytest.mark.parametrize("line", ["from datasets import load_dataset", "import datasets.load"])
def test_a_known_package_goes_before_a_folder_without_an_init_file(line):
    files = {"main.py": f"{line}\n", "datasets/rows.py": "x = 1\n"}
    assert find_faults(files) == []
    assert find_faults({**files, "datasets/__init__.py": "y = 1\n"}) != []
    assert faults(rows__one="x = 1\n", main=f"{line.replace('datasets', 'rows')}\n") != []


@pytest.mark.parametrize(
    "text",
    [
        "from other import *\n",
        "def __getattr__(name):\n    return name\n",
        "for name in ('Net', 'Other'):\n    globals()[name] = object\n",
        "exec('class Net: pass')\n",
    ],
)
def test_a_module_whose_names_cannot_be_told_has_any(text):
    assert faults(model=text, main="from model import Net\n") == []


def test_global_names_are_the_modules():
    assert faults(model="def f():\n    global made\n    made = 1\n", main="from model import made\n") == []


def test_a_file_that_is_not_python_is_the_only_fault():
    [fault] = faults(model="class Net(:\n", main="from model import Net\n")
    assert fault.startswith("model.py: line 1 is not Python")


def revised(code: dict[str, str], files: dict[str, str]) -> list[str]:
    return check_revision(code, FileBundle(files=join_files(files)))


def test_a_revision_may_leave_files_out_and_touch_no_python():
    assert revised({"main.py": "x = 1\n", "config.yaml": "a: 1\n"}, {"config.yaml": "a: 2\n"}) == []


def test_a_revision_has_no_file_where_another_lies():
    assert revised({"main.py": "x = 1\n"}, {"Main.py": "x = 1\n"}) == ["'Main.py' and 'main.py' differ in case only"]


def test_a_revision_is_checked_file_by_file():
    [fault] = revised({"main.py": "x = 1\n"}, {"main.py": "x = \n"})
    assert fault.startswith("main.py: line 1 is not Python")
