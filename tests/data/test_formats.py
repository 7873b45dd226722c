"""The same small paper reads alike in every format."""

from pathlib import Path

import pytest

from data import PaperError, read_paper
from tests.data import small_papers
from tests.data.small_pdfs import Line, pdf

SENTENCE = "The sheep are counted with a damped average that never forgets a single sheep of the night."
FORMATS = {
    "sheep.md": small_papers.MARKDOWN,
    "sheep.tex": small_papers.LATEX,
    "sheep.html": small_papers.HTML,
    "sheep.json": small_papers.s2orc(),
    "sheep_cleaned.json": small_papers.s2orc(raw=False),
}


@pytest.fixture(params=FORMATS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    path.write_text(FORMATS[request.param], encoding="utf-8")
    return path


def test_every_format_gives_the_same_title_abstract_and_headings(written: Path) -> None:
    paper = read_paper(written)
    assert paper.title == small_papers.TITLE
    assert paper.abstract == "We count sheep with a damped average."
    assert [(s.number, s.heading) for s in paper.sections] == small_papers.HEADINGS
    assert paper.source == written.name


def test_every_format_keeps_the_table_and_the_figure(written: Path) -> None:
    paper = read_paper(written)
    assert [(t.number, t.caption) for t in paper.tables] == [("1", "Sheep per night.")]
    assert paper.tables[0].body.startswith("| Night | Sheep |\n|---|---|\n| first | 12 |")
    assert [(f.number, f.caption) for f in paper.figures] == [("1", "Sheep over time.")]


def test_every_format_drops_the_references_and_marks_the_appendix(written: Path) -> None:
    paper = read_paper(written)
    assert "book about sheep" not in paper.markdown
    assert "Ann Author" not in paper.markdown
    assert [s.appendix for s in paper.sections] == [False] * 4 + [True]
    assert "The proof is short." not in paper.without_appendices().markdown


def test_every_format_survives_being_read_again_from_its_own_markdown(written: Path) -> None:
    paper = read_paper(written)
    again = written.parent / "paper.md"
    again.write_text(paper.markdown, encoding="utf-8")
    assert read_paper(again).markdown == paper.markdown
    assert read_paper(again).hash == paper.hash


def test_the_suffix_does_not_matter_where_the_content_tells_the_format(written: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.txt"
    renamed.write_bytes(written.read_bytes())
    assert read_paper(renamed).markdown == read_paper(written).markdown


@pytest.mark.parametrize("name", ["sheep.md", "sheep.tex", "sheep.html"])
def test_display_equations_are_kept_as_tex_with_their_number(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FORMATS[name], encoding="utf-8")
    (equation,) = read_paper(tmp_path / name).equations
    expected = small_papers.EQUATION + r" \tag{1}"
    assert equation.replace("{t}", "t") == expected.replace("{t}", "t")


def test_a_pdf_gives_headings_text_equation_and_appendix(tmp_path: Path) -> None:
    first = [Line(small_papers.TITLE, 17, bold=True, x=150), Line(""), Line("Ann Author", x=250), Line("")]
    first += [Line("Abstract", 12, bold=True, x=270), *[Line(SENTENCE)] * 3, Line("")]
    first += [Line("1 Introduction", 12, bold=True), *[Line(SENTENCE)] * 5, Line("")]
    first += [Line("2 Method", 12, bold=True), *[Line(SENTENCE)] * 5, Line(""), Line("")]
    first += [Line("y = (1 - b) x + b z      (1)", x=220), Line(""), Line(""), *[Line(SENTENCE)] * 3]
    second = [Line("2.1 Damping", bold=True), *[Line(SENTENCE)] * 5, Line("")]
    second += [Line("References", 12, bold=True), Line("[1] A book about wool."), Line("")]
    second += [Line("A Proofs", 12, bold=True), *[Line(SENTENCE)] * 5]
    path = tmp_path / "sheep.pdf"
    path.write_bytes(pdf([first, second]))
    paper = read_paper(path)
    assert paper.title == small_papers.TITLE
    assert [s.title for s in paper.sections] == ["1 Introduction", "2 Method", "2.1 Damping", "A Proofs"]
    assert paper.equations == (r"y = (1 - b) x + b z \tag{1}",)
    assert paper.sections[0].text == " ".join([SENTENCE] * 5)
    assert paper.sections[-1].appendix
    assert "wool" not in paper.markdown
    (tmp_path / "paper.md").write_text(paper.markdown, encoding="utf-8")
    assert read_paper(tmp_path / "paper.md").markdown == paper.markdown


def test_a_cleaned_json_says_where_it_has_lost_an_equation(tmp_path: Path) -> None:
    path = tmp_path / "sheep_cleaned.json"
    path.write_text(small_papers.s2orc(raw=False), encoding="utf-8")
    paper = read_paper(path)
    assert paper.equations == ()
    assert "[equation missing: this cleaned JSON has lost it, the raw one has it]" in paper.markdown


def test_latin_1_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "paper.tex"
    path.write_bytes("\\title{Zählen}\\begin{document}\\section{Über}Ein Schaf blökt.\\end{document}".encode("latin-1"))
    paper = read_paper(path)
    assert (paper.title, paper.sections[0].heading) == ("Zählen", "Über")


def test_utf_16_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "paper.md"
    path.write_text("# Zählen\n\n## Über\n\nEin Schaf blökt.\n", encoding="utf-16")
    assert read_paper(path).title == "Zählen"


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    path = tmp_path / "sheep.md"
    path.write_text(small_papers.MARKDOWN, encoding="utf-8")
    assert read_paper(str(path)) == read_paper(path)
    with pytest.raises(PaperError):
        read_paper(str(path) + ".gone")
