"""Runs of bold text on a PDF page, by which bold run-ins are told from the text after them."""

import ctypes
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_BOLD = re.compile(rb"bold|medi(?![ac])|black|heavy|-b(?:i|$)|cmbx|sfbx|ptmb|\.b$", re.IGNORECASE)
_NAME_SIZE = 128


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
