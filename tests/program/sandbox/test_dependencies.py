"""Dependencies of a repository that nobody trusts: what is installed, what is reported, what must never run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from data.errors import SandboxError
from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.dependencies import Dependencies, Source, environment_of, parse_requirements, prepare
from program.sandbox.limits import Limits, Outcome
from tests.program.sandbox.conftest import why_not
from tests.program.sandbox.wheels import make_sdist, make_wheel

CACHE = Path("cache")
UNCOMMON = "is not among those that research code commonly uses"


@pytest.fixture(autouse=True)
def _own_cache_of_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep uv from taking an earlier test's wheel of the same name."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    folder = tmp_path / "wheelhouse"
    make_wheel(folder, "numpy", "1.0")
    make_wheel(folder, "numpy", "2.0")
    make_wheel(folder, "torch", "2.1", requires=["numpy<2"])
    return folder


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """Where code leaves a mark that must not run."""
    return tmp_path / "mark"


def prepared(text: str, wheelhouse: Path, **options: bool) -> Dependencies:
    return prepare(text, CACHE, Source(wheelhouse, **options))


def run_inside(code: str, dependencies: Dependencies, folder: Path) -> Outcome:
    if reason := why_not("bubblewrap"):
        pytest.skip(reason)
    assert dependencies.folder
    folder.mkdir()
    return Bubblewrap().run(
        ["python", "-c", code], folder, Limits(), [dependencies.folder], environment_of(dependencies)
    )


def test_packages_are_pinned_with_what_they_need_and_can_be_imported(wheelhouse: Path, tmp_path: Path):
    found = prepared("torch>=2\n", wheelhouse)
    assert (found.installed, found.findings) == (["numpy==1.0", "torch==2.1"], [])
    code = "import numpy, torch, sys; print(numpy.VERSION, torch.VERSION, sys.prefix)"
    assert run_inside(code, found, tmp_path / "work").stdout == f"1.0 2.1 {found.folder}\n"


def test_the_environment_cannot_be_changed_from_inside(wheelhouse: Path, tmp_path: Path):
    found = prepared("numpy\n", wheelhouse)
    code = "import numpy; open(numpy.__file__, 'a').write('evil')"
    outcome = run_inside(code, found, tmp_path / "work")
    assert "Read-only file system" in outcome.stderr or "Permission denied" in outcome.stderr


def test_a_second_call_needs_neither_uv_nor_the_wheels(
    wheelhouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    first = prepared("numpy\ntorch\n", wheelhouse)
    shutil.rmtree(wheelhouse)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prepared("# the same, otherwise written\ntorch\n\nNumPy\n", wheelhouse) == first
    different = prepared("numpy==2.0\n", wheelhouse)
    assert different.folder is None


def test_another_python_and_other_wheels_are_another_environment(wheelhouse: Path, tmp_path: Path):
    first = prepared("numpy\n", wheelhouse)
    other = tmp_path / "other"
    make_wheel(other, "numpy", "3.0")
    assert prepared("numpy\n", other).folder != first.folder


def test_what_cannot_be_found_is_reported_and_the_rest_is_installed(wheelhouse: Path):
    found = prepared("numpy\nscipy\n", wheelhouse)
    assert found.installed == ["numpy==2.0"]
    assert len(found.findings) == 1
    assert "the package scipy cannot be installed" in found.findings[0]


def test_what_could_not_be_found_is_looked_for_again(wheelhouse: Path):
    assert prepared("scipy\n", wheelhouse).folder is None
    make_wheel(wheelhouse, "scipy")
    assert prepared("scipy\n", wheelhouse).installed == ["scipy==1.0"]


def test_a_package_that_does_not_go_with_the_others_is_left_out(wheelhouse: Path):
    found = prepared("torch\nnumpy>=2\n", wheelhouse)
    assert found.installed == ["numpy==1.0", "torch==2.1"]
    assert len(found.findings) == 1
    assert "numpy>=2 does not go with the others" in found.findings[0]


def test_two_lines_on_one_package_hold_both(wheelhouse: Path):
    assert prepared("numpy>=1\nnumpy<2\n", wheelhouse).installed == ["numpy==1.0"]


def test_a_broken_wheel_is_a_finding(wheelhouse: Path):
    with (wheelhouse / "scipy-1.0-py3-none-any.whl").open("wb") as file:
        file.write(b"PK nothing")
    found = prepared("scipy\n", wheelhouse)
    assert found.folder is None
    assert "scipy" in found.findings[0]


def test_a_wheel_that_breaks_while_it_is_installed_is_a_finding(wheelhouse: Path):
    make_wheel(wheelhouse, "scipy", files={"../../../../outside.py": "evil"})
    found = prepared("scipy\n", wheelhouse)
    assert not list(CACHE.parent.rglob("outside.py"))
    assert found.folder is None or not found.findings  # refused, or without that file
    assert not list(CACHE.glob(".new-*"))


def test_a_misspelt_name_is_reported_and_not_installed(wheelhouse: Path):
    make_wheel(wheelhouse, "nunpy")
    found = prepared("nunpy\n", wheelhouse)
    assert found.folder is None
    assert found.findings == ["the package 'nunpy' looks like 'numpy' misspelt, and is not installed"]


def test_an_uncommon_name_is_reported_and_installed(wheelhouse: Path):
    make_wheel(wheelhouse, "obscurity")
    found = prepared("obscurity\n", wheelhouse)
    assert found.installed == ["obscurity==1.0"]
    assert found.findings == [f"the package 'obscurity' {UNCOMMON}"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n   # at all\n", "\ufeff", "numpy; python_version < '3'\n"])
def test_nothing_asked_for_is_nothing_installed(text: str, wheelhouse: Path):
    assert prepared(text, wheelhouse) == Dependencies()
    assert not CACHE.exists()


def test_lines_are_read_as_pip_reads_them():
    text = "numpy>=1.0,<3 # why\ntorch ; python_version >= '3'\npandas[excel]\t# more\nscipy ; extra == 'x'\n"
    wanted, findings = parse_requirements(text)
    assert list(map(str, wanted)) == ["numpy<3,>=1.0", 'torch; python_version >= "3"', "pandas[excel]"]
    assert findings == []


TRICKS = [
    "-e ./evil",
    "--editable ./evil",
    "./evil",
    "evil @ file://{evil}",
    "file://{evil}",
    "{evil}/setup.py",
    "-r other.txt",
    "-c other.txt",
    "--index-url http://127.0.0.1:9/simple",
    "--extra-index-url http://127.0.0.1:9/simple",
    "--find-links ./evil",
    "--no-binary :all:",
    "--pre",
    "git+file://{evil}",
    "numpy --global-option=evil",
    "numpy --config-settings=evil",
    "$(touch mark)",
    "`touch mark`; numpy",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_line_that_is_no_name_and_version_runs_nothing(trick: str, wheelhouse: Path, mark: Path):
    evil = Path("evil").absolute()
    evil.mkdir()
    (evil / "setup.py").write_text(leaves(mark))
    Path("other.txt").write_text("-e ./evil\n")
    found = prepared(trick.format(evil=evil) + "\n", wheelhouse)
    assert (found.folder, len(found.findings)) == (None, 1)
    assert found.findings[0].startswith("requirements.txt, line 1 ")
    assert not mark.exists()


def leaves(mark: Path) -> str:
    return f"import pathlib\npathlib.Path({str(mark)!r}).write_text('mark')\nfrom setuptools import setup\nsetup()\n"


def test_such_a_line_would_have_run(mark: Path):
    Path("evil").mkdir()
    Path("evil/setup.py").write_text(leaves(mark))
    subprocess.run([sys.executable, "evil/setup.py", "--version"], check=False, capture_output=True)
    assert mark.read_text() == "mark"


def test_nothing_is_built_from_source(wheelhouse: Path, mark: Path):
    make_sdist(wheelhouse, "scipy", leaves(mark))
    found = prepared("scipy\n", wheelhouse)
    assert found.folder is None
    assert "scipy" in found.findings[0]
    assert not mark.exists()


def test_building_runs_its_code_once_it_is_allowed(wheelhouse: Path, mark: Path):
    """The control of the test above; without setuptools in the wheelhouse, a build system of its own stands in."""
    backend = f"import pathlib\npathlib.Path({str(mark)!r}).write_text('mark')\nraise SystemExit\n"
    make_wheel(
        wheelhouse, "setuptools", "99.0", files={"setuptools/__init__.py": "", "setuptools/build_meta.py": backend}
    )
    make_wheel(wheelhouse, "wheel")
    make_sdist(wheelhouse, "scipy", "")
    prepared("scipy\n", wheelhouse, allow_builds=True)
    assert mark.exists()


def test_a_wheel_that_runs_at_the_start_of_python_does_not_run_here(wheelhouse: Path, mark: Path, tmp_path: Path):
    line = f"import pathlib; pathlib.Path({str(mark)!r}).write_text('mark'); print('ran')\n"
    make_wheel(wheelhouse, "scipy", files={"evil.pth": line, "sitecustomize.py": line})
    found = prepared("scipy\n", wheelhouse)
    assert found.installed == ["scipy==1.0"]
    assert prepared("scipy\nnumpy\n", wheelhouse).installed == ["numpy==2.0", "scipy==1.0"]
    assert prepared("scipy\n", wheelhouse) == found
    assert not mark.exists()
    inside = run_inside("print('run')", found, tmp_path / "work")
    assert inside.exit_code == 0 or "pth" in inside.stderr or "sitecustomize" in inside.stderr
    assert not mark.exists()
    assert found.folder
    subprocess.run([found.folder / "bin" / "python", "-c", ""], check=False)
    assert mark.exists()  # it would have


def test_no_interpreter_of_the_current_folder_is_asked(wheelhouse: Path, mark: Path, monkeypatch: pytest.MonkeyPatch):
    """A generated repository may bring one, and a user may stand in it."""
    for folder in (".venv", "venv"):
        planted = Path(folder) / "bin" / "python"
        planted.parent.mkdir(parents=True)
        planted.write_text(f'#!/bin/sh\ntouch {mark}\nexec {sys.executable} "$@"\n')
        planted.chmod(0o755)
        for name in ("python3", f"python3.{sys.version_info.minor}"):
            (planted.parent / name).symlink_to("python")
        (Path(folder) / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n")
    Path("uv.toml").write_text('index-url = "http://127.0.0.1:9/simple"\n')
    Path("pyproject.toml").write_text('[tool.uv]\nindex-url = "http://127.0.0.1:9/simple"\n')
    Path(".python-version").write_text(str(Path(".venv/bin/python").absolute()))
    control = [find_uv_bin(), "pip", "compile", "-", "--quiet", "--no-index", "--find-links", str(wheelhouse)]
    subprocess.run(control, input="numpy", text=True, check=False, capture_output=True)
    assert mark.exists()
    mark.unlink()
    monkeypatch.setenv("UV_CACHE_DIR", str(Path("another").absolute()))
    monkeypatch.setenv("UV_PYTHON", str(Path(".venv/bin/python").absolute()))
    assert prepared("numpy\n", wheelhouse).installed == ["numpy==2.0"]
    assert not mark.exists()


def test_a_package_that_needs_an_address_is_not_followed(wheelhouse: Path, mark: Path):
    evil = Path("evil").absolute()
    evil.mkdir()
    (evil / "setup.py").write_text(leaves(mark))
    make_wheel(wheelhouse, "scipy", requires=[f"evil @ file://{evil}"])
    found = prepared("scipy\n", wheelhouse)
    assert found.folder is None
    assert found.findings
    assert not mark.exists()


def test_uv_sees_no_secret(wheelhouse: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    make_wheel(
        wheelhouse,
        "setuptools",
        "99.0",
        files={"setuptools/__init__.py": "", "setuptools/build_meta.py": reports(tmp_path)},
    )
    make_wheel(wheelhouse, "wheel")
    make_sdist(wheelhouse, "scipy", "")
    prepared("scipy\n", wheelhouse, allow_builds=True)
    assert "sk-secret" not in (tmp_path / "seen").read_text()


def reports(folder: Path) -> str:
    return f"import os, pathlib\npathlib.Path({str(folder / 'seen')!r}).write_text(str(os.environ))\nraise SystemExit\n"


def test_a_uv_that_does_not_answer_is_an_error(wheelhouse: Path):
    with pytest.raises(SandboxError, match="took longer than"):
        prepare("numpy\n", CACHE, Source(wheelhouse, timeout=0.001))


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x1c", "\u2028"])
def test_no_option_hides_in_a_line_of_requirements(separator: str, wheelhouse: Path):
    found = prepared(f"numpy{separator}--find-links evil\n", wheelhouse)
    assert found.installed == ["numpy==2.0"]
    assert len(found.findings) == 1


@pytest.mark.parametrize(
    ("text", "wanted", "findings"),
    [
        ("numpy==2.2 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n", ["numpy==2.2"], []),
        ("numpy==2.2 --hash=sha256:00\n", ["numpy==2.2"], []),
        ("numpy \\", ["numpy"], []),
        ('numpy; os_name ~= "posix"\n', [], ["condition that cannot be read"]),
        ('numpy; nonsense == "1"\n', [], ["is not a package and a version"]),
        ("sklearn\n", ["scikit-learn"], ["is called 'scikit-learn'"]),
    ],
)
def test_continuations_hashes_and_conditions_are_read(text: str, wanted: list[str], findings: list[str]):
    found, said = parse_requirements(text)
    assert [str(requirement) for requirement in found] == wanted
    assert len(said) == len(findings)
    assert all(part in line for part, line in zip(findings, said, strict=True))


def test_an_allowed_package_is_taken_although_it_looks_misspelt():
    assert parse_requirements("nunpy\n")[0] == []
    assert [one.name for one in parse_requirements("nunpy\n", ["nunpy"])[0]] == ["nunpy"]
