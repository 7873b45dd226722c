"""Citations, references, labels, links and footnotes of LaTeX as Markdown."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.latex.convert import Converter


def cite(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    """Write a citation as its keys in brackets."""
    if converter.text[position : position + 1] == "*":
        position += 1
    notes = converter.text[position : (after := converter.skip_optional(position, end))]
    found = converter.argument(after, end)
    if found is None:
        return "", after
    keys = ", ".join(key.strip() for key in converter.text[found[0] : found[1]].split(","))
    note = re.findall(r"\[([^\]]+)\]", notes)
    return f"[{keys}{f', {note[-1]}' if note else ''}]", found[2]


def label(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    """Let a label name what was counted last."""
    found = converter.argument(position, end)
    if found is None:
        return "", position
    converter.numbers.label(converter.text[found[0] : found[1]], within=converter.float)
    return "", found[2]


def footnote(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    """Write a footnote in its place."""
    found = converter.argument(converter.skip_optional(position, end), end)
    if found is None:
        return "", position
    return f" (Footnote: {converter.line(found[0], found[1])})", found[2]


def link(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    """Write a link as its text and its address."""
    target = converter.argument(converter.skip_optional(position, end), end)
    found = converter.argument(target[2], end) if target else None
    if target is None or found is None:
        return "", position
    text, url = converter.line(found[0], found[1]), converter.text[target[0] : target[1]].strip()
    return (text if url in text or url.startswith("mailto:") else f"{text} ({url})"), found[2]


def url(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    """Write an address as it is."""
    found = converter.argument(position, end)
    return (converter.text[found[0] : found[1]].replace("\\", ""), found[2]) if found else ("", position)


def bibliography(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    """Mark where the references stand, which are dropped."""
    return converter.block("## References"), skip_arguments(converter, position, end, 1)


def keep_reference(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    """Leave a reference as it is until all labels are known."""
    start = converter.text.rfind("\\", 0, position)
    found = converter.argument(position, end)
    return converter.text[start : found[2] if found else position], found[2] if found else position


def skip_arguments(converter: "Converter", position: int, end: int, count: int) -> int:
    """Give the position after so many arguments, optional ones among them."""
    if converter.text[position : position + 1] == "*":
        position += 1
    for _ in range(count):
        position = converter.skip_optional(position, end)
        found = converter.argument(position, end)
        if found is None:
            break
        position = found[2]
    return position
