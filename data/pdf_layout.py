"""The blocks of PDF pages in the order of reading: sentences joined, floats out of their way, footnotes told apart."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from data.blocks import split_caption
from data.headings import is_dropped
from data.pdf_equations import split_equation
from data.pdf_fonts import mark_run_in
from data.pdf_tables import grid_table, is_garbled, rebuild_table

if TYPE_CHECKING:
    from liteparse import LayoutBlock, ParsedPage

_CLOSED = re.compile(r"[.!?:;…]['\"”’)\]*]*\s*$")
_FRONT_NOTE = re.compile(
    r"equal contribution|universit|institute|correspond|proceedings|conference on|preprint|under review"
    r"|copyright|@|work (?:done|performed)",
    re.IGNORECASE,
)


class Part(NamedTuple):
    """A piece of the paper."""

    kind: str
    """`heading`, `text`, `list`, `equation`, `code`, or `float` for what may interrupt a sentence."""
    text: str


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
                parts.append(Part("float", self._table(page, blocks[position:end])))
                position = end
                continue
            parts += self._parts(index, blocks, position, margins)
            position += 1
        return [part for part in parts if part.text.strip()]

    def _parts(self, index: int, blocks: "list[LayoutBlock]", position: int, margins: list[int]) -> Iterator[Part]:
        block = blocks[position]
        text = " ".join((block.text or "").split())
        if block.kind == "heading":
            yield Part("heading", f"{'#' * (block.level or 1)} {text}")
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
        if len(text.split()) < 12 and not _CLOSED.search(text) and _before_picture(blocks, position):
            yield Part("float", text)
            return
        indented = bool(block.bbox and margins and min(abs(block.bbox.x - m) for m in margins) > 12)
        for kind, piece in split_equation(text, indented):
            if not (block.bold and kind == "text"):
                yield Part(kind, piece)
                continue
            run_in = mark_run_in(piece, self._bold[index])
            name, _, rest = run_in.removeprefix("**").partition("**")
            if run_in.startswith("**") and is_dropped(name):
                yield Part("heading", f"## {name.strip(' .:')}")
            yield Part("text", rest.strip() if is_dropped(name) else run_in)

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
        sizes = Counter[float]()
        for item in page.text_items:
            if (
                box.y - 1 <= item.y + item.height / 2 <= box.y + box.height + 1
                and box.x - 1 <= item.x <= box.x + box.width
            ):
                sizes[round(item.font_size or 0, 1)] += len(item.text)
        return bool(sizes) and sizes.most_common(1)[0][0] < 0.94 * self._body_size

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


def join_parts(parts: list[Part]) -> str:
    """Write the parts as Markdown: sentences that a page or a float interrupts are joined."""
    joined: list[Part] = []
    for part in _without_figure_texts(parts):
        index = len(joined) - 1
        while index >= 0 and joined[index].kind == "float":
            index -= 1
        if index >= 0 and _continues(joined[index], part):
            last = joined[index]
            glue = "" if re.search(r"[^\W\d_]-$", last.text) else " "
            joined[index] = last._replace(text=last.text + glue + part.text)
        elif (
            part.kind == "float"
            and part.text.startswith("> ")
            and index < len(joined) - 1
            and _goes_on(joined[-1], part)
        ):
            joined[-1] = joined[-1]._replace(text=f"{joined[-1].text} {part.text[2:]}")
        else:
            joined.append(part)
    lines = []
    for before, part in zip([Part("", ""), *joined], joined, strict=False):
        lines.append("\n" if part.kind == before.kind == "list" else "\n\n")
        lines.append(part.text)
    return "".join(lines).strip()


def _continues(last: Part, part: Part) -> bool:
    if last.kind not in ("text", "list") or part.kind != "text" or _CLOSED.search(last.text):
        return False
    return part.text[:1].islower() or len(part.text) < 3 or (part.text[:1] in "([$" and last.text.endswith((",", "-")))


def _goes_on(last: Part, part: Part) -> bool:
    """Tell whether a line of a footnote goes on with the one before it."""
    return last.text.startswith("> ") and not _CLOSED.search(last.text) and part.text[2:3].islower()


def _without_figure_texts(parts: list[Part]) -> Iterator[Part]:
    """Leave out the grids that are the lettering of a figure: next to its caption, and to no table's."""
    kinds = [c.kind if part.kind == "float" and (c := split_caption(part.text)) else "" for part in parts]
    for index, part in enumerate(parts):
        if part.kind == "float" and part.text.startswith("|"):
            around = [k for k in (kinds[index - 1 : index] + kinds[index + 1 : index + 2]) if k]
            if around and "Table" not in around and "Algorithm" not in around:
                continue
        yield part


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
