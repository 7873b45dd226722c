"""Markdown of every style becomes one form."""

from pathlib import Path

import pytest

from data import Paper, read_paper
from data.markdown import tidy
from data.structure import parse_markdown


def headings(paper: Paper) -> list[tuple[int, str, str]]:
    return [(s.level, s.number, s.heading) for s in paper.sections]


def test_reads_mathpix_remnants() -> None:
    paper = parse_markdown(
        "\\title{\nWool\n}\n\n\\author{\nAnn ${ }^{1}$\n}\n\n\\begin{abstract}\nShort.\n\\end{abstract}\n\n"
        "\\section*{1. Introduction}\n\nText\n\\[\na=b\n\\]\nmore.\n\n\\subsection*{1.1. Detail}\nIn it.\n"
    )
    assert (paper.title, paper.abstract) == ("Wool", "Short.")
    assert headings(paper) == [(1, "1", "Introduction"), (2, "1.1", "Detail")]
    assert paper.equations == ("a=b",)


def test_reads_headings_that_are_all_of_level_one_by_their_numbers() -> None:
    paper = parse_markdown(
        "# Wool\n\n# Abstract\n\nShort.\n\n# 1 Introduction\n\nA.\n\n# 1.1 Detail\n\nB.\n\n# 2. Method\n\nC."
    )
    assert paper.title == "Wool"
    assert headings(paper) == [(1, "1", "Introduction"), (2, "1.1", "Detail"), (1, "2", "Method")]


def test_reads_underlined_headings() -> None:
    paper = parse_markdown("Wool\n====\n\nAbstract\n--------\nShort.\n\nMethod\n------\nText.\n")
    assert (paper.title, paper.abstract, headings(paper)) == ("Wool", "Short.", [(1, "", "Method")])


def test_reads_front_matter() -> None:
    paper = parse_markdown("---\ntitle: Wool\nabstract: |\n  Short.\nauthor: Ann\n---\n\n## Method\n\nText.\n")
    assert (paper.title, paper.abstract) == ("Wool", "Short.")


def test_reads_roman_numbers_as_arabic_ones() -> None:
    paper = parse_markdown(
        "# Wool\n\n## I. INTRODUCTION\n\nA.\n\n## II. METHOD\n\nB.\n\n### A. Loss\n\nC.\n\n## III. END\n\nD.\n"
    )
    assert [(n, h) for _, n, h in headings(paper)] == [
        ("1", "INTRODUCTION"),
        ("2", "METHOD"),
        ("2.1", "Loss"),
        ("3", "END"),
    ]
    assert parse_markdown(paper.markdown) == paper


def test_a_body_without_headings_becomes_one_section() -> None:
    paper = parse_markdown("Wool and sheep\n\nThey belong together.\n\nVery much so.\n")
    assert paper.title == "Wool and sheep"
    assert [s.text for s in paper.sections] == ["They belong together.\n\nVery much so."]
    assert parse_markdown(paper.markdown) == paper


def test_the_title_falls_back_to_the_first_heading() -> None:
    paper = parse_markdown("## Introduction\n\nText.\n\n## Method\n\nMore.\n")
    assert paper.title == "Introduction"
    assert [s.heading for s in paper.sections] == ["Introduction", "Method"]


def test_a_run_in_abstract_is_found() -> None:
    paper = parse_markdown("# Wool\n\nAnn Author\n\n**Abstract.** Short and warm.\n\n## 1 Introduction\n\nText.\n")
    assert paper.abstract == "Short and warm."
    assert parse_markdown("# Wool\n\nAbstract—Short.\n\n## 1 Introduction\n\nText.\n").abstract == "Short."


def test_the_notice_before_a_title_is_dropped_and_the_title_kept() -> None:
    title = "The club hereby grants permission to reproduce the tables in this paper. Wool Is All You Need"
    assert parse_markdown(f"# {title}\n\n## 1 A\n\nText.").title == "Wool Is All You Need"
    assert parse_markdown("# Wool. A Survey\n\n## 1 A\n\nText.").title == "Wool. A Survey"


def test_footnotes_of_the_authors_leave_the_abstract() -> None:
    paper = parse_markdown("# W\n\n## Abstract\n\nShort.\n\n∗Equal contribution. Order is random.\n\n## 1 A\n\nText.")
    assert paper.abstract == "Short."


@pytest.mark.parametrize(
    "name", ["References", "Bibliography", "Acknowledgements", "Acknowledgments and Disclosure of Funding"]
)
def test_drops_references_and_thanks(name: str) -> None:
    paper = parse_markdown(f"# W\n\n## 1 A\n\nText.\n\n## {name}\n\nDropped.\n\n## B More\n\nKept.\n")
    assert "Dropped" not in paper.markdown
    assert "Kept" in paper.markdown


def test_what_follows_the_references_is_the_appendix() -> None:
    paper = parse_markdown("# W\n\n## 1 A\n\nx\n\n## References\n\ny\n\n## Extra Figures\n\nz\n")
    assert [(s.heading, s.appendix) for s in paper.sections] == [("A", False), ("Extra Figures", True)]


def test_a_title_that_begins_with_the_article_a_is_no_appendix() -> None:
    paper = parse_markdown("# W\n\n## A New Loss\n\nx\n\n## Why It Works\n\ny\n")
    assert [(s.number, s.heading, s.appendix) for s in paper.sections] == [
        ("", "A New Loss", False),
        ("", "Why It Works", False),
    ]


def test_an_equation_in_the_middle_of_a_line_becomes_a_block() -> None:
    paper = parse_markdown("# W\n\n## 1 A\n\nFor all $$a = b$$ we have.\n")
    assert paper.sections[0].text == "For all\n\n$$\na = b\n$$\n\nwe have."


def test_escaped_brackets_are_no_equation() -> None:
    paper = parse_markdown("# W\n\n## 1 A\n\nAs shown \\[12\\] and \\(x_1\\).\n")
    assert paper.sections[0].text == "As shown [12] and $x_1$."


def test_headings_in_code_are_code() -> None:
    paper = parse_markdown("# W\n\n## 1 A\n\n```python\n# Not a heading\n\n$$x$$ = 1\n```\n\nEnd.\n")
    assert len(paper.sections) == 1
    assert paper.equations == ()
    assert "# Not a heading\n\n$$x$$ = 1\n" in paper.sections[0].text


def test_a_sentence_that_a_figure_interrupts_is_joined() -> None:
    paper = parse_markdown("# W\n\n## 1 A\n\nThe sheep are\n![](a.jpg)\n\nFigure 1. Sheep.\nvery woolly. Indeed.\n")
    assert paper.sections[0].text == "The sheep are very woolly. Indeed.\n\n**Figure 1:** Sheep."


def test_latex_and_html_tables_become_markdown_tables() -> None:
    latex = "\\begin{tabular}{|c|c|}\n\\hline a & \\multicolumn{1}{c}{b} \\\\\n\\hline 1 & 50\\% \\\\\n\\end{tabular}"
    html = '<table><tr><td colspan="2">x</td></tr><tr><td>1</td><td>a|b</td></tr></table>'
    paper = parse_markdown(f"# W\n\n## 1 A\n\nTable 1: L.\n\n{latex}\n\nText.\n\nTable 2: H.\n\n{html}\n")
    assert [t.body for t in paper.tables] == [
        "| a | b |\n|---|---|\n| 1 | 50% |",
        "| x |  |\n|---|---|\n| 1 | a\\|b |",
    ]


def test_captions_below_their_tables_stay_with_them() -> None:
    table = "| a |\n|---|\n| {} |"
    text = f"# W\n\n## 1 A\n\n{table.format(1)}\n\nTable 1: One.\n\nText.\n\n{table.format(2)}\n\nTable 2: Two.\n"
    assert [(t.caption, t.body[-5:]) for t in parse_markdown(text).tables] == [("One.", "| 1 |"), ("Two.", "| 2 |")]


AWKWARD = [
    "# W\n\n---\n\ntext\n---\n\n***\n\n## 1 A\n\nx\n",
    "# W\n\n## 1 A\n\n$$\nunclosed\n\n## 2 B\n\ny\n",
    "# W\n\n## 1 A\n\n```\nunclosed\n\n## 2 B\n\ny\n",
    "# W\r\n\r\n## 1 A\r\n\r\nx\u2028y\u00adz\ufb01\r\n",
    "# 3 Ways to Knit\n\n## 1 Wool\n\nx\n\n## 2 Needles\n\ny\n",
    "# W\n\n### 1.1 Deep\n\nx\n\n#### Deeper\n\ny\n",
    "# W\n\n## Appendix\n\n## C. Lost\n\nx\n\n## F Found\n\ny\n",
    "# W\n\n## Appendix A\n\nx\n\n## Appendix B: Named\n\ny\n",
    "# W\n\n## 1 A\n\n**Figure 1: All bold.**\n\n*Table 2.* Slanted\n\n> quote\n\ngoes on\n",
    "# W\n\n## 1 A\n\n1. one\n   - two\n\n   three\n2. four\n\n    code\n",
    "# W\n\n## 1 A\n\n<!-- gone -->text<!-- APPENDIX -->\n\n## More\n\ny\n",
    "# W\n\n## 6 Conclusion\n\nx\n\n## Visualizations\n\ny\n\n## Broader Impact\n\nz\n",
    "text before\n\n# W\n\n## 1 A\n\nx\n\n# Another top\n\ny\n",
    "# **W** *i* [link](http://x)\n\n## **1 A**\n\nx\n",
    "# W\n\n## 1 A\n\n| Table 3: Inside | |\n|---|---|\n| a | b |\n| $|x|$ | c |\n",
    "# W\n\n## 1 A\n\nopen -\n\n| a |\n|---|\n| b |\n\nclosed\n\nFigure 1: x\n\nagain lower\n",
    "# W\n\n## 1 A\n\n\\begin{align}a&=b\\label{x}\\\\c&=d\\end{align}\n\n\\[ x \\\\[2pt] y \\]\n",
    "## Abstract\n\nshort\n\n## 1 A\n\nx\n",
    "# W\n\nAbstract\n\nshort\n\n# References\n\n[1] x\n\n# A Proof\n\ny\n\n# B Proof\n\nz\n",
    "# W #\n\n## 1 A ##\n\n#hashtag\n\n\\# not a heading\n",
    "# W\n\n## \n\n## 1 A\n\n$$ $$\n\n$$$$\n\nx $ y $$ z\n",
    "# W\n\n## 1 A\n\n\\section*{Un{closed}\n\n\\begin{tabular}{c} a & b\n",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_reading_the_canonical_text_again_changes_nothing(text: str) -> None:
    paper = parse_markdown(text)
    assert parse_markdown(paper.markdown).markdown == paper.markdown
    assert parse_markdown(paper.markdown) == paper


@pytest.mark.parametrize("text", AWKWARD)
def test_tidy_text_stays_as_it_is(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


def test_the_canonical_text_has_plain_line_ends_and_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "paper.md"
    path.write_bytes(b"# W\r\n\r\n## 1 A\r\n\r\nsheep  \r\n\r\n\r\n\r\nwool")
    paper = read_paper(path)
    assert paper.markdown == "# W\n\n## 1 A\n\nsheep\n\nwool\n"
    assert len(paper.hash) == 64
