"""Artifacts: their texts, their YAML, and TeX that JSON has damaged."""

import pytest
from pydantic import Field, ValidationError

from signatures.analysis import FileAnalysis
from signatures.artifact import Artifact, Filled, Item, Text


class Note(Item):
    name: Filled
    remark: Text = ""


class Report(Artifact):
    body: Filled
    notes: list[Note] = Field(default_factory=list)


@pytest.mark.parametrize(
    "text",
    [
        "one line",
        "first\n\nsecond: with a colon\n  - indented",
        "  begins indented\nand goes on",
        "Größe α → β, 漢字, 😀",
        "tab\tin it\n\tand before it",
        "# looks like a comment\n---\n...",
        "yes",
        "0.1",
        "trailing colon:",
        "'quotes' and \"quotes\" and \\theta",
        "next line \x85 and line separator \u2028 in it",
        "\ufeffmarked",
    ],
)
def test_yaml_gives_back_what_was_written(text):
    report = Report(body=text, notes=[Note(name="a", remark=text)])
    assert Report.from_yaml(report.to_yaml()) == report


def test_yaml_shows_several_lines_as_a_block_for_people_to_edit():
    assert Report(body="first\nsecond").to_yaml() == "body: |-\n  first\n  second\nnotes: []\n"


def test_a_copy_is_rendered_with_its_changes():
    report = Report(body="before")
    assert "before" in report.to_yaml()
    assert report.model_copy(update={"body": "after"}).to_yaml() == Report(body="after").to_yaml()


def test_texts_lose_trailing_blanks_and_carriage_returns():
    assert Report(body="\n\na  \r\n\r\n  b\t\n\n").body == "a\n\n  b"


def test_half_a_surrogate_pair_is_replaced():
    assert Report(body="a \ud83d b").body == "a ? b"


@pytest.mark.parametrize("text", ["", "  ", "\n\t\n"])
def test_a_filled_text_is_not_blank(text):
    with pytest.raises(ValidationError, match="must not be empty"):
        Report(body=text)


@pytest.mark.parametrize(
    "lost",
    [
        "\theta",
        "rate \tau",
        "3 \times 3",
        "\text{loss}",
        "\tanh(x)",
        "x \to y",
        "\top",
        "\beta",
        "\frac{1}{2}",
        "\rho",
        "\nabla f",
        "$\nu$ and",
        "a \neq b",
        "\alpha",
        "\vec{x}",
    ],
)
def test_tex_that_lost_its_backslash_in_json_is_rejected(lost):
    with pytest.raises(ValidationError, match="a backslash was lost near"):
        Note(name="a", remark=f"so {lost}")


def test_a_lost_backslash_is_found_in_lists_too():
    class Names(Item):
        names: list[Text]

    with pytest.raises(ValidationError, match="a backslash was lost near"):
        Names(names=["good", "\theta"])


@pytest.mark.parametrize(
    "text", [r"\theta and \nabla", "a\tb", "first\r\nsecond", "first\nu is the input\nnot this", "1. a\n\n$$\nx\n$$"]
)
def test_ordinary_white_space_in_json_is_accepted(text):
    assert Note(name="a", remark=text).remark == text.replace("\r\n", "\n")


def test_sections_that_are_text_may_be_indented_by_tabs():
    rule = "test:\n\techo\n\ttimes=3 text=4\n\taudit"
    assert FileAnalysis(analysis=rule, assumptions=[]).analysis == rule


def test_a_number_counts_as_the_text_of_it():
    assert Note(name="rate", remark=0.1).remark == "0.1"
    assert Report.from_yaml("body: 3\nnotes: []\n").body == "3"


def test_an_artifact_refuses_unknown_sections_and_an_item_ignores_unknown_keys():
    assert Note(name="a", more="x") == Note(name="a")  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="more"):
        Report(body="a", more="x")  # type: ignore[call-arg]
