"""Headers and fences."""

import pytest

from signatures.sections import header, without_fence


def test_a_header_has_the_form_of_dspys_chat_adapter():
    assert header("method") == "[[ ## method ## ]]"


@pytest.mark.parametrize(
    "fenced",
    ["```python\nx = 1\n\ny = 2\n```", "```\nx = 1\n\ny = 2\n```\n", "\n~~~ python\nx = 1\n\ny = 2\n~~~"],
)
def test_takes_off_a_fence_around_the_whole(fenced):
    assert without_fence(fenced) == "x = 1\n\ny = 2"


def test_takes_off_the_outer_of_two_fences():
    assert without_fence("````markdown\n```sh\nls\n```\n````") == "```sh\nls\n```"


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "Run it:\n```sh\nls\n```",
        "```sh\nls\n```\nThat was all.",
        '"""Use it so:\n```\nrun()\n```\n"""\n',
        "```only an opening fence\nx = 1",
        "",
    ],
)
def test_leaves_other_fences_alone(text):
    assert without_fence(text) == text
