"""Figures and tables of LaTeX as Markdown."""

import re
from typing import TYPE_CHECKING

from data.blocks import Caption, is_table, split_caption
from data.latex.tabular import tabular_to_markdown

if TYPE_CHECKING:
    from data.latex.convert import Converter


def caption(converter: "Converter", kind: str, start: int, end: int) -> str:
    """Write a caption with its number."""
    text = converter.line(start, end)
    if kind == "part":
        return f"\n\n{text}\n\n"
    number = converter.numbers.count(kind)
    return converter.block(Caption(kind, number, text).markdown)


def tabular(converter: "Converter", start: int, body: int, stop: int, after: int) -> str:
    """Write a table; the cells are converted as texts of their own."""
    text = converter.text[start:after]
    captions = ""
    if r"\caption" in text or r"\label" in text:
        outer, converter.float = converter.float, "Table"
        for match in re.finditer(r"\\(caption|label)\s*(?:\[[^\]]*\])?(?=\{)", text):
            close = converter.pairs.group.get(start + match.end())
            if close and match[1] == "caption":
                captions += caption(converter, "Table", start + match.end() + 1, close - 1)
            elif close:
                converter.numbers.label(converter.text[start + match.end() + 1 : close - 1])
        converter.float = outer
        text = re.sub(r"\\(?:caption|label)\s*(?:\[[^\]]*\])?\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}", "", text)
    return captions + converter.block(tabular_to_markdown(text, lambda cell: _cell(converter, cell)))


def _cell(converter: "Converter", tex: str) -> str:
    if not re.search(r"[\\${}~]", tex):
        return tex
    return converter.fork(tex)


def floating(converter: "Converter", kind: str, start: int, stop: int) -> str:
    """Write a figure or a table: the captions first, each with what belongs to it; pictures are left out."""
    outer, converter.float = converter.float, kind
    converter.numbers.item("")
    parts = converter.split(converter.render(start, stop))
    converter.float = outer
    captions = [bool(split_caption(part)) for part in parts]
    parts = [p for p, is_caption in zip(parts, captions, strict=True) if is_caption or _is_kept(p, kind)]
    if parts and not split_caption(parts[0]):
        parts = _captions_first(parts)
    return "".join(converter.block(part) for part in parts)


def _is_kept(part: str, kind: str) -> bool:
    return (
        kind == "Table" or is_table(part) or part.startswith(("$$", "```", "- ", "**", "1. ")) or len(part.split()) > 5
    )


def _captions_first(parts: list[str]) -> list[str]:
    ordered: list[str] = []
    waiting: list[str] = []
    for part in parts:
        if split_caption(part):
            ordered += [part, *waiting]
            waiting = []
        else:
            waiting.append(part)
    return ordered + waiting


def part_of_float(converter: "Converter", start: int, stop: int) -> str:
    """Convert a part of a figure or table, of which the caption has no number of its own."""
    outer, converter.float = converter.float, "part"
    rendered = converter.render(start, stop)
    converter.float = outer
    return rendered
