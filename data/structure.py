"""Tidy Markdown into a typed paper: title, abstract, numbered sections, appendix; references dropped."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from data.blocks import split_blocks
from data.front import clean_abstract, clean_title
from data.headings import Numbering, is_abstract, is_dropped, is_references, is_standard, names_appendix
from data.markdown import is_float, tidy
from data.paper import APPENDIX_MARK, Paper, Section, slug

_HEADING = re.compile(r"(#{1,6}) (.*)")
_ROUNDS = 10
_RUN_IN = re.compile(r"(?:\*\*|__|\*|_)?abstract(?:\s*[.:—–-]+\s*(?:\*\*|__|\*|_)?|(?:\*\*|__|\*|_)[.:—–-]*)\s*", re.I)


@dataclass
class _Part:
    """A heading and the blocks under it; level 0 for what stands before the first heading."""

    level: int
    heading: str
    blocks: list[str] = field(default_factory=list)
    marked: bool = False
    """True where the appendix mark stands before the heading."""

    @property
    def text(self) -> str:
        return "\n\n".join(self.blocks)


def parse_markdown(text: str, source: str = "") -> Paper:
    """Read rough Markdown as a paper.

    Args:
        text: Markdown of any style that `tidy` knows.
        source: What was read, as a user would name it.

    Returns:
        The paper. The title falls back to the first line or heading; a body without headings becomes one
        section. Reading its canonical text gives the same paper: ambiguous Markdown is read again until it
        means only one thing.
    """
    paper = _parse(text, source)
    for _ in range(_ROUNDS):
        again = _parse(paper.markdown, source)
        if again == paper:
            break
        paper = again
    return paper


def _parse(text: str, source: str) -> Paper:
    front, *parts = _split_parts(tidy(text))
    title, front, parts = _take_title(front, parts)
    parts = _without_running_heads(title, parts)
    abstract, parts = _take_abstract(front, parts)
    return Paper(
        title=clean_title(title),
        abstract=clean_abstract(abstract),
        sections=tuple(_sections(parts)),
        source=source,
    )


def _split_parts(text: str) -> list[_Part]:
    parts = [_Part(0, "")]
    marked = False
    for block in split_blocks(text):
        match = _HEADING.fullmatch(block)
        if block == APPENDIX_MARK:
            marked = True
        elif match:
            parts.append(_Part(len(match[1]), match[2].strip(), marked=marked))
            marked = False
        else:
            parts[-1].blocks.append(block)
    return [part for part in parts if part.heading or not part.level]


def _take_title(front: _Part, parts: list[_Part]) -> tuple[str, _Part, list[_Part]]:
    """Find the title; give it with the text between it and the next heading, and the parts that remain."""
    index = _title_index(parts)
    if index is not None:
        own = parts[index]
        after = parts[index + 1 :]
        between = parts[:index]
        return own.heading, _Part(0, "", own.blocks), between + after
    if front.blocks:
        line, _, rest = front.blocks[0].partition("\n")
        return line.strip("*_ "), _Part(0, "", [*([rest] if rest else []), *front.blocks[1:]]), parts
    return (Numbering([]).split(parts[0].heading).name if parts else ""), front, parts


def _without_running_heads(title: str, parts: list[_Part]) -> list[_Part]:
    """Drop headings that repeat the beginning of the title, as the top of a page does; their text stays."""
    kept: list[_Part] = []
    for part in parts:
        words = slug(part.heading)
        if kept and len(words.split()) > 2 and slug(title).startswith(words):
            kept[-1] = replace(kept[-1], blocks=[*kept[-1].blocks, *part.blocks])
        else:
            kept.append(part)
    return kept


def _title_index(parts: list[_Part]) -> int | None:
    """Find the heading that is the title: the only one of level 1, or the highest before the first section."""
    tops = [i for i, part in enumerate(parts) if part.level == 1]
    if tops == [0]:
        return 0
    standard = [i for i, part in enumerate(parts) if is_standard(part.heading)]
    candidates = range(standard[0] if standard else min(len(parts), 1))
    return min(candidates, key=lambda i: (parts[i].level, i), default=None)


def _take_abstract(front: _Part, parts: list[_Part]) -> tuple[str, list[_Part]]:
    """Find the abstract; authors and the like before it are dropped."""
    for index, part in enumerate(parts):
        if is_abstract(part.heading):
            return _without_floats(part, parts[index + 1 :])
    for owner in (front, *parts[:2]):
        for index, block in enumerate(owner.blocks):
            match = _RUN_IN.match(block)
            if match and owner.blocks[index:] != [match[0]]:
                abstract = "\n\n".join([block[match.end() :], *owner.blocks[index + 1 :]]).strip()
                return abstract, [p for p in parts if p is not owner]
    if not parts and front.blocks:
        return "", [_Part(2, "Text", front.blocks)]
    return front.text, parts


def _without_floats(abstract: _Part, parts: list[_Part]) -> tuple[str, list[_Part]]:
    """Move the figures and tables that a converter has put into the abstract to the first section."""
    floats = [block for block in abstract.blocks if is_float(block)]
    if not floats or not parts:
        return abstract.text, parts
    first = replace(parts[0], blocks=[*floats, *parts[0].blocks])
    return "\n\n".join(block for block in abstract.blocks if not is_float(block)), [first, *parts[1:]]


def _sections(parts: list[_Part]) -> Iterator[Section]:
    top = 1 if any(part.level == 1 for part in parts) else 2
    numbering = Numbering(part.heading for part in parts)
    dropped_level = 0
    for part in parts:
        numbering.in_appendix = numbering.in_appendix or part.marked
        heading = numbering.split(part.heading)
        inside = dropped_level and part.level > dropped_level and not heading.number
        if is_references(heading.name):
            numbering.in_appendix = True
        if is_dropped(heading.name) or inside:
            dropped_level = dropped_level if inside else part.level
            continue
        dropped_level = 0
        if names_appendix(heading.name) and not heading.number and not part.blocks:
            continue
        level = min(heading.depth or max(part.level - top + 1, 1), 5)
        yield Section(
            heading=heading.name,
            level=level,
            number=heading.number,
            text=part.text,
            appendix=numbering.in_appendix,
        )
