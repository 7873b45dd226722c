"""The text of a source file."""

import pytest

from signatures.coding import SourceFile


def content(text: str) -> str:
    return SourceFile(content=text, assumptions=[]).content


CODE = 'import os\n\n\ndef f() -> str:\n    """One.\n\n    Two.\n    """\n\n    return "a"\n'


@pytest.mark.parametrize(
    "text", [CODE, CODE.rstrip("\n"), f"\n\n{CODE}\n\n", f"```python\n{CODE}```", f"```\n\n{CODE}\n```\n"]
)
def test_is_the_code_itself_with_one_newline_at_the_end(text):
    assert content(text) == CODE


def test_stays_the_same_when_it_is_read_again():
    assert content(content(CODE)) == content(CODE)


@pytest.mark.parametrize("code", ["all:\n\techo\n\ttext=1\n", 'mark = "\x0c"\n', 'x = "a\u2028b"\n', "r'\\theta'\n"])
def test_keeps_tabs_and_rare_characters(code):
    assert content(code) == code


def test_keeps_fences_inside_the_code():
    code = 'HELP = """\n```sh\nrun\n```\n"""\n'
    assert content(code) == code


@pytest.mark.parametrize("text", ["", "\n \n", "```python\n\n```"])
def test_nothing_is_empty(text):
    assert content(text) == ""
