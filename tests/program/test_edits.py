import pytest

from program.edits import apply_repair, check_repair, difference, modified_lines
from signatures.debugging import Edit, Repair, split_edits

FILES = {"main.py": "import a\n\nx = 1\ny = 2\nx = 1\n", "requirements.txt": "numpy>=1\n# a comment\npandas\n"}


def block(file: str, search: str, replace: str) -> str:
    return f"==== {file} ====\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


def repair(edits: str = "", add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Repair:
    return Repair(edits=edits, add_requirements=list(add), remove_requirements=list(remove), explanation="because")


def test_a_text_that_stands_once_is_replaced_and_nothing_else():
    change = repair(block("main.py", "y = 2\n", "y = 3\nz = 4\n"))
    assert check_repair(FILES, change) == []
    assert apply_repair(FILES, change)["main.py"] == "import a\n\nx = 1\ny = 3\nz = 4\nx = 1\n"


def test_edits_of_one_file_follow_each_other():
    change = repair(block("main.py", "y = 2\n", "y = 3\n") + block("main.py", "y = 3\nx = 1\n", "y = 4\n"))
    assert check_repair(FILES, change) == []
    assert apply_repair(FILES, change)["main.py"] == "import a\n\nx = 1\ny = 4\n"


def test_an_empty_search_makes_a_file():
    change = repair(block("src/new.py", "", "pass\n"))
    assert check_repair(FILES, change) == []
    assert apply_repair(FILES, change)["src/new.py"] == "pass\n"


def test_lines_are_removed_by_an_empty_replacement():
    assert apply_repair(FILES, repair(block("main.py", "y = 2\n", "")))["main.py"] == "import a\n\nx = 1\nx = 1\n"


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ("", "nothing would change"),
        (block("main.py", "x = 1\n", "x = 2\n"), "stands in the file 2 times"),
        (block("main.py", "y = 20\n", "y = 3\n"), "does not stand in the file; what comes nearest is:\ny = 2"),
        (block("main.py", "  y = 2\n", "y = 3\n"), "does not stand in the file"),
        (block("main.py", "y = \n", "y = 3\n"), "does not stand in the file"),  # a part of a line
        (block("main.py", "y = 2\n", "y = 2\n"), "REPLACE is the same"),
        (block("main.py", "", "y = 2\n"), "SEARCH is empty"),
        (block("gone.py", "y = 2\n", "y = 3\n"), "no such file"),
        (block("main.py", "y = 2\n", "y = (\n"), "line 4 of main.py is not Python"),
        (block("main.py/a.py", "", "x\n"), "is a file and also the folder"),
        (block("Main.py", "", "x\n"), "differ in case only"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_exactly_is_refused_with_the_reason(edits: str, reason: str):
    problems = check_repair(FILES, repair(edits))
    assert len(problems) == 1
    assert reason in problems[0]


def test_a_line_that_follows_itself_stands_twice():
    assert "2 times" in check_repair({"a.txt": "x\nx\n"}, repair(block("a.txt", "x\n", "y\n")))[0]


@pytest.mark.parametrize("path", ["../outside.py", "/etc/passwd", "a/../../b.py", ".git/config", "a\\x.py"])
def test_no_edit_leaves_the_repository(path: str):
    with pytest.raises(ValueError, match=r"path|repository|git"):
        repair(block(path, "", "x = 1\n"))


@pytest.mark.parametrize(
    "text",
    [
        "some words",
        "==== main.py ====\nsome words\n",
        "==== main.py ====\n<<<<<<< SEARCH\nx\n>>>>>>> REPLACE\n",
        "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
        block("main.py", "x\n", "y\n") + "and more",
    ],
)
def test_what_is_no_edit_is_refused(text: str):
    with pytest.raises(ValueError, match=r"path|block"):
        repair(text)


def test_fences_and_other_line_ends_do_not_matter():
    text = f"```\n{block('main.py', 'y = 2', 'y = 3')}```".replace("2=", "2\n=").replace("3>", "3\n>")
    wanted = [Edit("main.py", "y = 2\n", "y = 3\n")]
    assert split_edits(text) == split_edits(text.replace("\n", "\r\n")) == wanted


def test_the_text_of_an_edit_keeps_its_blanks_and_marks():
    text = block("a.md", "    x  \n\n", "    ====\n\ty \n")
    assert split_edits(text) == [Edit(file="a.md", search="    x  \n\n", replace="    ====\n\ty \n")]


def test_requirements_are_edits_of_their_own_kind():
    after = apply_repair(FILES, repair(add=("NumPy>=2", "scipy"), remove=("pandas",)))
    assert after["requirements.txt"] == "NumPy>=2\n# a comment\nscipy\n"
    assert apply_repair({}, repair(add=("scipy",))) == {"requirements.txt": "scipy\n"}


@pytest.mark.parametrize("line", ["-e ./evil", "--index-url x", "numpy @ https://x/y.whl", "git+https://x/y"])
def test_a_requirement_that_is_no_package_is_refused(line: str):
    with pytest.raises(ValueError, match=r"requirement line|address"):
        repair(add=(line,))


def test_modified_lines_count_a_replaced_line_once():
    assert modified_lines(FILES, FILES) == 0
    assert modified_lines({"a": "1\n2\n3\n"}, {"a": "1\nx\n3\n"}) == 1
    assert modified_lines({"a": "1\n2\n3\n"}, {"a": "1\nx\ny\n3\n"}) == 2
    assert modified_lines({"a": "1\n2\n3\n"}, {"a": "1\n"}) == 2
    assert modified_lines({"a": "1\n"}, {"a": "1\n", "b": "2\n3\n"}) == 2


def test_the_difference_shows_files_that_are_new_or_changed():
    text = difference({"a.py": "x\ny", "same": "s\n"}, {"a.py": "x\nz\n", "b.py": "n\n", "same": "s\n"})
    assert text == (
        "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+z\n"
        "--- /dev/null\n+++ b/b.py\n@@ -0,0 +1 @@\n+n\n"
    )


def test_a_file_that_is_empty_can_be_filled():
    assert apply_repair({"pkg/__init__.py": ""}, repair(block("pkg/__init__.py", "", "x = 1\n"))) == {
        "pkg/__init__.py": "x = 1\n"
    }


def test_files_of_any_name_that_exist_can_be_edited_and_new_ones_need_a_good_name():
    names = ("my file.py", "données.py", "a+b/aux.py")
    change = repair("".join(block(name, "x = 1\n", "x = 2\n") for name in names))
    assert check_repair(dict.fromkeys(names, "x = 1\n"), change) == []
    assert "letters, digits" in check_repair({}, repair(block("new file.py", "", "x\n")))[0]


def test_a_file_that_was_not_read_is_never_replaced():
    change = repair(block("weights.bin", "", "x\n"))
    assert "leave it as it is" in check_repair(FILES, change, {"weights.bin"})[0]


def test_banners_in_the_text_are_no_marks():
    text = block("a.md", "==== Results ====\n=====\n", "======== \n==== b.py ====\n")
    assert split_edits(text) == [Edit("a.md", "==== Results ====\n=====\n", "======== \n==== b.py ====\n")]


def test_all_lines_of_a_package_are_replaced():
    files = {"requirements.txt": "numpy>=1\ntorch==1 --hash=sha256:0\nnumpy<3\n"}
    after = apply_repair(files, repair(add=("numpy>=2", "torch==2")))
    assert after["requirements.txt"] == "numpy>=2\ntorch==2\n"
