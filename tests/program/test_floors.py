"""Repositories with nothing to judge are known without a model; real ones never are."""

import json

import pytest

from program.exhibit import make_exhibit
from program.floors import floor
from program.repository import Listing


def floored(files: dict[str, str], left_out: dict[str, str] | None = None) -> str | None:
    return floor(make_exhibit(Listing(files=files, left_out=left_out or {})))


def notebook(*sources: str, kind: str = "code") -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": source} for source in sources]})


NO_CODE = "it has no executable code, only settings or prose"

STUBS = "its functions are stubs: nothing in it computes anything"

MAIN = "from model import fit\n\n\nif __name__ == '__main__':\n    fit()\n"


def test_an_empty_repository():
    assert floored({}) == "it is empty"


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "# Code\n\n```python\nprint(1)\n```\n"},
        {"config.yaml": "seed: 0\n", "requirements.txt": "numpy\n", "setup.cfg": "[metadata]\n"},
        {"pkg/__init__.py": "", "main.py": "# TODO: everything\n"},
        {"pkg/__init__.py": '"""The package."""\n'},
        {"a.ipynb": notebook("All of it is implemented.", kind="markdown")},
        {"a.ipynb": notebook()},
        {"a.cpp": "// all of it\n/* is\n   here */\n"},
        {"table.csv": "1,2\n"},
    ],
)
def test_nothing_but_settings_and_prose(files):
    assert floored(files) == NO_CODE


def test_nothing_but_binaries():
    assert floored({}, {"weights.pt": "binary"}) == NO_CODE


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "...",
        '"""Do it."""',
        "raise NotImplementedError",
        "raise NotImplementedError('later')",
        "return",
        "return None",
        "return 0.97",
        "return x",
        "return {}",
        "return []",
        "return -1",
        "return 0.93, [1.0]",
        "return {'accuracy': 0.93}",
        "loss = 0.0\n    return loss",
        "print('trained')",
        "logger.info('trained')",
        '"""Do it."""\n    print("done")\n    return True',
    ],
)
def test_functions_with_stub_bodies(body):
    assert floored({"model.py": f"import numpy as np\n\n\ndef fit(x):\n    {body}\n", "main.py": MAIN}) == STUBS


@pytest.mark.parametrize(
    "text",
    [
        "class Net(nn.Module):\n    size = 3\n\n    def __init__(self, a):\n        super().__init__()\n"
        "        self.a = a\n        self.b: int = 0\n\n    def forward(self, x):\n        return x\n",
        "class Base(ABC):\n    @abstractmethod\n    def fit(self): ...\n",
        "async def fit():\n    pass\n",
        "RATE = 0.1\nSIZES = [1, 2, -3]\nNAMES = {'a': (1, 2)}\nalias: type = np.ndarray\n",
        "from .model import *\n\n__all__ = ['fit']\n",
        "def main():\n    pass\n\n\nif __name__ == '__main__':\n    sys.exit(main())\n",
        "print('All tables are reproduced.')\n",
        "import logging\n\nlogging.basicConfig(level=logging.INFO)\nlogger = logging.getLogger(__name__)\n",
        "try:\n    import torch\nexcept ImportError:\n    torch = None\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from model import Net\n",
    ],
)
def test_modules_in_which_nothing_is_computed(text):
    assert floored({"model.py": text}) == STUBS


@pytest.mark.parametrize("name", ["run.sh", "run"])
def test_a_shell_script_that_only_runs_stubs_is_no_more_than_they_are(name):
    script = '#!/bin/sh\n# all of it\nset -e\npip install numpy\npython ./model.py --seed 1 "$@"\n'
    assert floored({"model.py": "def fit():\n    pass\n", name: script}) == STUBS


def test_a_link_beside_stubs_is_no_program():
    assert floored({"model.py": "def fit():\n    pass\n"}, {"main.py": "a link"}) == STUBS


def test_stubs_in_a_notebook():
    assert floored({"a.ipynb": notebook("import numpy as np", "def fit(x):\n    pass")}) == STUBS


REAL = {
    "a function": {"a.py": "def f(x):\n    return x + 1\n"},
    "a method": {"a.py": "class A:\n    def f(self):\n        self.x += 1\n"},
    "a nested function": {"a.py": "def f():\n    def g(x):\n        return x + 1\n    return g\n"},
    "a script without functions": {"train.py": "import torch\nfrom models import net\nnet.train(steps=100)\n"},
    "a script of one call": {"train.py": "from lightning import cli\ncli.run('config.yaml')\n"},
    "a script that calls a library in its main block": {
        "train.py": "from trl import Trainer\n\nif __name__ == '__main__':\n    Trainer('gpt2', steps=3).train()\n"
    },
    "a loop": {"a.py": "for n in [1, 2]:\n    print(n)\n"},
    "a lambda": {"a.py": "loss = lambda a, b: abs(a - b)\n"},
    "a lambda without a call": {"a.py": "negate = lambda a: -a\nfirst = lambda a: a[0]\n"},
    "a generator": {"a.py": "squares = set(x * x for x in (1, 2))\n"},
    "a comparison": {"a.py": "def f(x):\n    return x > 0\n"},
    "a class attribute that is made": {"a.py": "class Net(Base):\n    layer = Linear(3, 4)\n"},
    "a constructor that builds": {"a.py": "class Net(Base):\n    def __init__(self):\n        super().__init__(3)\n"},
    "a print of something computed": {"a.py": "def f(x):\n    print(x)\n"},
    "abstract classes and one real module": {
        "base.py": "class Base(ABC):\n    @abstractmethod\n    def fit(self): ...\n",
        "nested/deep/real.py": "def fit(x):\n    return x @ x.T\n",
        "zeros.py": "def zero():\n    return 0\n",
    },
    "a notebook": {"a.ipynb": notebook("x = 1", "y = x + 1\nprint(y)")},
    "a notebook with commands": {"a.ipynb": notebook("%matplotlib inline\n!pip install x", "def f(): pass")},
    "a notebook of Julia": {"a.ipynb": notebook("f(x) = x^2\nf(3)")},
    "a notebook of an old format": {"a.ipynb": json.dumps({"worksheets": [{"cells": []}], "nbformat": 3})},
    "Julia": {"src/A.jl": "f(x) = x^2\n"},
    "C++": {"src/a.cpp": "#include <x>\nint main() { return 0; }\n"},
    "a C header of macros": {"a.h": "#define SQUARE(x) ((x) * (x))\n"},
    "MATLAB": {"fit.m": "% fit\nfunction y = fit(x)\ny = x * 2;\nend\n"},
    "R": {"fit.R": "fit <- function(x) x^2\n"},
    "Stan": {"model.stan": "model { y ~ normal(0, 1); }\n"},
    "Fortran": {"a.f": "      program a\n      end\n"},
    "R Markdown": {"paper.Rmd": "```{r}\nx <- 1\n```\n"},
    "Python 2": {"train.py": "import model\nfor n in range(3):\n    print 'epoch', n\n"},
    "Python 2 beside stubs": {"a.py": "def f():\n    pass\n", "b.py": "print 'x'\n"},
    "Python that is broken": {"a.py": "def f(:\n    return 1\n"},
    "a script without a suffix": {"bin/train": "#!/usr/bin/env python\nimport model\nmodel.fit(3)\n"},
    "a shell script without a suffix": {"run": "#!/bin/sh\ncurl x | tar x\n"},
    "a shell script that runs what is elsewhere": {"run.sh": "python -m trl.train --lr 0.1\npython ../train.py\n"},
    "a shell script that computes": {
        "a.py": "def f(): ...\n",
        "run.sh": "python a.py | awk '{s += $1} END {print s}'\n",
    },
    "a logger that is given something made": {"a.py": "logger.addHandler(make(3))\n"},
    "a try that computes": {"a.py": "try:\n    x = f(3)\nexcept ValueError:\n    pass\n"},
    "SQL": {"a.sql": "-- all\nSELECT AVG(x) FROM t;\n"},
    "Stata": {"a.do": "* all\nregress y x\n"},
    "OpenCL": {"a.cl": "__kernel void f() {}\n"},
    "Elixir": {"a.ex": "defmodule A do\nend\n"},
    "stubs in Python around a core in C": {"a.py": "def f(x): ...\n", "core.c": "int f(int x) { return x + 1; }\n"},
}


@pytest.mark.parametrize("files", REAL.values(), ids=REAL)
def test_code_that_does_something_is_read_by_a_judge(files):
    assert floored(files) is None
    assert floored({"README.md": "x\n", "aa.py": "", "zz.py": "def f(): ...\n"} | files) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("train.ipynb", "larger than 1,000,000 bytes"),
        ("main.py", "cannot be read: Permission denied"),
        ("main.py", "the repository holds more than 64,000,000 bytes of text"),
        ("main.py", "binary"),
    ],
)
def test_a_program_that_was_left_out_has_the_benefit_of_the_doubt(path, why):
    assert floored({}, {path: why}) is None
    assert floored({"README.md": "x\n"}, {path: why}) is None
    assert floored({"a.py": "def f(): ...\n"}, {path: why}) is None
