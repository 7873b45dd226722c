"""Paths of planned files."""

import re

import pytest

from signatures.paths import collisions, safe_path


@pytest.mark.parametrize(
    "path", ["main.py", "src/model.py", "tests/test_a-b.py", ".gitignore", "a/.hidden", "_x/__init__.py", "LICENSE"]
)
def test_accepts_ordinary_paths(path):
    assert safe_path(path) == path


@pytest.mark.parametrize("written", ["./main.py", " main.py "])
def test_returns_the_path_without_what_does_not_count(written):
    assert safe_path(written) == "main.py"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../main.py", "leaves the repository"),
        ("src/../../main.py", "leaves the repository"),
        ("./../main.py", "leaves the repository"),
        ("/etc/passwd", "not a relative path"),
        ("C:/main.py", "not a relative path"),
        ("src\\main.py", "not a relative path"),
        ("~/main.py", "'~'"),
        ("", "not a relative path"),
        (".", "'.'"),
        ("src/", "''"),
        ("src//main.py", "''"),
        ("a/./b.py", "'.'"),
        ("src/ main.py", "' main.py'"),
        ("main.py\nrm", "letters, digits"),
        ("-rf", "letters, digits"),
        ("a.", "letters, digits"),
        ("größe.py", "letters, digits"),
        ("x" * 101, "letters, digits"),
        (".git/hooks/pre-commit", "folder of git"),
        (".GIT/config", "folder of git"),
        ("vendor/.git/config", "folder of git"),
        ("con", "Windows"),
        ("src/AUX.py", "Windows"),
        ("com1.txt", "Windows"),
    ],
)
def test_refuses_a_path_and_says_why(path, reason):
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        safe_path(path)
    assert repr(path.strip().removeprefix("./")) in str(error.value)


def test_names_that_only_begin_like_reserved_ones_are_fine():
    assert [safe_path(path) for path in ("config.py", "console.py", "auxiliary.py", ".github/x.yml")]


def test_finds_no_collision_among_different_paths():
    assert collisions(["main.py", "src/main.py", "src/model.py", "srcs"]) == []


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        (["a.py", "b.py", "a.py"], "'a.py' is listed twice"),
        (["Model.py", "model.py"], "'model.py' and 'Model.py' differ in case only"),
        (["src", "src/a.py"], "'src' is a file and also the folder of 'src/a.py'"),
        (["src/deep/a.py", "src"], "'src' is a file and also the folder of 'src/deep/a.py'"),
        (["Src", "src/a.py"], "'Src' is a file and also the folder of 'src/a.py'"),
    ],
)
def test_names_the_colliding_paths(paths, problem):
    assert collisions(paths) == [problem]
