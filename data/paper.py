"""A paper as the stages read it: typed parts and one canonical Markdown text."""

import hashlib
import re
from collections.abc import Iterator
from itertools import takewhile

from pydantic import BaseModel, ConfigDict, Field

from data.blocks import is_display, is_table, split_blocks, split_caption

APPENDIX_MARK = "<!-- appendix -->"
"""The line before the first section of the appendix in the canonical text."""


class Section(BaseModel):
    """One heading and the text up to the next heading."""

    model_config = ConfigDict(frozen=True)

    heading: str
    """Heading without its number, e.g. `Scaled Dot-Product Attention`."""
    level: int = Field(ge=1, le=5)
    """1 for a section, 2 for a subsection, and so on."""
    number: str = ""
    """`3.2.1`, `A`, `B.1`, or empty where the source has none."""
    text: str = ""
    """Markdown, with `$…$` and `$$…$$` equations, tables and figure captions in place."""
    appendix: bool = False

    @property
    def title(self) -> str:
        """The heading with its number, as a reader would name the section."""
        return f"{self.number} {self.heading}".strip()


class Table(BaseModel):
    """A table: its caption, and its cells as a Markdown table."""

    model_config = ConfigDict(frozen=True)

    number: str = ""
    """`1`, `A.2`, or empty for a table without a caption."""
    caption: str = ""
    body: str = ""
    """Markdown; empty where the source keeps the caption only."""


class Figure(BaseModel):
    """What the text says of a figure; its picture is not kept."""

    model_config = ConfigDict(frozen=True)

    number: str
    caption: str


class Paper(BaseModel):
    """A paper: references dropped, appendices kept, equations as TeX.

    The canonical text is `markdown`; reading that text again as a Markdown file gives an equal paper.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    abstract: str
    sections: tuple[Section, ...]
    source: str = ""
    """What was read, as a user would name it: a file name, an arXiv id. Not part of the canonical text."""

    @property
    def markdown(self) -> str:
        """The canonical text: deterministic, `\\n` line ends, one empty line between blocks."""
        parts = [f"# {self.title}"]
        if self.abstract:
            parts += ["## Abstract", self.abstract]
        marked = False
        for section in self.sections:
            if section.appendix and not marked:
                parts.append(APPENDIX_MARK)
                marked = True
            parts.append(f"{'#' * (section.level + 1)} {section.title}")
            if section.text:
                parts.append(section.text)
        return "\n\n".join(parts) + "\n"

    @property
    def hash(self) -> str:
        """The sha256 of the canonical text, in hexadecimal."""
        return hashlib.sha256(self.markdown.encode("utf-8")).hexdigest()

    @property
    def equations(self) -> tuple[str, ...]:
        """The display equations as TeX, in order; `\\tag{3}` holds the number where the source has one."""
        return tuple(block[2:-2].strip() for block in self._blocks() if is_display(block))

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables in order: with caption and body where the text has both side by side."""
        return tuple(_tables(list(self._blocks())))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures in order, each once."""
        captions = [split_caption(block) for block in self._blocks()]
        return tuple(Figure(number=c.number, caption=c.text) for c in captions if c and c.kind == "Figure")

    def without_appendices(self) -> "Paper":
        """Give the same paper without the sections of its appendix."""
        return self.model_copy(update={"sections": tuple(s for s in self.sections if not s.appendix)})

    def _blocks(self) -> Iterator[str]:
        for text in (self.abstract, *(section.text for section in self.sections)):
            yield from split_blocks(text)


def _tables(blocks: list[str]) -> list[Table]:
    """Pair captions with bodies: a caption owns the bodies after it, or else the body just before it."""
    found: dict[int, Table] = {}
    taken: set[int] = set()
    for index, block in enumerate(blocks):
        caption = split_caption(block)
        if caption is None or caption.kind != "Table":
            continue
        bodies = list(takewhile(lambda i: is_table(blocks[i]), range(index + 1, len(blocks))))
        if not bodies and index - 1 not in taken and index and is_table(blocks[index - 1]):
            bodies = [index - 1]
        taken.update(bodies)
        body = "\n\n".join(blocks[i] for i in bodies)
        found[index] = Table(number=caption.number, caption=caption.text, body=body)
    found |= {i: Table(body=b) for i, b in enumerate(blocks) if is_table(b) and i not in taken}
    return [table for _, table in sorted(found.items())]


def slug(text: str) -> str:
    """Reduce a heading or a title to lower-case words, to compare those of two sources."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
