"""The outer form of prompts and answers: sections, each under a header line of its own."""

import re

SHARED_CONTEXT = (
    "paper",
    "overall_plan",
    "architecture_design",
    "logic_design",
    "configuration",
    "code",
    "required_components",
    "reference",
    "repository",
)
"""Inputs that stand first in a prompt, in this order and byte-identical in all stages that have them."""

COMPLETED = "completed"
"""The last header of every answer; an answer without it may have been cut."""

_FENCE = re.compile(r"\s*(?P<mark>```+|~~~+)[^\n`]*\n(?P<inside>.*)\n(?P=mark)\s*", re.DOTALL)


def header(name: str) -> str:
    """Return the header line of a section, the form of DSPy's chat adapter."""
    return f"[[ ## {name} ## ]]"


def without_fence(text: str) -> str:
    """Return the text without the Markdown code fence around the whole of it, if there is one."""
    found = _FENCE.fullmatch(text)
    return found["inside"] if found else text
