"""The blocks of PDF pages in the order of reading: sentences joined, floats out of their way, footnotes told apart."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from data.blocks import split_caption
from data.headings import is_abstract, is_dropped
from data.pdf_equations import split_equation
from data.pdf_fonts import mark_run_in
from data.pdf_headings import Part, split_heading
from data.pdf_join import CLOSED
from data.pdf_tables import grid_table, is_garbled, read_as_prose, rebuild_table

if TYPE_CHECKING:
    from liteparse import LayoutBlock, ParsedPage

_FRONT_NOTE = re.compile(
    r"equal contribution|universit|institute|correspond|proceedings|conference on|preprint|under review"
    r"|copyright|@|work (?:done|performed)",
    re.IGNORECASE,
)


class Layout:
    """The pages of one PDF."""

    def __init__(self, pages: "list[ParsedPage]", bold: list[list[str]]) -> None:
        self._pages = pages
        self._bold = bold
        sizes = Counter[float]()
        for page in pages:
            for item in page.text_items:
                sizes[round(item.font_size or 0, 1)] += len(item.text)
        self._body_size = sizes.most_common(1)[0][0] if sizes else 0.0

    def page(self, index: int) -> list[Part]:
        """Give the parts of a page in the order of reading."""
        page = self._pages[index]
        blocks = page.blocks or []
        margins = [round(b.bbox.x) for b in blocks if b.bbox and b.kind == "paragraph" and len(b.text or "") > 150]
        parts: list[Part] = []
        position = 0
        while position < len(blocks):
            end = _table_end(blocks, position)
            if end > position:
                prose = read_as_prose(blocks, position, end) if index else ""
                parts.append(Part("text", prose) if prose else Part("float", self._table(page, blocks[position:end])))
                position = end
                continue
            parts += self._parts(index, blocks, position, margins)
            position += 1
        return [part for part in parts if part.text.strip()]

    def _parts(self, index: int, blocks: "list[LayoutBlock]", position: int, margins: list[int]) -> Iterator[Part]:
        block = blocks[position]
        text = without_emphasis(" ".join((block.text or "").split()))
        if block.kind == "heading":
            yield from self._heading(index, block, text)
        elif block.kind == "list_item":
            mark = block.marker if block.ordered and re.fullmatch(r"\d+[.)]", block.marker or "") else "-"
            yield Part("list", f"{'  ' * max((block.level or 0), 0)}{mark} {text}")
        elif block.kind in ("code", "grid_fallback"):
            lines = "\n".join(block.lines or [])
            yield Part("code" if block.kind == "code" else "float", f"```\n{lines}\n```")
        elif block.kind == "paragraph":
            yield from self._paragraph(index, blocks, position, text, margins)

    def _paragraph(
        self, index: int, blocks: "list[LayoutBlock]", position: int, text: str, margins: list[int]
    ) -> Iterator[Part]:
        block = blocks[position]
        if split_caption(text):
            yield Part("float", text)
            return
        if len(text) > 2 and self._is_footnote(index, block):
            if not (index == 0 and self._is_front_note(blocks, position)):
                yield Part("float", f"> {text}")
            return
        if len(text.split()) < 12 and not CLOSED.search(text) and _before_picture(blocks, position):
            yield Part("float", text)
            return
        heading, text = split_heading(text)
        if heading:
            yield Part("heading", f"### {heading}", self._size(index, block))
        indented = bool(block.bbox and margins and min(abs(block.bbox.x - m) for m in margins) > 12)
        for kind, piece in split_equation(text, indented):
            if kind != "text" or not (block.bold or piece.startswith("**")):
                yield Part(kind, piece)
                continue
            run_in = mark_run_in(piece, self._bold[index])
            name, _, rest = run_in.removeprefix("**").partition("**")
            if run_in.startswith("**") and is_dropped(name):
                yield Part("heading", f"## {name.strip(' .:')}")
            yield Part("text", rest.strip() if is_dropped(name) else run_in)

    def _heading(self, index: int, block: "LayoutBlock", text: str) -> Iterator[Part]:
        """Take a bold run-in apart from the paragraph that goes on after it in another weight."""
        level, size = "#" * max(block.level or 1, 2), self._size(index, block)
        run_in = mark_run_in(text, self._bold[index])
        name, _, rest = run_in.removeprefix("**").partition("**")
        if not run_in.startswith("**") or len(name) < 5:
            yield Part("heading", f"{level} {text}", size)
        elif re.match(r"(?:\d|[A-Z]\.?\d*[.\s])", text):
            yield Part("heading", f"{level} {name}", size)
            yield Part("text", rest.strip())
        else:
            yield Part("text", run_in)

    def title(self) -> str:
        """Give the largest print in the upper half of the first page."""
        page = self._pages[0]
        upright = [i for i in page.text_items if i.rotation % 360 < 1 and i.font_size]
        abstract = [i.y for i in upright if is_abstract(i.text)]
        bottom = min([0.5 * page.height, *abstract])
        items = [i for i in upright if i.y < bottom]
        large = sorted(
            (i for i in items if (i.font_size or 0) > 1.3 * self._body_size), key=lambda i: (round(i.y), i.x)
        )
        lines = large[:1]
        for item in large[1:]:
            same = abs((item.font_size or 0) - (lines[0].font_size or 0)) < 0.5
            if not same or item.y - lines[-1].y > 2 * item.height + 6:
                break
            lines.append(item)
        title = " ".join(item.text.strip() for item in lines)
        return title if len(re.findall(r"[^\W\d_]{2,}", title)) > 0 else ""

    def _size(self, index: int, block: "LayoutBlock") -> float:
        """Give the size of most of a block's print."""
        box = block.bbox
        sizes = Counter[float]()
        for item in self._pages[index].text_items if box else []:
            middle = item.y + item.height / 2
            if box and box.y - 1 <= middle <= box.y + box.height + 1 and box.x - 1 <= item.x <= box.x + box.width:
                sizes[round(item.font_size or 0, 1)] += len(item.text)
        return sizes.most_common(1)[0][0] if sizes else 0.0

    def _is_front_note(self, blocks: "list[LayoutBlock]", position: int) -> bool:
        """Tell whether a footnote of the first page, with those around it, is about the authors."""
        start = end = position
        while start > 0 and self._is_footnote(0, blocks[start - 1]):
            start -= 1
        while end + 1 < len(blocks) and self._is_footnote(0, blocks[end + 1]):
            end += 1
        return any(_FRONT_NOTE.search(b.text or "") for b in blocks[start : end + 1])

    def _is_footnote(self, index: int, block: "LayoutBlock") -> bool:
        """Tell whether a paragraph in the lower half of the page is in smaller print than the body."""
        page, box = self._pages[index], block.bbox
        if box is None or box.y < 0.4 * page.height:
            return False
        return 0 < self._size(index, block) < 0.94 * self._body_size

    def _table(self, page: "ParsedPage", blocks: "list[LayoutBlock]") -> str:
        tables = [b for b in blocks if b.kind != "rule"]
        boxes = [b.bbox for b in tables if b.bbox]
        if not is_garbled(tables) or len(boxes) < len(tables):
            return "\n\n".join(grid_table(b) for b in tables)
        box = (
            min(b.x for b in boxes),
            min(b.y for b in boxes),
            max(b.x + b.width for b in boxes),
            max(b.y + b.height for b in boxes),
        )
        return rebuild_table(page.text_items, box)


def without_emphasis(text: str) -> str:
    """Take italics off, which in print often go over line ends; formulas stay as they are."""
    pieces = re.split(r"(\$[^$]*\$)", text)
    for index in range(0, len(pieces), 2):
        plain = re.sub(r"(?<=[a-z])-\*\s+(?=[a-z])", "", pieces[index])
        pieces[index] = re.sub(r"(?<![\\*])\*(?!\*)", "", plain)
    return "".join(pieces)


def _table_end(blocks: "list[LayoutBlock]", start: int) -> int:
    """Find the end of a table that begins here: its pieces, its rules and stray lines between them.

    Returns:
        The position after it, or `start` if no table begins here.
    """
    end, position = start, start
    while position < len(blocks):
        kind = blocks[position].kind
        if kind == "table":
            end = position + 1
        elif kind != "rule" and not _is_stray(blocks, position):
            break
        position += 1
    if end == start:
        return start
    return end + _trailing(blocks, end)


def _trailing(blocks: "list[LayoutBlock]", end: int) -> int:
    """Count the stray lines after the last grid that stand above the table's closing rule."""
    count = 0
    while end + count < len(blocks) and _is_stray(blocks, end + count):
        count += 1
    closed = end + count < len(blocks) and blocks[end + count].kind == "rule"
    return count if closed else 0


def _is_stray(blocks: "list[LayoutBlock]", position: int) -> bool:
    """Tell whether a paragraph is one line of a table: short, no sentence, no caption, close to what is around it."""
    block = blocks[position]
    text = block.text or ""
    if block.kind != "paragraph" or split_caption(text) or len(text.split()) > 20 or re.search(r"[a-z]{2}[.:]$", text):
        return False
    near = [
        b
        for b in blocks[max(position - 1, 0) : position + 2]
        if b is not block and b.bbox and b.kind in ("table", "rule")
    ]
    box = block.bbox
    return bool(box) and any(
        min(abs(b.bbox.y - box.y - box.height), abs(box.y - b.bbox.y - b.bbox.height)) < 14 for b in near if b.bbox
    )


def _before_picture(blocks: "list[LayoutBlock]", position: int) -> bool:
    """Tell whether a picture comes next, before any other text."""
    return any(b.kind == "figure" for b in blocks[position + 1 : position + 2])
