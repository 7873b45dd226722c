"""PDF: what is told apart in print — titles, headings, equations, tables, footnotes."""

from pathlib import Path

import pytest

from data import Paper, read_paper
from data.pdf_equations import split_equation
from data.pdf_fonts import mark_run_in, restore_hyphens
from data.pdf_headings import Part, split_heading
from data.pdf_join import join_parts
from data.pdf_layout import without_emphasis
from tests.data.small_pdfs import Line, pdf

SENTENCE = "The sheep are counted with a damped average that never forgets a single sheep of the night."
COLUMN = ["Sheep are counted with great care,", "every night anew and with joy, by", "all who cannot sleep well today."]


def read(folder: Path, *pages: list[Line]) -> Paper:
    (folder / "paper.pdf").write_bytes(pdf(list(pages)))
    return read_paper(folder / "paper.pdf")


def test_the_title_is_the_large_print_and_not_the_notice_above_it(tmp_path: Path) -> None:
    page = [Line("Permission is hereby granted to copy this.", 11), Line(""), Line("Wool Is All", 17, bold=True, x=200)]
    page += [Line("You Need", 17, bold=True, x=220), Line(""), Line("Ann Author", x=250), Line("")]
    page += [Line("Abstract", 12, bold=True, x=270), *[Line(SENTENCE)] * 4, Line("")]
    page += [Line("1 Introduction", 12, bold=True), *[Line(SENTENCE)] * 6]
    paper = read(tmp_path, page)
    assert paper.title == "Wool Is All You Need"
    assert paper.abstract == " ".join([SENTENCE] * 4)
    assert "Permission" not in paper.markdown


def test_a_sentence_goes_on_over_the_page_end(tmp_path: Path) -> None:
    first = [Line("Wool", 17, bold=True), Line(""), Line("1 Introduction", 12, bold=True), *[Line(SENTENCE)] * 6]
    paper = read(
        tmp_path,
        [*first, Line("The last sentence goes on with sheep and")],
        [Line("with wool on the next page."), *[Line(SENTENCE)] * 6],
    )
    assert "goes on with sheep and with wool on the next page." in paper.markdown


@pytest.mark.parametrize(
    ("text", "indented", "expected"),
    [
        ("f(x) = max$(0,x)$ (2)", False, [("equation", "$$\nf(x) = \\mathrm{max}(0,x) \\tag{2}\n$$")]),
        (
            "where head$_{i}=$ Att$(Q_{i})$",
            True,
            [("equation", "$$\n\\text{where } \\mathrm{head}_{i}= \\mathrm{Att}(Q_{i})\n$$")],
        ),
        ("We set a = b in every one of our runs (2)", False, [("text", "We set a = b in every one of our runs (2)")]),
        ("Sheep (2)", True, [("text", "Sheep (2)")]),
    ],
)
def test_equations_are_told_from_sentences(text: str, indented: bool, expected: list[tuple[str, str]]) -> None:
    assert split_equation(text, indented) == expected


@pytest.mark.parametrize(
    ("text", "heading", "rest"),
    [
        ("A.2.1. NOTATION We begin here.", "A.2.1. NOTATION", "We begin here."),
        ("5.5. Effects of Analysis.", "5.5. Effects of Analysis", ""),
        ("3.5 of the sheep sleep.", "", "3.5 of the sheep sleep."),
        ("Sheep sleep.", "", "Sheep sleep."),
    ],
)
def test_headings_in_the_print_of_the_text_are_found(text: str, heading: str, rest: str) -> None:
    assert split_heading(text) == (heading, rest)


def test_a_bold_run_in_is_cut_where_the_bold_print_ends() -> None:
    assert mark_run_in("Label Smoothing During training", ["Label Smoothing"]) == "**Label Smoothing** During training"
    assert mark_run_in("All of it", ["All of it"]) == "All of it"


def test_hyphens_of_compounds_come_back_and_those_of_division_do_not() -> None:
    plain = "source-\r\ntarget transduc-\r\ntion MultiHead Multi-Head source source target target"
    plain += " position-wise position-\r\nwise"
    assert restore_hyphens("sourcetarget transduction MultiHead positionwise", plain) == (
        "source-target transduction MultiHead position-wise"
    )


def test_italics_go_and_formulas_stay() -> None:
    assert (
        without_emphasis("*Figure 1. The ben-* efits of $a*b$ and **bold**")
        == "Figure 1. The benefits of $a*b$ and **bold**"
    )


def test_headings_without_number_in_a_numbered_paper_are_lettering_or_run_ins() -> None:
    names = [
        "# Wool",
        "## Abstract",
        "## 1 Introduction",
        "## 2 Method",
        "### VRAM",
        "## 7 if n then",
        "## 3 End",
        "## Impact Statement",
    ]
    parts = [part for name in names for part in (Part("heading", name, 12), Part("text", "Sheep sleep."))]
    markdown = join_parts([*parts, Part("heading", "## References", 12), Part("heading", "## Extra Figures", 12)])
    kept = [line for line in markdown.split("\n") if line.startswith("#")]
    assert kept == [n for n in names if "VRAM" not in n and "7 if" not in n] + ["## References", "## Extra Figures"]
    assert "**VRAM**" in markdown
    assert "**7 if n then**" in markdown


def test_a_grid_beside_a_figures_caption_is_its_lettering() -> None:
    grid = Part("float", "| The | The |\n|---|---|\n| sheep | sheep |")
    text = Part("text", "Sheep sleep.")
    assert "| sheep |" not in join_parts([text, Part("float", "Figure 4: Heads."), grid, text])
    assert "| sheep |" in join_parts([text, Part("float", "Table 4: Heads."), grid, text])
