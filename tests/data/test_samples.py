"""Real papers in several formats agree with themselves; they are not part of the repository."""

import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from data import Paper, read_paper

ROOT = Path(__file__).parents[2]
SAMPLES = [
    "transformer/paper.pdf",
    "transformer/paper.tex",
    "transformer/paper.json",
    "transformer/paper_cleaned.json",
    "chebnet/latex",
    "chebnet/paper.latexml.html",
    "schedule-free/paper.tex",
    "schedule-free/paper.latexml.html",
    "smm/paper.md",
    "smm/paper.json",
    "smm/paper_cleaned.json",
]
TRANSFORMER = """1 Introduction; 2 Background; 3 Model Architecture; 3.1 Encoder and Decoder Stacks; 3.2 Attention;
 3.2.1 Scaled Dot-Product Attention; 3.2.2 Multi-Head Attention; 3.2.3 Applications of Attention in our Model;
 3.3 Position-wise Feed-Forward Networks; 3.4 Embeddings and Softmax; 3.5 Positional Encoding; 4 Why Self-Attention;
 5 Training; 5.1 Training Data and Batching; 5.2 Hardware and Schedule; 5.3 Optimizer; 5.4 Regularization; 6 Results;
 6.1 Machine Translation; 6.2 Model Variations; 6.3 English Constituency Parsing; 7 Conclusion""".replace(
    "\n", ""
).split("; ")
GROBID_EXTRA = {
    "Label Smoothing": "a run-in of 5.4 that GROBID takes for a heading",
    "Input-Input Layer5": "lettering of a figure that GROBID takes for a heading; it holds the last figures' words",
    "Tables and figures": "what no paragraph names by its number",
}
"""Headings of the two JSON files that the paper does not have, and why; they lack `Attention Visualizations`."""

_read = lru_cache(read_paper)


@pytest.fixture
def read(shared_papers: Path):  # type: ignore[no-untyped-def]
    return lambda name: _read(shared_papers / name)


def titles(paper: Paper) -> list[str]:
    return [section.title for section in paper.sections]


def flat(text: str) -> str:
    """Reduce TeX and flat text to the letters and signs that both have."""
    text = re.sub(
        r"\\(?:mathrm|text|mathbb|operatorname|mathbf)\b|\\(?:in)\b|∈|\\[,~]", "", text.replace(r"\dmodel", "dmodel")
    )
    text = (
        text.replace(r"\times", "×")
        .replace(r"\sqrt", "√")
        .replace(r"\frac", "")
        .replace("ℝ", "R")
        .replace(r"\ldots", "...")
    )
    return re.sub(r"[\s${}_^\\&~]", "", text)


@pytest.mark.parametrize("name", SAMPLES)
def test_reading_the_canonical_text_again_changes_nothing(name: str, read, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    paper = read(name)
    (tmp_path / "paper.md").write_text(paper.markdown, encoding="utf-8")
    again = read_paper(tmp_path / "paper.md")
    assert again.markdown == paper.markdown
    assert again.hash == paper.hash
    assert again.model_copy(update={"source": paper.source}) == paper


@pytest.mark.parametrize("name", SAMPLES)
def test_no_sample_keeps_references_or_remnants_of_its_format(name: str, read) -> None:  # type: ignore[no-untyped-def]
    markdown = read(name).markdown
    outside = re.sub(r"(?s)\$\$.*?\$\$|\$[^$\n]*\$|```.*?```", "", markdown)
    assert not re.search(r"(?m)^#+ (References|Bibliography|Acknowledg)", markdown)
    assert not re.search(r"\\(begin|end|section|cite|ref|label|includegraphics|textbf)\b", outside)
    assert not re.search(r"</?(div|span|table|td|math)\b", outside)
    assert "EQUATION" not in outside
    assert "\ue000" not in markdown and "\ue100" not in markdown


def test_the_transformer_has_one_title_in_four_formats(read) -> None:  # type: ignore[no-untyped-def]
    names = [name for name in SAMPLES if name.startswith("transformer")]
    assert {read(name).title for name in names} == {"Attention Is All You Need"}


@pytest.mark.parametrize("name", ["transformer/paper.pdf", "transformer/paper.tex"])
def test_pdf_and_latex_of_the_transformer_have_the_same_headings(name: str, read) -> None:  # type: ignore[no-untyped-def]
    assert titles(read(name)) == [*TRANSFORMER, "Attention Visualizations"]


@pytest.mark.parametrize("name", ["transformer/paper.json", "transformer/paper_cleaned.json"])
def test_json_of_the_transformer_has_the_same_headings_but_for_the_known_ones(name: str, read) -> None:  # type: ignore[no-untyped-def]
    found = titles(read(name))
    assert [title for title in found if title not in GROBID_EXTRA] == TRANSFORMER
    assert [title for title in found if title in GROBID_EXTRA] == list(GROBID_EXTRA)


ATTENTION = {
    "transformer/paper.pdf": "Attention(Q,K,V)=softmax(QKT√dk)V",
    "transformer/paper.tex": "Attention(Q,K,V)=softmax(QKT√dk)V",
    "transformer/paper.json": "Attention(Q,K,V)=softmax(QKT√dk)V",
}
MULTI_HEAD = "MultiHead(Q,K,V)=Concat(head1,...,headh)WO"
HEAD = {"Attention(QWQi,KWKi,VWVi)", "Attention(QWiQ,KWiK,VWiV)"}
PROJECTION = {"WQiRdmodel×dk", "WiQRdmodel×dk"}


@pytest.mark.parametrize("name", ATTENTION)
def test_scaled_dot_product_attention_is_a_display_equation(name: str, read) -> None:  # type: ignore[no-untyped-def]
    equations = [flat(equation) for equation in read(name).equations]
    assert any(ATTENTION[name] in equation for equation in equations), equations


def test_the_cleaned_json_says_that_it_has_lost_scaled_dot_product_attention(read) -> None:  # type: ignore[no-untyped-def]
    paper = read("transformer/paper_cleaned.json")
    (section,) = [s for s in paper.sections if s.number == "3.2.1"]
    assert "[equation missing" in section.text


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("transformer")])
def test_multi_head_attention_and_its_projections_are_in_all_four_formats(name: str, read) -> None:  # type: ignore[no-untyped-def]
    (section,) = [s for s in read(name).sections if s.number == "3.2.2"]
    text = flat(section.text)
    assert MULTI_HEAD in text
    assert any(head in text for head in HEAD)
    assert any(projection in text for projection in PROJECTION)


def test_tables_of_the_transformer_are_alike_in_pdf_and_latex(read) -> None:  # type: ignore[no-untyped-def]
    for paper in (read("transformer/paper.pdf"), read("transformer/paper.tex")):
        assert [t.number for t in paper.tables] == ["1", "2", "3", "4"]
        assert [f.number for f in paper.figures] == ["1", "2", "3", "4", "5"]
        scores, variations, parsing = (paper.tables[i].body for i in (1, 2, 3))
        assert re.search(r"\| Transformer \(big\) \| (\*\*)?28\.4(\*\*)? \| (\*\*)?41\.8", scores)
        assert "| big | 6 | 1024 | 4096 | 16 |  |  | 0.3 |  | 300K |" in variations
        assert re.search(r"\| Dyer et al\. \(2016\) \[[^]]*\] \| generative \| 93\.3 \|", parsing)


def test_the_transformer_as_pdf_has_no_footers_authors_or_figure_lettering(read) -> None:  # type: ignore[no-untyped-def]
    markdown = read("transformer/paper.pdf").markdown
    for unwanted in ("31st Conference", "Illia", "Equal contribution", "<EOS>", "arXiv:1706", "Provided proper"):
        assert unwanted not in markdown


def test_latex_and_html_of_schedule_free_agree(read) -> None:  # type: ignore[no-untyped-def]
    latex, html = read("schedule-free/paper.tex"), read("schedule-free/paper.latexml.html")
    differences = {"A Proof of Theorem 2", "A Proof of Theorem", "C Generalizing Theorem 2 via Bregman Divergences"}
    differences.add("C Generalizing Theorem via Bregman Divergences")
    assert set(titles(latex)) ^ set(titles(html)) == differences  # the page has lost what \ref pointed to
    assert len(titles(latex)) == len(titles(html)) == 38
    assert len(latex.equations) == len(html.equations) == 74
    assert [f.number for f in latex.figures] == [f.number for f in html.figures]
    assert len(latex.tables) == len(html.tables) == 22
    assert (
        latex.without_appendices().sections[-1].title
        == html.without_appendices().sections[-1].title
        == "7 Contributions"
    )


def test_latex_and_html_of_chebnet_agree_and_the_notes_are_not_the_paper(read) -> None:  # type: ignore[no-untyped-def]
    latex, html = read("chebnet/latex"), read("chebnet/paper.latexml.html")
    assert latex.title == html.title == "Convolutional Neural Networks on Graphs with Fast Localized Spectral Filtering"
    assert titles(latex) == titles(html)
    assert len(latex.equations) == len(html.equations) == 8
    chebyshev = r"g_\theta(\Lambda) = \sum_{k=0}^{K-1} \theta_k T_k(\tilde{\Lambda}), \tag{4}"
    assert flat(chebyshev) in [flat(e) for e in latex.equations]
    assert flat(chebyshev) in [flat(e) for e in html.equations]
    assert [t.number for t in latex.tables] == [t.number for t in html.tables] == list("123456")


def test_markdown_of_smm_has_all_sections_equations_and_tables(read) -> None:  # type: ignore[no-untyped-def]
    paper = read("smm/paper.md")
    assert len(paper.sections) == 36
    assert [s.title for s in paper.sections if s.level == 1][:6] == [
        "1 Introduction",
        "2 Preliminaries and Related Works",
        "3 Sample-specific Multi-channel Masks",
        "4 Understanding Masks in Visual Reprogramming for Classification",
        "5 Experiments",
        "6 Conclusion",
    ]
    assert next(s.title for s in paper.sections if s.appendix) == "A Additional Explanation of Methods"
    assert [t.number for t in paper.tables] == [str(i) for i in range(1, 15)]
    assert [f.number for f in paper.figures] == [str(i) for i in range(1, 24)]
    assert all(table.body for table in paper.tables)


def test_json_of_smm_has_the_headings_that_grobid_has_found(read) -> None:  # type: ignore[no-untyped-def]
    markdown, raw, cleaned = (read(f"smm/{name}") for name in ("paper.md", "paper.json", "paper_cleaned.json"))
    lost = {"2 Preliminaries and Related Works"}
    assert raw.title == cleaned.title == markdown.title
    assert titles(raw) == titles(cleaned)
    numbered = [t for t in titles(raw) if re.match(r"\d", t)]
    expected = [t for t in titles(markdown) if re.match(r"\d", t) and t not in lost]
    assert [t.replace("in Visual", "in Visual Reprogramming for Classification") for t in numbered] == expected
    assert len(raw.equations) == 9


def test_importing_data_loads_no_reader_library() -> None:
    heavy = ["liteparse", "pypdfium2", "bs4", "lxml", "httpx", "yaml"]
    code = f"import data, sys; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.strip() == "[]"
