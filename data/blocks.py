"""The blocks of tidy Markdown: paragraphs, display equations, tables, captions, fenced code."""

import re
from typing import NamedTuple

_CAPTION = re.compile(
    r"(?:\*\*|__)?(?P<kind>Figure|Fig\.?|Table|Tab\.|Algorithm)\s*(?P<number>(?:[A-Z]\.?)?\d+(?:\.\d+)*|[A-Z]\.\d+)"
    r"\s*(?:[.:|]\s*(?:\*\*|__)?|(?:\*\*|__)\s*[.:|]?)\s*(?P<text>.*)",
    re.DOTALL,
)
_UNNUMBERED = re.compile(r"\*\*(?P<kind>Figure|Table):\*\*(?P<number>)\s*(?P<text>.*)", re.DOTALL)
_FENCE = re.compile(r"(`{3,}|~{3,})")


class Caption(NamedTuple):
    """A block such as `**Table 2:** BLEU scores`."""

    kind: str
    """`Figure`, `Table` or `Algorithm`."""
    number: str
    text: str

    @property
    def markdown(self) -> str:
        """The caption as the canonical text has it."""
        return f"**{f'{self.kind} {self.number}'.rstrip()}:** {self.text}".rstrip()


def split_blocks(text: str) -> list[str]:
    """Split Markdown at empty lines, but never inside fenced code or a `$$` equation."""
    blocks: list[str] = []
    lines: list[str] = []
    closing = ""
    for line in text.split("\n"):
        if closing:
            lines.append(line)
            if _closes(line, closing):
                closing = ""
        elif not line.strip():
            if lines:
                blocks.append("\n".join(lines))
            lines = []
        else:
            lines.append(line)
            closing = _opens(line)
    if lines:
        blocks.append("\n".join(lines))
    return blocks


def is_display(block: str) -> bool:
    """Tell whether the block is a `$$` equation."""
    return len(block) > 4 and block.startswith("$$") and block.endswith("$$")


def is_table(block: str) -> bool:
    """Tell whether the block is a Markdown table."""
    lines = block.split("\n")
    return len(lines) > 1 and all(line.startswith("|") for line in lines)


def is_code(block: str) -> bool:
    """Tell whether the block is fenced code."""
    return bool(_FENCE.match(block))


def split_caption(block: str) -> Caption | None:
    """Split a caption into kind, number and text; None for any other block."""
    match = _CAPTION.fullmatch(block) or _UNNUMBERED.fullmatch(block)
    if match is None:
        return None
    kind = {"F": "Figure", "T": "Table", "A": "Algorithm"}[match["kind"][0]]
    return Caption(kind, match["number"], match["text"].strip())


def _opens(line: str) -> str:
    """Give what closes the block that this line opens, if it opens one that may hold empty lines."""
    fence = _FENCE.match(line.strip())
    if fence:
        return fence[1]
    stripped = line.strip()
    if stripped.startswith("$$") and not (len(stripped) > 4 and stripped.endswith("$$")):
        return "$$"
    return ""


def _closes(line: str, closing: str) -> bool:
    if closing == "$$":
        return line.strip().endswith("$$")
    return line.strip().startswith(closing)
