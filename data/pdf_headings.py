"""Headings of a PDF: told from run-ins, lettering and lines of algorithms by their numbers."""

import re
from typing import NamedTuple

from data.headings import is_references, is_standard, is_statement

_WHOLE = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2})+\.?\s+[A-Z](?:[^.!?:;=$]|\.(?=\w)){2,80}\.?")
_CAPITALS = re.compile(
    r"((?:\d{1,2}|[A-Z])(?:\.\d{1,2}){2,}\.?\s+(?:[A-Z0-9][A-Z0-9&:/,.()'’-]+\s+|[A-Z]\s+(?=[A-Z]{2})){1,12})(?=[A-Z][a-z]|[A-Z]\s[a-z])"
)


class Part(NamedTuple):
    """A piece of the paper."""

    kind: str
    """`heading`, `text`, `list`, `equation`, `code`, or `float` for what may interrupt a sentence."""
    text: str
    size: float = 0.0
    """Of a heading: the size of its print, in points."""


class Sequence:
    """The numbers of the sections so far, by which a heading is told from what looks like one."""

    def __init__(self, parts: list[Part]) -> None:
        headings = [part for part in parts if part.kind == "heading"]
        numbers = [number for part in headings if (number := _number(part.text))]
        self._numbered = sum(number[0].isdigit() for number in numbers) > 2
        self._lettered = any(number[0].isalpha() for number in numbers)
        self._sizes = {part.size for part in headings if _number(part.text)}
        self._last = 0
        self._started = False
        self._ended = False

    def accepts(self, part: Part) -> bool:
        """Tell whether a heading goes on with the sections before it."""
        text, number = part.text.lstrip("# "), _number(part.text)
        if (is_standard(text) and not number) or not self._numbered or part.text.startswith("# "):
            self._ended = self._ended or is_references(text)
            return True
        if not number:
            appendix = self._ended and not self._lettered
            return is_statement(text) or (appendix and part.size in self._sizes)
        if number[0].isalpha():
            return True
        first = int(number.split(".")[0])
        if not (self._last <= first <= self._last + 2) or (first == self._last and "." not in number):
            return False
        self._last = first
        return True


def _number(heading: str) -> str:
    match = re.match(r"(\d{1,2}(?:\.\d{1,2})*|[A-Z](?:\.\d{1,2})+|[A-Z](?=\.?\s+[A-Z]))\.?\s+\S", heading.lstrip("# "))
    return match[1] if match else ""


def split_heading(text: str) -> tuple[str, str]:
    """Split a paragraph that is, or begins with, a numbered heading in the print of the text.

    Returns:
        The heading, empty if there is none, and the text after it.
    """
    match = _CAPITALS.match(text)
    if match and re.search(r"[A-Z]{3}", match[1]):
        return match[1].strip(), text[match.end() :]
    if _WHOLE.fullmatch(text) and len(text.split()) <= 12:
        return text.strip(" ."), ""
    return "", text
