"""Several files in one answer."""

import re

import pytest

from signatures.bundle import FileBundle, join_files, split_files

FILES = {
    "main.py": 'import os\n\n\ndef f() -> None:\n    """One."""\n\n    print(os.name)\n',
    "src/__init__.py": "",
    "src/model.py": "    # indented\nx = 1\n",
    "README.md": "# It\n\n```sh\npython main.py\n```\n",
}


def test_what_was_joined_is_split_into_the_same_files_in_the_same_order():
    assert list(split_files(join_files(FILES)).items()) == list(FILES.items())


def test_a_bundle_gives_its_files_by_path():
    bundle = FileBundle(files=join_files(FILES))
    assert bundle.by_path() == FILES
    assert FileBundle.from_yaml(bundle.to_yaml()) == bundle


@pytest.mark.parametrize(
    "mark", ["==== a.py ====", "====a.py====", "======== a.py ====", "====\ta.py  =====  ", "==== ./a.py ===="]
)
def test_a_marker_has_at_least_four_signs_on_each_side(mark):
    assert split_files(f"{mark}\nx = 1\n") == {"a.py": "x = 1\n"}


@pytest.mark.parametrize(
    "line",
    [
        "=== b.py ===",
        "==== b.py",
        "b.py ====",
        "    ==== b.py ====",
        "# ==== b.py ====",
        'print("==== b.py ====")',
        "==== loss = 0.1 ====",
    ],
)
def test_other_lines_with_such_signs_are_text(line):
    assert split_files(f"==== a.md ====\n{line}\n") == {"a.md": f"{line}\n"}


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=====\n\nText.\n",
        "=======\nTitle\n=======\n\nText.\n",
        "====  ======\none   two\n====  ======\n1     2\n====  ======\n",
        "<<<<<<< one\na\n=======\nb\n>>>>>>> other\n",
        "==========\n==========\n",
    ],
    ids=["underline", "overline", "table", "conflict", "rules"],
)
def test_headings_and_tables_of_markup_are_no_markers(text):
    assert split_files(f"==== README.rst ====\n{text}\n==== a.py ====\nx = 1\n") == {
        "README.rst": text,
        "a.py": "x = 1\n",
    }


def test_what_stands_before_the_first_file_is_left_out():
    assert split_files("Here they are.\n\n==== a.py ====\nx = 1") == {"a.py": "x = 1\n"}


@pytest.mark.parametrize("text", ["", "\n\n", "x = 1\n", "==== ====\n", "========\n", "Title\n=====\n"])
def test_an_answer_without_a_file_is_refused(text):
    with pytest.raises(ValueError, match="holds no file"):
        split_files(text)


def test_files_may_be_empty():
    text = "==== a/__init__.py ====\n==== b/__init__.py ====\n \n\n==== c/__init__.py ===="
    assert split_files(text) == dict.fromkeys(["a/__init__.py", "b/__init__.py", "c/__init__.py"], "")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../a.py", "leaves the repository"),
        ("/etc/passwd", "not a relative path"),
        (".git/hooks/pre-commit", "folder of git"),
        ("a\\b.py", "not a relative path"),
        ("Training loop", "use letters"),
        ("`a.py`", "use letters"),
    ],
)
def test_an_unsafe_path_is_refused_with_the_reason(path, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        split_files(f"==== main.py ====\nx = 1\n==== {path} ====\nx = 1\n")


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("a.py", "a.py", "listed twice"),
        ("a.py", "./a.py", "listed twice"),
        ("a.py", "A.py", "differ in case only"),
        ("a", "a/b.py", "is a file and also the folder"),
    ],
)
def test_paths_that_collide_are_refused(one, other, reason):
    with pytest.raises(ValueError, match=reason):
        split_files(f"==== {one} ====\nx = 1\n==== {other} ====\ny = 1\n")


def test_line_ends_of_windows_are_read_and_not_kept():
    text = join_files(FILES).replace("\n", "\r\n")
    assert split_files(text) == FILES
    assert FileBundle(files=text) == FileBundle(files=join_files(FILES))


def test_a_fence_around_a_file_is_taken_off():
    assert split_files("==== a.py ====\n\n```python\nx = 1\n```\n\n==== b.py ====\ny = 2\n") == {
        "a.py": "x = 1\n",
        "b.py": "y = 2\n",
    }


@pytest.mark.parametrize("mark", ["```", "~~~~"])
def test_a_fence_around_all_files_is_taken_off(mark):
    assert split_files(f"{mark}text\n\n{join_files(FILES)}\n{mark}\n") == FILES


def test_a_fence_around_what_stands_first_takes_nothing_from_the_last_file():
    text = "```\nmain.py\n```\n\n==== README.md ====\nRun:\n\n```sh\npython main.py\n```\n"
    assert split_files(text) == {"README.md": "Run:\n\n```sh\npython main.py\n```\n"}


def test_files_are_split_in_time_that_grows_with_their_length():
    spaces = " " * 200_000
    assert split_files(f"==== a.md ====\n==== b{spaces}.\n") == {"a.md": f"==== b{spaces}.\n"}
