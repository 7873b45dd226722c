"""Faults that reading shows, each in a repository that has this one."""

import pytest

from program.execution.static import find_static_faults

MODEL = "class Model:\n    def fit(self, x: int) -> int:\n        return x\n"


@pytest.mark.parametrize(
    ("main", "fault"),
    [
        ("print(undefined)\n", "Undefined name `undefined`"),
        ("def f(:\n", "is not Python: invalid syntax: 'def f(:'"),
        ("return 1\n", "`return` statement outside of a function/method"),
        ("import model; model.absent()\n", 'Module has no attribute "absent"'),
        ("from model import Absent; Absent()\n", "imports Absent from model, where it is not defined"),
        ("from model import Model; Model().train()\n", '"Model" has no attribute "train"'),
        ("from model import Model; Model().fit()\n", 'Missing positional argument "x" in call to "fit" of "Model"'),
        ("from model import Model; Model().fit(y=1)\n", 'Unexpected keyword argument "y" for "fit" of "Model"'),
    ],
)
def test_what_would_fail_at_run_time_is_found(main: str, fault: str):
    assert find_static_faults({"main.py": main, "model.py": MODEL}) == [f"main.py: line 1 {fault}"]


@pytest.mark.parametrize(
    "text",
    [
        "import numpy as np\nprint(np.zeros(3).mean(), np.anything)\n",
        "import numpy as np\nArray = np.ndarray\ndef f(a: Array) -> float:\n    return (a == 1).mean() + a.T\n",
        "x = None\nx.shape\n",
        "class A:\n    def __getattr__(self, name): return 1\nA().anything\n",
        "import torch.nn as nn\nclass A(nn.Module):\n    pass\nA().anything(1)\n",
        "import json\nimport os\n",  # not used, but that is no error
        "try:\n    import absent\nexcept ImportError:\n    absent = None\n",
    ],
)
def test_what_cannot_be_known_is_no_fault(text: str):
    assert find_static_faults({"main.py": text}) == []


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": "# Nothing\n", "main.py": "print(1)\n"},
        {"my-script.py": "print(1)\n", "2nd.py": "print(2)\n"},
        {"a/main.py": "print(1)\n", "b/main.py": "print(2)\n"},
        {"src/model.py": MODEL, "src/main.py": "from model import Model\nModel()\n"},
        {"main.py": "# -*- coding: utf-8 -*-\nprint('ü')\n"},
        {"mypy.ini": "[mypy]\nplugins = evil\n", "main.py": "print(1)\n"},
        {
            "pyproject.toml": "[tool.ruff]\nselect = ['ALL']\n",
            "setup.cfg": "[mypy]\nplugins=evil\n",
            "main.py": "x=1\n",
        },
    ],
)
def test_sound_repositories_have_no_fault_whatever_their_form(files: dict[str, str]):
    assert [fault for fault in find_static_faults(files) if "none of them" not in fault] == []


def test_nothing_of_the_repository_is_run(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    mark = tmp_path / "ran"
    evil = f"open({str(mark)!r}, 'w')\n"
    names = ("mypy.py", "ruff.py", "sitecustomize.py", "evil.py", "conftest.py", "main.py", "typing.py", "ast.py")
    find_static_faults({**dict.fromkeys(names, evil), "mypy.ini": "[mypy]\nplugins = evil\n"})
    assert not mark.exists()


def test_no_more_faults_are_told_than_somebody_can_read():
    assert len(find_static_faults({"main.py": "\n".join(f"print(name_{number})" for number in range(100))})) == 40
