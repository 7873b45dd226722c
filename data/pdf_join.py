"""The parts of a PDF in the order of reading, as Markdown: headings settled, sentences joined, floats aside."""

import re
from collections.abc import Iterator

from data.blocks import split_caption
from data.headings import is_standard
from data.markdown import escape_lines
from data.pdf_headings import Part, Sequence

CLOSED = re.compile(r"[.!?:;…]['\"”’)\]*]*\s*$")
"""The end of a paragraph that ends with its sentence."""


def join_parts(parts: list[Part]) -> str:
    """Write the parts as Markdown: sentences that a page or a float interrupts are joined."""
    joined: list[Part] = []
    for part in _settle_headings(list(_without_figure_texts(parts))):
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
        lines.append(escape_lines(part.text) if part.kind == "text" else part.text)
    return "".join(lines).strip()


def _continues(last: Part, part: Part) -> bool:
    if last.kind not in ("text", "list") or part.kind != "text" or CLOSED.search(last.text):
        return False
    return part.text[:1].islower() or len(part.text) < 3 or (part.text[:1] in "([$" and last.text.endswith((",", "-")))


def _goes_on(last: Part, part: Part) -> bool:
    """Tell whether a line of a footnote goes on with the one before it."""
    return last.text.startswith("> ") and not CLOSED.search(last.text) and part.text[2:3].islower()


def _settle_headings(parts: list[Part]) -> Iterator[Part]:
    """Tell headings from what is only printed like one.

    In a paper with numbered sections, a heading without a number is a run-in, a line of an algorithm or the
    lettering of a figure, unless it is one that every paper may have or is printed as the numbered ones are.
    """
    numbering = Sequence(parts)
    for index, part in enumerate(parts):
        if part.kind != "heading":
            yield part
            continue
        text = part.text.lstrip("# ")
        if numbering.accepts(part):
            yield part
        elif index + 1 < len(parts) and parts[index + 1].text[:1].islower() and not _letters_figure(parts, index):
            yield Part("text", f"**{text}**")
        else:
            yield Part("float", f"**{text}**")


def _letters_figure(parts: list[Part], index: int) -> bool:
    """Tell whether nothing but other lettering stands between a heading and the caption of a figure."""
    for part in parts[index + 1 : index + 12]:
        caption = split_caption(part.text) if part.kind == "float" else None
        if caption:
            return caption.kind == "Figure"
        if part.kind in ("text", "list", "equation") and (len(part.text.split()) > 12 or CLOSED.search(part.text)):
            return False
        if part.kind.endswith("heading") and is_standard(part.text.lstrip("# ")):
            return False
    return False


def _without_figure_texts(parts: list[Part]) -> Iterator[Part]:
    """Leave out the grids that are the lettering of a figure: next to its caption, and to no table's."""
    kinds = [c.kind if part.kind == "float" and (c := split_caption(part.text)) else "" for part in parts]
    for index, part in enumerate(parts):
        if part.kind == "float" and part.text.startswith("|"):
            around = [k for k in (kinds[index - 1 : index] + kinds[index + 1 : index + 2]) if k]
            if around and "Table" not in around and "Algorithm" not in around:
                continue
        yield part
