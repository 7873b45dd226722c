"""Letters of a PDF page: which are bold, by which run-ins are known, and which are turned."""

import ctypes
import math
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_BOLD = re.compile(rb"bold|medi(?![ac])|black|heavy|-b(?:i|$)|cmbx|sfbx|ptmb|\.b$", re.IGNORECASE)
_NAME_SIZE = 128
_TURNED = 0.1
"""Radians."""


def upright_text(text: "PdfTextPage", plain: str) -> str:
    """Leave out the letters that are turned, as on the axes of figures."""
    from pypdfium2 import raw

    angles = (raw.FPDFText_GetCharAngle(text, index) for index in range(len(plain)))
    return "".join(c for c, angle in zip(plain, angles, strict=True) if min(angle, 2 * math.pi - angle) < _TURNED)


def bold_runs(text: "PdfTextPage", plain: str) -> list[str]:
    """Find the runs of bold characters of a page, each on one line."""
    from pypdfium2 import raw

    runs: list[str] = []
    current: list[str] = []
    buffer = ctypes.create_string_buffer(_NAME_SIZE)
    flags = ctypes.c_int()
    for index, character in enumerate(plain):
        if character.isspace():
            current.append(" ")
            continue
        raw.FPDFText_GetFontInfo(text, index, buffer, _NAME_SIZE, flags)
        if _BOLD.search(buffer.value):
            current.append(character)
        elif current:
            runs.append(" ".join("".join(current).split()))
            current = []
    runs.append(" ".join("".join(current).split()))
    return [run for run in runs if len(run) > 1]


def mark_run_in(text: str, runs: list[str]) -> str:
    """Write the bold words that a paragraph begins with as a bold run-in."""
    bare = text.replace("**", "").strip()
    fitting = [run for run in runs if bare.startswith(run) and len(run) < len(bare)]
    if not fitting:
        return bare
    run = max(fitting, key=len)
    return f"**{run}** {bare[len(run) :].lstrip()}"


def restore_hyphens(text: str, plain: str) -> str:
    """Put a hyphen back that was taken for one of word division, as in `sourcetarget`.

    Args:
        text: The paper as Markdown.
        plain: All pages as pdfium reads them, with line ends.
    """
    words = Counter(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", plain.lower()))
    single = Counter(part for word, count in words.items() for part in [word] * min(count, 3))
    for first, second in set(re.findall(r"([^\W\d_]{2,})(?:-\r?\n|[\ufffe\x02](?:\r?\n)?)([^\W\d_]{2,})", plain)):
        whole, parts = (first + second).lower(), (first.lower(), second.lower())
        if words[whole] or not re.search(rf"\b{first}{second}", text):
            continue
        known = any(w.startswith(f"{parts[0]}-{parts[1]}") for w in words)
        if known or all(len(part) > 3 and single[part] > 1 for part in parts):
            text = re.sub(rf"\b{first}{second}", f"{first}-{second}", text)
    return text
