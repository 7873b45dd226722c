"""Papers as PDF, as rough Markdown: read by liteparse, cross-checked with pdfium."""

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from data.errors import PaperError
from data.pdf_fonts import bold_runs, restore_hyphens, upright_text
from data.pdf_headings import Part
from data.pdf_join import join_parts
from data.pdf_layout import Layout

if TYPE_CHECKING:
    from liteparse import ParseResult
    from pypdfium2 import PdfDocument

TIME_LIMIT = 120.0
_PAGE_LIMIT = 300
_PASSWORD_ERROR = 4
_COVERAGE = 0.6
"""The part of a page's words that must reach the Markdown; below it, the page is taken as plain text."""


def pdf_to_markdown(content: bytes, name: str) -> str:
    """Turn a PDF into rough Markdown.

    Args:
        content: The file.
        name: Its name or address, for the message of an error.

    Raises:
        PaperError: The PDF is damaged, encrypted, scanned or far too long.
    """
    pages = _plain_pages(content, name)
    words = sum(len(_words(page.text)) for page in pages)
    if words < 30 * min(len(pages), 3):
        found = f"{words} words on {len(pages)} pages"
        raise PaperError(f"PDF {name!r} has no text layer ({found}): it is scanned; run OCR over it first.")
    result = _parse(content, name)
    layout = Layout(result.pages, [page.bold for page in pages])
    title = layout.title()
    parts: list[Part] = [Part("heading", f"# {title}")] if title else []
    for index, page in enumerate(pages):
        whole = index < len(result.pages) and _covers(result.pages[index].markdown or "", page.upright)
        parts += layout.page(index) if whole else _plain_parts(page.text)
    return restore_hyphens(join_parts(parts), "\n".join(page.text for page in pages))


class _Page(NamedTuple):
    text: str
    upright: str
    bold: list[str]


def _plain_pages(content: bytes, name: str) -> list[_Page]:
    """Read the text of each page in pdfium's order, which is also how a damaged file is found out."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(content)
    except PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise PaperError(f"PDF {name!r} is encrypted; remove its password first.") from error
        raise PaperError(f"PDF {name!r} is damaged or no PDF; get it again.") from error
    with document:
        if not 0 < len(document) <= _PAGE_LIMIT:
            raise PaperError(f"PDF {name!r} has {len(document)} pages; a paper has 1 to {_PAGE_LIMIT}.")
        try:
            return [_read_page(document, index) for index in range(len(document))]
        except PdfiumError as error:
            raise PaperError(f"PDF {name!r} is damaged: {error}; get it again.") from error


def _read_page(document: "PdfDocument", index: int) -> _Page:
    page = document[index]
    text = page.get_textpage()
    try:
        plain = str(text.get_text_range())
        return _Page(plain, upright_text(text, plain), bold_runs(text, plain))
    finally:
        text.close()
        page.close()


def _parse(content: bytes, name: str) -> "ParseResult":
    """Parse in a process of its own, which a hostile file cannot keep busy for ever."""
    from liteparse import LiteParse, ParseError

    with LiteParse(
        output_format="markdown",
        ocr_enabled=False,
        quiet=True,
        extract_blocks=True,
        extract_links=False,
        pool_size=1,
        parse_timeout=TIME_LIMIT,
    ) as parser:
        try:
            return parser.parse(content)
        except ParseError as error:
            reason = str(error).splitlines()[0]
            raise PaperError(f"PDF {name!r} cannot be parsed: {reason}; try the LaTeX source or HTML.") from error


def _covers(text: str, plain: str) -> bool:
    """Tell whether enough of a page's words are in the text that liteparse made of it."""
    expected, found = Counter(_words(plain)), Counter(_words(text))
    return sum((expected & found).values()) >= _COVERAGE * sum(expected.values())


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{3,}", text.lower())


def _plain_parts(plain: str) -> list[Part]:
    """Take a page as plain text, its lines joined."""
    text = re.sub(r"(\w)[-\ufffe]\r?\n(\w)", r"\1\2", plain)
    return [Part("text", " ".join(p.split())) for p in re.split(r"\r?\n\s*\r?\n", text) if p.strip()]
