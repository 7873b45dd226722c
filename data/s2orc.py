"""Papers as s2orc-doc2json writes them, raw or cleaned, as rough Markdown."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import PaperError
from data.front import clean_title
from data.markdown import escape_lines
from data.s2orc_floats import Float, read_floats

MISSING_EQUATION = "[equation missing: this cleaned JSON has lost it, the raw one has it]"
_SHORT_HEADING = re.compile(r"(\d{1,2})\.?\s+([A-Z][^.!?]{2,80})")
_EQUATION = re.compile(r"\bEQUATION\b")


class _Span(BaseModel):
    start: int
    end: int
    text: str = ""
    raw_str: str | None = None
    latex: str | None = None
    eq_num: str | None = None
    ref_id: str | None = None


class Paragraph(BaseModel):
    """One paragraph of the body."""

    text: str
    section: str | None = None
    sec_num: str | None = None
    eq_spans: list[_Span] | None = None
    ref_spans: list[_Span] | None = None


class _Parse(BaseModel):
    body_text: list[Paragraph]
    back_matter: list[Paragraph] = []
    abstract: list[Paragraph] | str = []
    ref_entries: dict[str, dict[str, Any]] = {}


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore")

    title: str = ""
    abstract: str | list[Paragraph] | None = None
    pdf_parse: _Parse | None = None
    latex_parse: _Parse | None = None


def s2orc_to_markdown(content: object, name: str) -> str:
    """Turn the content of an s2orc JSON file into rough Markdown.

    Args:
        content: What the JSON file holds.
        name: The file's name, for the message of an error.

    Raises:
        PaperError: It is not the JSON of s2orc-doc2json, or has no text.
    """
    try:
        document = _Document.model_validate(content)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "top"
        raise PaperError(f"{name!r} is not s2orc-doc2json: its {where!r} is of the wrong type.") from error
    parse = document.pdf_parse or document.latex_parse
    if parse is None:
        raise PaperError(f"{name!r} is not s2orc-doc2json: it has no 'pdf_parse'; give the JSON that s2orc wrote.")
    if not any(p.text.strip() for p in parse.body_text):
        raise PaperError(f"{name!r} has no body text; convert its PDF again, or give the PDF.")
    parts = [f"# {clean_title(document.title) or 'Untitled'}", f"## Abstract\n\n{_abstract(document, parse)}"]
    return "\n\n".join([*parts, *_body(parse)])


def _abstract(document: _Document, parse: _Parse) -> str:
    for abstract in (parse.abstract, document.abstract):
        if isinstance(abstract, str) and abstract.strip():
            return escape_lines(abstract)
        if isinstance(abstract, list) and abstract:
            return "\n\n".join(_text(p) for p in abstract)
    return ""


def _body(parse: _Parse) -> Iterator[str]:
    """Yield headings, paragraphs, and each figure and table after the paragraph that first names it."""
    paragraphs = [*parse.body_text, *parse.back_matter]
    floats = read_floats(parse.ref_entries, paragraphs)
    current: tuple[str, str] = ("", "")
    for index, paragraph in enumerate(paragraphs):
        section = (paragraph.sec_num or "", (paragraph.section or "").strip())
        if section != current and section != ("", ""):
            yield f"{'#' * (_level(paragraphs, index) + 1)} {section[0]} {section[1]}"
            current = section
        if _is_section(paragraphs, index):
            yield f"## {paragraph.text.strip()}"
        elif not section[1] and current != section:
            yield f"> {_text(paragraph)}"
        else:
            yield _text(paragraph)
        yield from (f.markdown for f in _named_in(floats, paragraph.text))
    if floats:
        yield "## Tables and figures"
        yield from (f.markdown for f in floats)


def _level(paragraphs: list[Paragraph], index: int) -> int:
    """Give a section its level; one without a number lies inside the numbered one around it."""
    number = (paragraphs[index].sec_num or "").strip(".")
    if number:
        return number.count(".") + 1
    before = [n for p in paragraphs[:index] if (n := (p.sec_num or "").strip("."))]
    goes_on = any(p.sec_num for p in paragraphs[index + 1 :])
    return before[-1].count(".") + 2 if before and goes_on and "." in before[-1] else 1


def _is_section(paragraphs: list[Paragraph], index: int) -> bool:
    """Tell whether a paragraph such as `6 Results` is the lost heading of the 6.1 that comes next."""
    match = _SHORT_HEADING.fullmatch(paragraphs[index].text.strip())
    if match is None:
        return False
    numbers = [(p.sec_num or "").strip(".") for p in paragraphs]
    following = next((n for n in numbers[index + 1 :] if n), "")
    return following.startswith(f"{match[1]}.") and match[1] not in numbers


def _text(paragraph: Paragraph) -> str:
    """Write a paragraph with its equations put back."""
    text = paragraph.text
    spans = sorted((s for s in paragraph.eq_spans or [] if s.latex or s.raw_str), key=lambda s: -s.start)
    pieces: list[str] = []
    end = len(text)
    for span in spans:
        if 0 <= span.start < span.end <= end:
            pieces += [_prose(text[span.end : end]), _equation(span)]
            end = span.start
    pieces.append(_prose(text[:end]))
    return "\n\n".join(piece for piece in reversed(pieces) if piece)


def _prose(text: str) -> str:
    text = _EQUATION.sub(MISSING_EQUATION, escape_lines(text.strip()))
    text = re.sub(r"\s+([,.;:])(?=\s|$)", r"\1", text)
    return re.sub(r"^•\s*", "- ", text)


def _equation(span: _Span) -> str:
    number = re.match(r"\(?([A-Z]?\.?\d+[a-z]?)\)?", span.eq_num or "")
    tag = f" \\tag{{{number[1]}}}" if number else ""
    rest = (span.eq_num or "")[number.end() :].strip() if number else ""
    block = f"$$\n{(span.latex or span.raw_str or '').strip()}{tag}\n$$"
    return f"{block}\n\n{rest}" if rest else block


def _named_in(floats: list[Float], text: str) -> list[Float]:
    """Take out the figures and tables that a paragraph names."""
    named = [f for f in floats if f.number and re.search(rf"\b{f.kind}s?\s*{re.escape(f.number)}\b", text)]
    for found in named:
        floats.remove(found)
    return named
