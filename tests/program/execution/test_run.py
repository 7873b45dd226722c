"""Reports on runs of tiny repositories, each really run in the sandbox: what happened, where, and of what kind."""

import time
from pathlib import Path

import pytest

from data.errors import FolderError
from program.execution.command import Commands, find_commands
from program.execution.failure import explain_failure
from program.execution.metrics import printed_metrics, saved_metrics
from program.execution.report import Execution, Failure, Frame
from program.execution.run import execute
from program.repository import Listing, Repository
from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.dependencies import Source, environment_of, prepare
from program.sandbox.limits import Limits, Outcome
from tests.program.sandbox.conftest import why_not
from tests.program.sandbox.wheels import make_wheel

REPOSITORY, OUT = Path("repository"), Path("out")


def write(**files: str) -> None:
    """Write a repository; `__` in a name stands for the slash, `_py` for the extension."""
    for name, text in files.items():
        path = REPOSITORY / (name.replace("__", "/").removesuffix("_py") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(command: str = "python main.py", **limits: float) -> Execution:
    if reason := why_not("bubblewrap"):
        pytest.skip(reason)
    return execute(Bubblewrap(), REPOSITORY, command, Limits(**{"wall_seconds": 30, **limits}), OUT)


def failure(text: str, **limits: float) -> Failure:
    """Run a main.py that fails, and return how."""
    write(main=text)
    execution = run(**limits)
    assert execution.status != "ran"
    assert execution.failure
    return execution.failure


@pytest.mark.parametrize(
    ("names", "command"),
    [
        (["main.py"], "python main.py"),
        (["train.py", "main.py"], "python main.py"),
        (["src/model.py", "train.py"], "python train.py"),
        (["run.sh"], "sh run.sh"),
        (["reproduce.sh", "train.py"], "python train.py"),
        (["src/main.py"], "python src/main.py"),
        (["src/main.py", "train.py"], "python train.py"),
        (["lib/main.py"], None),
        (["README.md"], None),
        ([], None),
    ],
)
def test_the_command_is_that_of_the_first_entry_point(names: list[str], command: str | None):
    found = find_commands(Listing(dict.fromkeys(names, "")))
    assert found == (Commands(None, (command,)) if command else None)


@pytest.mark.parametrize(
    ("config", "has"),
    [
        ("quick:\n  epochs: 1\n", True),
        ("epochs: 100\n", False),
        ("quick: true\n", False),
        ("- quick\n", False),
        ("quick: {", False),
        ("", False),
    ],
)
def test_the_quick_mode_is_used_where_config_yaml_has_one(config: str, has: bool):
    listing = Listing({"main.py": "", "config.yaml": config})
    assert find_commands(listing) == Commands("python main.py --quick" if has else None, ("python main.py",))


def test_a_run_is_reported_with_what_it_printed_and_wrote():
    write(
        main="""
import json, os, sys, time
from model import accuracy
block = os.urandom(1 << 20) * 60
time.sleep(0.2)
os.makedirs("results")
json.dump({"accuracy": accuracy()}, open("results/metrics.json", "w"))
os.symlink("/etc/passwd", "results/stolen")
print("epoch 1 | loss: 0.75")
print("epoch 2 | loss: 0.5")
print("Test accuracy = 91.5%, argv", sys.argv[1])
print("a warning", file=sys.stderr)
""",
        model="def accuracy():\n    return 0.915\n",
    )
    execution = run("python main.py 'two words'")
    assert (execution.status, execution.exit_code, execution.failure) == ("ran", 0, None)
    assert execution.command == "python main.py 'two words'"
    assert execution.produced == ("results/metrics.json",)
    assert execution.left_out == {"results/stolen": "a link"}
    assert (OUT / "results" / "metrics.json").read_text() == '{"accuracy": 0.915}'
    assert execution.metrics == {"accuracy": 0.915, "loss": 0.5, "Test accuracy": 91.5}
    assert 0.2 < execution.seconds < 10
    assert 60 < execution.peak_memory_mb < 120
    assert "argv two words" in execution.stdout
    assert execution.stderr == "a warning\n"
    assert Execution.model_validate_json(execution.model_dump_json()) == execution


def test_a_shell_script_is_run():
    write(main="print('from python')")
    (REPOSITORY / "run.sh").write_text("cd .\npython main.py\npython3 main.py\nexit 3\n")
    execution = run("sh run.sh")
    assert (execution.status, execution.exit_code) == ("failed", 3)
    assert execution.stdout == "from python\n" * 2
    assert execution.failure == Failure(kind="other", error="from python")


def test_a_missing_dependency_is_told_from_a_missing_module_of_its_own():
    assert failure("import torchvision.models\n") == Failure(
        kind="missing dependency",
        error="ModuleNotFoundError: No module named 'torchvision'",
        frame=Frame(file="main.py", line=1, function="<module>", text="import torchvision.models"),
        package="torchvision",
    )
    write(src__model="", train="import src.models\n")
    execution = run("python train.py")
    assert execution.failure == Failure(
        kind="missing module",
        error="ModuleNotFoundError: No module named 'src.models'",
        frame=Frame(file="train.py", line=1, function="<module>", text="import src.models"),
    )


def test_a_module_of_its_own_in_the_wrong_place_is_no_dependency():
    write(src__model="", src__datasets="", main="import model\n", train="import datasets\n")
    found = run().failure
    assert found
    assert (found.kind, found.package) == ("missing module", None)
    found = run("python train.py").failure
    assert found
    assert (found.kind, found.package) == ("missing dependency", "datasets")  # a package that many use


@pytest.mark.parametrize(
    ("text", "kind", "error"),
    [
        ("from os import nothing", "import", "ImportError: cannot import name 'nothing' from 'os'"),
        ("import os\nos.nothing", "attribute", "AttributeError: module 'os' has no attribute 'nothing'"),
        ("nothing", "name", "NameError: name 'nothing' is not defined"),
        ("len(3)", "type", "TypeError: object of type 'int' has no len()"),
        ("def f(input_shape): ...\nf()", "type", "TypeError: f() missing 1"),
        ("int('x')", "value", "ValueError: invalid literal"),
        ("{}['lr']", "key", "KeyError: 'lr'"),
        ("open('data/train.csv')", "file", "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.csv'"),
        ("open('/usr/x', 'w')", "file", "OSError: [Errno 30] Read-only file system"),
        ("assert 1 == 2, 'no'", "assertion", "AssertionError: no"),
        ("assert 1 == 2", "assertion", "AssertionError"),
        ("a = (", "syntax", "SyntaxError: '(' was never closed"),
        ("if True:\na = 1", "syntax", "IndentationError: expected an indented block"),
        ("if True:\n\ta = 1\n        b = 2", "syntax", "TabError: inconsistent use"),
        (
            "raise RuntimeError('mat1 and mat2 shapes cannot be multiplied (4x3 and 2x5)')",
            "shape",
            "RuntimeError: mat1",
        ),
        ("raise RuntimeError('The size of tensor a (3) must match the size of tensor b (4)')", "shape", "RuntimeError"),
        ("raise ValueError('operands could not be broadcast together with shapes (3,) (4,)')", "shape", "ValueError"),
        ("[][3]", "index", "IndexError: list index out of range"),
        ("raise IndexError('Dimension out of range (expected to be in range of [-1, 0])')", "shape", "IndexError: D"),
        ("raise ValueError('unknown dimension reduction method')", "value", "ValueError: unknown"),
        ("raise ValueError('unknown shape: circle')", "value", "ValueError: unknown"),
        (
            "raise RuntimeError('Error(s) in loading state_dict for Net:\\n\\tsize mismatch for fc.weight')",
            "shape",
            "RuntimeError: Error(s) in loading state_dict for Net: size mismatch for fc.weight",
        ),
        ("raise RuntimeError('Bad input.\\nGot shapes (3,) and (4,)')", "shape", "RuntimeError: Bad input."),
        (
            "class A:\n    def __del__(self): {}['lr']\na = A()\ntry:\n    len(3)\nfinally:\n    del a",
            "type",
            "TypeError: object",
        ),
        ("import sys\nclass A:\n    def __del__(self): {}['lr']\nA()\nsys.exit('no data')", "other", "no data"),
        ("raise ExceptionGroup('two', [ValueError('first'), KeyError('second')])", "value", "ValueError: first"),
        (
            "e = []\nfor f in (lambda: len(3), lambda: {}['lr']):\n    try:\n        f()\n"
            "    except Exception as error:\n        e.append(error)\nraise ExceptionGroup('two', e)",
            "key",
            "KeyError: 'lr'",
        ),
        (
            "class MyExceptionGroup(ExceptionGroup): ...\nraise MyExceptionGroup('a', [OSError('b')])",
            "other",
            "OSError: b",
        ),
        ("raise RuntimeError('something')", "other", "RuntimeError: something"),
        ("input('Name? ')", "other", "EOFError: EOF when reading a line"),
        ("import sys; sys.exit('no data')", "other", "no data"),
        ("import sys; sys.exit(3)", "other", "exit code 3"),
        ("import os; os.abort()", "other", "exit code 134"),
        ("class CustomProblem(Exception): ...\nraise CustomProblem('x')", "other", "CustomProblem: x"),
        ("class A(Exception): ...\nraise A", "other", "A"),
        ("next(iter([]))", "other", "StopIteration"),
        ("import socket; socket.getaddrinfo('example.com', 80)", "network", "gaierror: [Errno -"),
        ("import socket; socket.create_connection(('192.0.2.1', 80))", "network", "OSError: [Errno 101]"),
        ("import socket; socket.create_connection(('127.0.0.1', 80))", "network", "ConnectionRefusedError: "),
        ("import urllib.request as r; r.urlopen('http://example.com')", "network", "URLError: <urlopen error"),
        ("x = b'x' * (10 << 30)", "memory", "MemoryError"),
        ("class _ArrayMemoryError(MemoryError): ...\nraise _ArrayMemoryError('Unable')", "memory", "_ArrayMemoryError"),
        (
            "class OutOfMemoryError(RuntimeError): ...\nraise OutOfMemoryError('CUDA')",
            "memory",
            "OutOfMemoryError: CUDA",
        ),
        ("raise RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')", "memory", "RuntimeError: Default"),
        ("open('x', 'wb').write(bytes(99 << 20))", "disk", "killed at its limit of disk"),
        ("open('/tmp/x', 'wb').write(bytes(40 << 20))", "disk", "OSError: [Errno 28] No space left"),
        (
            "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import torch'], check=True)",
            "missing dependency",
            "ModuleNotFoundError: No module named 'torch'",
        ),
        (
            "try:\n    {}['lr']\nexcept KeyError as e:\n    raise ValueError('no lr') from e",
            "value",
            "ValueError: no lr",
        ),
        (
            "import sys\nprint('UserWarning: old', file=sys.stderr)\nprint('NoError: 3', file=sys.stderr)\nlen(3)",
            "type",
            "TypeError: object",
        ),
    ],
)
def test_each_failure_has_its_kind(text: str, kind: str, error: str):
    found = failure(text, disk_mb=50, scratch_mb=20, memory_mb=1000)
    assert found.kind == kind, found
    assert found.error.startswith(error)


def test_limits_are_kinds_of_failure():
    assert failure("while True: pass", wall_seconds=0.4).kind == "timeout"
    assert failure("while True: pass", cpu_seconds=1).error == "killed at its limit of cpu time"
    bomb = "import os, time\nfor _ in range(50): os.fork() or time.sleep(20)\ntime.sleep(20)"
    assert failure(bomb, processes=20).kind == "processes"
    assert failure("for n in range(9999): open(f'{n}', 'w')", files=100).kind == "disk"


def test_a_timeout_is_a_status_of_its_own():
    write(main="print('begun', flush=True)\nwhile True: pass")
    execution = run(wall_seconds=0.5)
    assert (execution.status, execution.exit_code, execution.stdout) == ("timed out", None, "begun\n")
    assert run(wall_seconds=20, cpu_seconds=1).status == "timed out"


def test_the_place_is_the_innermost_in_the_repository():
    write(
        src__deep__layers="import json\n\n\ndef forward(x):\n    return json.loads(x)\n",
        main="from src.deep.layers import forward\n\n\ndef main():\n    forward('{')\n\n\nmain()\n",
    )
    found = run().failure
    assert found
    assert found.frame == Frame(file="src/deep/layers.py", line=5, function="forward", text="return json.loads(x)")
    assert found.error.startswith("JSONDecodeError: ")


def test_the_place_of_a_syntax_error_is_the_file_that_has_it():
    write(src__broken="x = 1\ny = = 2\n", main="import src.broken\n")
    found = run().failure
    assert found
    assert (found.kind, found.frame) == (
        "syntax",
        Frame(file="src/broken.py", line=2, function="<module>", text="y = = 2"),
    )


def test_the_place_is_not_in_an_installed_package_of_the_same_name(tmp_path: Path):
    make_wheel(tmp_path / "wheelhouse", "numpy", files={"loader.py": "def load():\n    raise ValueError('theirs')\n"})
    write(loader_of_ours="", main="import loader\n\nloader.load()\n")
    found = prepare("numpy\n", tmp_path / "cache", Source(tmp_path / "wheelhouse"))
    assert found.folder
    if reason := why_not("bubblewrap"):
        pytest.skip(reason)
    execution = execute(
        Bubblewrap(), REPOSITORY, "python main.py", Limits(), OUT, [found.folder], environment_of(found)
    )
    assert execution.failure == Failure(
        kind="value",
        error="ValueError: theirs",
        frame=Frame(file="main.py", line=3, function="<module>", text="loader.load()"),
    )


def test_a_program_that_waits_for_a_person_is_not_waited_for():
    write(main="answer = input('Continue? [y/n] ')\n")
    execution = run()
    assert execution.seconds < 10
    assert execution.failure
    assert execution.failure.frame == Frame(
        file="main.py", line=1, function="<module>", text="answer = input('Continue? [y/n] ')"
    )


def test_a_run_that_rewrites_its_own_sources_changes_a_copy():
    text = (
        "import os\nopen('main.py', 'w').write('evil')\nos.remove('model.py')\nopen('config.yaml', 'w').write('a: 1')"
    )
    write(main=text, model="kept = 1\n")
    before = Repository(REPOSITORY).files()
    execution = run()
    assert execution.status == "ran"
    assert Repository(REPOSITORY).files() == before
    assert sorted(execution.produced) == ["config.yaml", "main.py"]
    assert (OUT / "main.py").read_text() == "evil"


def test_names_with_line_ends_are_no_part_of_a_run():
    write(main="import os\nprint(sorted(os.listdir('.')))\nopen('new\\nname', 'w').close()")
    (REPOSITORY / "bad\nname.py").write_text("evil")
    execution = run()
    assert "bad" not in execution.stdout
    assert execution.left_out == {"new\\nname": "its name is not printable"}
    assert not execution.produced


def test_a_repository_of_5000_files_is_run():
    write(main="import glob\nprint('files:', len(glob.glob('**/*.py', recursive=True)))")
    for number in range(5000):
        place = REPOSITORY / f"part{number % 50}"
        place.mkdir(exist_ok=True)
        (place / f"m{number}.py").write_text("a = 1\n")
    execution = run()
    assert execution.metrics == {"files": 5001}
    assert execution.produced == ()


def test_what_looks_like_a_secret_is_shown_as_printed_and_is_not_ours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-host")
    write(main="import os\nprint('OPENAI_API_KEY=sk-made-up')\nprint(dict(os.environ))")
    execution = run()
    assert "OPENAI_API_KEY=sk-made-up" in execution.stdout
    assert "sk-of-the-host" not in execution.model_dump_json()


def test_output_that_is_no_text_is_reported():
    write(main="import sys\nsys.stdout.buffer.write(bytes(range(256)) + b'\\x1b[2J')")
    execution = run()
    assert Execution.model_validate_json(execution.model_dump_json()) == execution


@pytest.mark.parametrize("command", ["", "   ", "python 'main.py"])
def test_a_command_that_is_none_is_refused(command: str):
    write(main="")
    assert run(command) == Execution(status="refused", command=command)


def test_a_program_that_is_not_there_is_said_to_be_so():
    write(main="")
    execution = run("poetry run main")
    assert execution.failure == Failure(kind="other", error="cannot start poetry: No such file or directory")
    assert execution.exit_code == 127


def test_no_repository_is_an_error():
    with pytest.raises(FolderError, match="no folder"):
        run()


def test_nothing_is_left_in_the_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(main="import os\nos.makedirs('closed/in')\nos.chmod('closed', 0)")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    run()
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("accuracy: 0.5\naccuracy: 0.75\n", {"accuracy": 0.75}),
        ("BLEU = 27.3", {"BLEU": 27.3}),
        ("top-1 acc: 91.2%", {"top-1 acc": 91.2}),
        ("lr=1e-4, loss=-0.5", {"lr": 1e-4, "loss": -0.5}),
        ("F1 (macro): .5", {"F1 (macro)": 0.5}),
        ("saved to: model_3.pt", {}),
        ("time: 12:30:01", {}),
        ("version: 1.2.3", {}),
        ("no numbers", {}),
        ("loss: 1e999", {}),
        ("The accuracy: 0.5.", {"The accuracy": 0.5}),
        ("a" * 200_000, {}),
        ("params: 1,234,567", {"params": 1_234_567}),
        ("cost = -1,234.5", {"cost": -1234.5}),
        ("shape: 1,2,3", {}),
        ("a: 1, b: 2,c: 3", {"a": 1, "b": 2, "c": 3}),
        ("date: 2024-01-02", {}),
        ("correct: 45/50", {}),
        ("Results:\n1. foo", {}),
        ("Epoch 1/10 - loss: 0.5 - acc: 0.1\nEpoch 2/10 - loss: 0.4 - acc: 0.2", {"loss": 0.4, "acc": 0.2}),
        ("Epoch 1 step 10/20 val loss=.5", {"val loss": 0.5}),
        ("step size: 0.1", {"step size": 0.1}),
        ("Epoch: 3", {"Epoch": 3}),
    ],
)
def test_metrics_are_what_is_printed_with_a_name(text: str, metrics: dict[str, float]):
    assert printed_metrics(text) == metrics


@pytest.mark.parametrize(
    ("name", "text", "metrics"),
    [
        (
            "metrics.json",
            '{"bleu": 27.3, "steps": 3, "model": "base", "done": true, "per class": [1]}',
            {"bleu": 27.3, "steps": 3},
        ),
        ("Test_Results.json", '{"a": NaN, "b": Infinity, "c": 1' + "0" * 400 + "}", {}),
        ("scores.json", "[" * 100_000, {}),
        ("scores.json", "[1, 2]", {}),
        ("metrics.json", "\0", {}),
        ("metrics.json", r'{"\ud800": 1, "\n": 2}', {}),
        ("vocabulary.json", '{"the": 1}', {}),
    ],
)
def test_metrics_are_also_what_is_saved_under_such_a_name(
    name: str, text: str, metrics: dict[str, float], tmp_path: Path
):
    (tmp_path / name).write_text(text)
    assert saved_metrics(tmp_path, [name]) == metrics


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 200_000,
        " " * 200_000,
        "NotFound" * 25_000,
        "E" * 200_000,
        "Traceback (most recent call last):\n" * 10_000 + "  x\n" * 100_000,
        "a: " + "1" * 200_000 + "x",
        "a " * 100_000,
        "a\n\n\n\n" * 100_000,
        ("a" * 60 + " " * 5_000) * 100,
        "a: 1" + ",111" * 50_000 + "x",
        "Exception ignored in\nTraceback (most recent call last):\n" * 10_000,
        "Traceback (most recent call last):\nsubprocess.CalledProcessError: x\n" * 10_000,
        "  + Exception Group Traceback (most recent call last):\n" + "  | " * 100_000,
        'Traceback (most recent call last):\n  File "main.py", line ' + "9" * 5_000 + "\nKeyError: 1\n",
    ],
)
def test_no_output_makes_its_reader_wait(text: str):
    outcome = Outcome(
        exit_code=1, ended_by="exit", seconds=1, peak_memory_mb=1, stdout=text, stderr=text, output_cut=False
    )
    started = time.process_time()
    explain_failure(outcome, Listing({"main.py": ""}))
    printed_metrics(text)
    assert time.process_time() - started < 3


def test_a_cut_traceback_still_has_a_kind():
    outcome = Outcome(
        exit_code=1,
        ended_by="exit",
        seconds=1,
        peak_memory_mb=1,
        stdout="",
        stderr='bytes are left out ...]\nfunc\n  File "/repository/main.py", line 7, in main\n    x()\nKeyError: 3\n',
        output_cut=True,
    )
    found = explain_failure(outcome, Listing({"main.py": ""}))
    assert found == Failure(kind="key", error="KeyError: 3", frame=Frame(file="main.py", line=7, function="main"))
