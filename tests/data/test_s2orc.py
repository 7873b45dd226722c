"""s2orc JSON: formulas are put back, lost headings and figures find their place."""

import json
from pathlib import Path
from typing import Any

from data import Paper, read_paper


def paragraph(text: str, section: str = "Method", number: str | None = "1", **more: Any) -> dict[str, Any]:
    return {"text": text, "section": section, "sec_num": number, **more}


def read(folder: Path, body: list[dict[str, Any]], **more: Any) -> Paper:
    path = folder / "paper.json"
    content = {"title": "Wool", "abstract": "Short.", "pdf_parse": {"body_text": body, **more}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return read_paper(path)


def span(start: int, raw: str, number: str | None = None, **more: str) -> dict[str, Any]:
    return {"start": start, "end": start + 8, "text": "EQUATION", "raw_str": raw, "eq_num": number, **more}


def test_formulas_take_the_place_of_their_markers(tmp_path: Path) -> None:
    spans = [span(7, "a = b"), span(20, "c = d", "(9) where f (j)")]
    paper = read(tmp_path, [paragraph("First, EQUATION and EQUATION.", eq_spans=spans)])
    assert paper.sections[0].text == "First,\n\n$$\na = b\n$$\n\nand\n\n$$\nc = d \\tag{9}\n$$\n\nwhere f (j)\n\n."


def test_the_tex_of_a_formula_comes_before_its_raw_text(tmp_path: Path) -> None:
    paper = read(tmp_path, [paragraph("EQUATION", eq_spans=[span(0, "x 2", latex="x^2")])])
    assert paper.equations == ("x^2",)


def test_spans_that_lie_outside_the_text_are_passed_over(tmp_path: Path) -> None:
    paper = read(tmp_path, [paragraph("Sheep.", eq_spans=[span(50, "x"), span(-3, "y")])])
    assert paper.sections[0].text == "Sheep."


def test_a_lost_heading_before_its_subsection_is_a_heading_again(tmp_path: Path) -> None:
    body = [paragraph("Sheep."), paragraph("2 Results"), paragraph("Wool.", "Breeds", "2.1")]
    assert [s.title for s in read(tmp_path, body).sections] == ["1 Method", "2 Results", "2.1 Breeds"]


def test_a_section_without_number_lies_within_the_numbered_one(tmp_path: Path) -> None:
    body = [paragraph("a", "Method", "1.1"), paragraph("b", "Smoothing", None), paragraph("c", "End", "2")]
    assert [(s.heading, s.level) for s in read(tmp_path, body).sections] == [
        ("Method", 2),
        ("Smoothing", 3),
        ("End", 1),
    ]


def test_figures_and_tables_follow_the_paragraph_that_names_them(tmp_path: Path) -> None:
    entries = {
        "FIGREF0": {"text": "Figure 2: Sheep.", "type_str": "figure"},
        "TABREF0": {"text": "Wool.", "type_str": "table", "content": "<table><tr><td>a</td><td>b</td></tr></table>"},
    }
    reference = {"start": 0, "end": 1, "text": "7", "ref_id": "TABREF0"}
    body = [paragraph("See Figure 2 ."), paragraph("Next."), paragraph("See Table 7 .", ref_spans=[reference])]
    paper = read(tmp_path, body, ref_entries=entries)
    assert [b.split("\n")[0] for b in paper.sections[0].text.split("\n\n")] == [
        "See Figure 2.",
        "**Figure 2:** Sheep.",
        "Next.",
        "See Table 7.",
        "**Table 7:** Wool.",
        "| a | b |",
    ]


def test_a_table_gets_no_number_that_is_a_guess(tmp_path: Path) -> None:
    entries = {
        "TABREF0": {"text": "a line", "type_str": "table", "content": "<table><tr><td>one cell</td></tr></table>"},
        "TABREF1": {"text": "Wool.", "type_str": "table", "content": "<table><tr><td>a</td><td>b</td></tr></table>"},
    }
    paper = read(tmp_path, [paragraph("See Table 1 and Table 2 .")], ref_entries=entries)
    assert [t.number for t in paper.tables] == ["", ""]
    assert [t.caption for t in paper.tables] == ["a line one cell", "Wool."]


def test_lines_that_look_like_headings_stay_text(tmp_path: Path) -> None:
    paper = read(tmp_path, [paragraph("# Compute the wool")])
    assert len(paper.sections) == 1
    assert paper.sections[0].text == "\\# Compute the wool"


def test_latex_parses_of_s2orc_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "paper.json"
    path.write_text(
        json.dumps({"title": "Wool", "latex_parse": {"body_text": [paragraph("Sheep.")]}}), encoding="utf-8"
    )
    assert read_paper(path).sections[0].text == "Sheep."
