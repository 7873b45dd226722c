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


NET = "class Net:\n    pass\n"
USE = "from model import Net\nNet().nope()\n"


@pytest.mark.parametrize(
    "files",
    [
        {"broken.py": "def f(:\n"},
        {"model.py": "import broken\n" + NET, "broken.py": "def f(:\n"},
        {"types.py": "X = 1\n"},
        {"typing.py": "X = 1\n", "logging.py": "X = 1\n"},
        {"m.py": "x = 1\n", "m/__init__.py": "y = 1\n"},
        {"pkg/m.py": "x = 1\n", "pkg/m/__init__.py": "y = 1\n"},
        {"typing_extensions.py": "X = 1\n"},  # stops mypy, and nobody can list all that do
        {"src/tool.py": "x = 1\n", "other.py": "import tool\nimport src.tool\n"},
        {"src/main.py": "x = 1\n"},
    ],
)
def test_what_the_type_checker_cannot_read_hides_no_fault_elsewhere(files: dict[str, str]):
    found = find_static_faults({"main.py": USE, "model.py": NET, **files})
    assert any(fault.startswith("main.py: line 2 ") and "nope" in fault for fault in found)


@pytest.mark.parametrize(
    "files",
    [
        {"src/main.py": USE, "src/model.py": NET},
        {
            "src/pkg/__init__.py": "x = 1\n",
            "src/pkg/main.py": USE.replace("model", "pkg.model"),
            "src/pkg/model.py": NET,
        },
        {"src/main.py": USE.replace("model", "src.model"), "src/model.py": NET},
        {"src/__init__.py": "x = 1\n", "src/main.py": USE.replace("model", "src.model"), "src/model.py": NET},
    ],
)
def test_modules_in_a_folder_src_are_found(files: dict[str, str]):
    assert [fault.partition(" line ")[2] for fault in find_static_faults(files)] == ['2 "Net" has no attribute "nope"']


@pytest.mark.parametrize(
    "text",
    [
        # attributes that come from elsewhere
        "class Log:\n    def log(self):\n        print(self.history)\n"
        "class Trainer(Log):\n    def __init__(self):\n        self.history = []\nTrainer().log()\n",
        "class Base:\n    def fit(self):\n        return self.step()\n"
        "class Child(Base):\n    def step(self):\n        return 1\nChild().fit()\n",
        "import torch\nclass Count:\n    def count(self):\n        return len(list(self.parameters()))\n"
        "class Net(Count, torch.nn.Module):\n    pass\nNet().count()\n",
        "class C:\n    def __init__(self, **more):\n        for name, value in more.items():\n"
        "            setattr(self, name, value)\nprint(C(rate=1).rate)\n",
        "class C:\n    def __init__(self, **more):\n        vars(self).update(more)\nprint(C(rate=1).rate)\n",
        "class C:\n    def __init__(self, **more):\n        self.__dict__.update(more)\nprint(C(rate=1).rate)\n",
        "def add(cls):\n    for name in ('a', 'b'):\n        cls.show = name\n    return cls\n"
        "@add\nclass A:\n    pass\nA.show\n",
        "from lib import add\n@add\nclass A:\n    pass\nA().show\n",
        "class Meta(type):\n    def __call__(cls, *a):\n        return super().__call__()\n"
        "class A(metaclass=Meta):\n    def __init__(self):\n        pass\nA(1, 2)\n",
        "class Meta(type):\n    def __new__(meta, name, bases, names):\n        names['tag'] = name\n"
        "        return super().__new__(meta, name, bases, names)\nclass A(metaclass=Meta):\n    pass\nA.tag\n",
        "class Sub:\n    def __init_subclass__(cls, **more):\n        cls.key = 1\nclass A(Sub):\n    pass\nA.key\n",
        "class A:\n    pass\ndef go(self):\n    pass\nA.go = go\nA().go()\n",
        "class A:\n    pass\nn = A()\nn.extra = 3\nprint(n.extra)\n",
        "from typing import Protocol\nclass Fits(Protocol):\n    x: int\ndef use(it: Fits):\n    it.predict()\n",
        "from abc import ABC\nclass Loss(ABC):\n    pass\nclass MSE(Loss):\n    def grad(self):\n        return 1\n"
        "def make() -> Loss:\n    return MSE()\nmake().grad()\n",
        "class A:\n    pass\nif hasattr(A, 'fast'):\n    A.fast()\n",
        "try:\n    from lib import Net\nexcept ImportError:\n    class Net:\n        pass\nNet().nope()\n",
        # constructors that are made
        "from flax import struct\n@struct.dataclass\nclass State:\n    params: dict\n"
        "print(State(params={}).replace(params={}))\n",
        "import flax\n@flax.struct.dataclass\nclass State:\n    params: dict\nState(params={}).replace(params={})\n",
        "import attr\n@attr.s(auto_attribs=True)\nclass A:\n    x: int = 0\nA(x=1)\n",
        "import chex\n@chex.dataclass\nclass A:\n    x: int\nA(x=1)\n",
        "from pydantic.dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nA(x=1, y=2)\n",
        "class Base:\n    @classmethod\n    def make(cls):\n        return cls(1)\n"
        "class A(Base):\n    def __init__(self, x):\n        pass\nA.make()\n",
        # calls of something else
        "class Base:\n    def step(self):\n        pass\n    def fit(self):\n        self.step(1)\n"
        "class A(Base):\n    def step(self, x):\n        pass\nA().fit()\n",
        "from lib import jit\n@jit\ndef go(x):\n    return x\ngo(1, static=True)\n",
        "def go(x):\n    return x\ngo = print\ngo(1, 2)\n",
        "try:\n    from ext import go\nexcept ImportError:\n    def go(a, b):\n        return a\ngo(1, 2)\n",
        "import time\ntry:\n    clock = time.perf_counter\nexcept AttributeError:\n    clock = time.clock\n",
        "import pytest\ndef go(x):\n    return x\ndef test_go():\n    with pytest.raises(TypeError):\n        go()\n",
        # names that are made
        "from sympy import *\nx = symbols('x')\nprint(sin(x))\n",
        "for name in ('relu', 'tanh'):\n    globals()[name] = print\nrelu()\n",
        "exec('x = 1')\nprint(x)\n",
        "from ops import relu\nimport ops\nrelu()\nops.made_up()\n",
        "from datasets import load_dataset\nimport datasets\ndatasets.load_dataset(load_dataset)\n",
    ],
)
def test_valid_code_has_no_fault(text: str):
    others = {
        "ext.py": "def go(a):\n    return a\n",
        "ops.py": "for name in ('re', 'ta'):\n    globals()[name + 'lu'] = print\n",
        "datasets/rows.py": "x = 1\n",
    }
    imported = {path: other for path, other in others.items() if f"from {path[:3]}" in text}
    assert find_static_faults({"main.py": text, **imported}) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nA(y=1)\n", "Unexpected keyword"),
        ("import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass A:\n    x: int\nA(1, 2)\n", "Too many arg"),
        (
            "import torch\nclass Net(torch.nn.Module):\n    def __init__(self, a):\n        pass\nNet(1, 2)\n",
            "Too many",
        ),
        ("class A:\n    @staticmethod\n    def f(x):\n        pass\nA.f(1, 2)\n", "Too many arguments"),
        ("def go(x):\n    return x\ngo(1, 2)\n", "Too many arguments"),
        ("import abc\nclass A(abc.ABC):\n    pass\nclass B(A):\n    pass\nB().nope()\n", "no attribute"),
        ("import json\njson.read('x')\n", "no attribute"),
        ("import argparse\nprint(vars(argparse.Namespace()))\nclass A:\n    pass\nA().nope()\n", "no attribute"),
    ],
)
def test_faults_of_which_there_is_no_doubt_are_kept(text: str, fault: str):
    [found] = find_static_faults({"main.py": text})
    assert found.startswith(f"main.py: line {text.count(chr(10))} ") and fault in found
