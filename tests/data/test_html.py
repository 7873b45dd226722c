"""HTML: formulas, lists, footnotes and titles of arXiv's pages."""

from pathlib import Path

from data import Paper, read_paper

FILLER = "<p>" + "Sheep are counted every night with great care. " * 4 + "</p>"


def read(body: str, folder: Path, head: str = "") -> Paper:
    path = folder / "paper.html"
    path.write_text(f"<!DOCTYPE html><html><head>{head}</head><body>{body}{FILLER}</body></html>", encoding="utf-8")
    return read_paper(path)


def math(tex: str, display: str = "inline") -> str:
    return f'<math alttext="{tex}" display="{display}"><mi>no</mi></math>'


def test_inline_formulas_and_their_bars_in_tables_survive(tmp_path: Path) -> None:
    table = f"<table><tr><td>{math('|x|')}</td><td>a|b</td></tr><tr><td>1</td><td>2</td></tr></table>"
    paper = read(f"<h1>Wool</h1><h2>1 A</h2><p>Let {math('a*b_c')}.</p>{table}", tmp_path)
    assert "Let $a*b_c$." in paper.markdown
    assert "| $\\vert x\\vert $ | a\\|b |" in paper.markdown


def test_an_equation_group_keeps_rows_words_and_numbers(tmp_path: Path) -> None:
    number = '<td class="ltx_eqn_eqno"><span class="ltx_tag_equation">({})</span></td>'
    row = '<tr class="ltx_equation ltx_eqn_row">{}' + number + "</tr>"
    first = row.format(f"<td>{math('a')}</td><td>{math('=b')}</td>", 3)
    second = row.format(f"<td>{math('c')}</td><td>if sleepy</td>", 4)
    paper = read(f'<h1>W</h1><h2>1 A</h2><table class="ltx_equationgroup">{first}{second}</table>', tmp_path)
    assert paper.equations == ("\\begin{aligned}\na & =b \\tag{3}\\\\\nc & \\text{if sleepy} \\tag{4}\n\\end{aligned}",)


def test_a_formula_without_alttext_takes_its_annotation(tmp_path: Path) -> None:
    tex = '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math>'
    assert "$x^2$" in read(f"<h1>W</h1><h2>1 A</h2><p>So {tex}.</p>", tmp_path).markdown


def test_the_title_is_not_that_of_an_untitled_document(tmp_path: Path) -> None:
    page = "<h2>1 Introduction</h2><p>Text.</p>"
    assert read(page, tmp_path, "<title>Untitled Document</title>").title == "Introduction"
    assert read(page, tmp_path, '<meta name="citation_title" content="Wool &amp; Sheep">').title == "Wool & Sheep"
    assert read(page, tmp_path, "<title>Wool</title>").title == "Wool"


def test_run_in_titles_theorems_and_footnotes_are_part_of_the_text(tmp_path: Path) -> None:
    body = (
        '<h1>W</h1><h2>1 A</h2><section class="ltx_paragraph"><h4 class="ltx_title ltx_title_paragraph">Dropout.</h4>'
        '<p>It helps<span class="ltx_note ltx_role_footnote"><sup class="ltx_note_mark">1</sup>'
        '<span class="ltx_note_content"><span class="ltx_tag_note">1</span>Much.</span></span> here.</p></section>'
        '<div class="ltx_theorem"><h6 class="ltx_title ltx_runin ltx_title_theorem">Theorem 1.</h6><p>Warm.</p></div>'
    )
    paper = read(body, tmp_path)
    assert len(paper.sections) == 1
    assert "**Dropout.** It helps (Footnote: Much.) here." in paper.markdown
    assert "**Theorem 1.** Warm." in paper.markdown


def test_navigation_bibliography_and_scripts_are_dropped(tmp_path: Path) -> None:
    body = (
        "<nav>Menu</nav><script>alert(1)</script><h1>W</h1><h2>1 A</h2><p>Text.</p>"
        '<section class="ltx_bibliography"><h2>References</h2><p>A book.</p></section><footer>Logo</footer>'
    )
    markdown = read(body, tmp_path).markdown
    assert not any(word in markdown for word in ("Menu", "alert", "A book", "Logo"))
