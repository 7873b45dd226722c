"""Figures and tables of an s2orc JSON file."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from data.blocks import Caption
from data.tables import html_rows, markdown_table

_CAPTION = re.compile(r"(?:Figure|Fig\.|Table)\s*(?P<number>[A-Z]?\.?\d+)\s*[.:]?\s*(?P<text>.*)", re.DOTALL)


class _Reference(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def ref_id(self) -> str | None: ...


class _Paragraph(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def ref_spans(self) -> Sequence[_Reference] | None: ...


class Float(NamedTuple):
    """A figure or a table and where the text may name it."""

    kind: str
    """`Figure` or `Table`."""
    number: str
    markdown: str


def read_floats(entries: dict[str, dict[str, Any]], paragraphs: Sequence[_Paragraph]) -> list[Float]:
    """Read figures and tables in the order of the file.

    Args:
        entries: The `ref_entries`.
        paragraphs: The body, which tells the numbers that captions lack.
    """
    numbers = _numbers(entries, paragraphs)
    floats = (_float(entry, numbers.get(key, "")) for key, entry in entries.items())
    return [f for f in floats if f.markdown]


def _float(entry: dict[str, Any], number: str) -> Float:
    kind = "Table" if entry.get("type_str") == "table" else "Figure"
    text = " ".join(str(entry.get("text") or "").split())
    match = _CAPTION.fullmatch(text)
    number, text = (match["number"], match["text"]) if match else (number, text)
    rows = _rows(entry)
    if sum(bool(cell) for row in rows for cell in row) == 1:
        text, rows = f"{text} {' '.join(cell for row in rows for cell in row)}".strip(), []
    if kind == "Figure" and not number:
        return Float(kind, "", text)
    parts = [Caption(kind, number, text).markdown] if text or number else []
    return Float(kind, number, "\n\n".join([*parts, *filter(None, [markdown_table(rows)])]))


def _rows(entry: dict[str, Any]) -> list[list[str]]:
    html = entry.get("content") or entry.get("html")
    if not isinstance(html, str) or "<t" not in html:
        return []
    from bs4 import BeautifulSoup

    table = BeautifulSoup(html, "lxml").find("table")
    return html_rows(table) if table else []


def _numbers(entries: dict[str, dict[str, Any]], paragraphs: Sequence[_Paragraph]) -> dict[str, str]:
    """Number the tables as the text refers to them, or in order when the text names as many as there are."""
    votes: dict[str, Counter[str]] = {}
    for key, text in _references(paragraphs):
        votes.setdefault(key, Counter())[text] += 1
    numbers = {key: count.most_common(1)[0][0] for key, count in votes.items()}
    tables = [key for key, entry in entries.items() if entry.get("type_str") == "table"]
    named = re.findall(r"\bTable\s*(\d+)\b", " ".join(p.text for p in paragraphs))
    whole = all(sum(bool(cell) for row in _rows(entries[key]) for cell in row) > 1 for key in tables)
    if whole and not any(key in numbers for key in tables) and max(map(int, named), default=0) == len(tables):
        numbers |= {key: str(i) for i, key in enumerate(tables, start=1)}
    return numbers


def _references(paragraphs: Iterable[_Paragraph]) -> Iterable[tuple[str, str]]:
    for paragraph in paragraphs:
        for span in paragraph.ref_spans or []:
            number = re.search(r"\d+", span.text or "")
            if span.ref_id and number:
                yield span.ref_id, number[0]
