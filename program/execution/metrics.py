"""The numbers that a run prints or saves."""

import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from program.repository import MAX_FILE_BYTES

_NAME = 60
_VALUE = re.compile(
    r"[ \t]{0,20}[:=][ \t]{0,20}"
    r"(?P<value>[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)[ \t]?%?(?!\w|[.:,/-]\d)"
)
_LAST_WORDS = re.compile(r"[A-Za-z][\w .()/%-]*$")
_COUNT = re.compile(
    r"^(?:(?:epoch|step|iteration|iter|batch|round)[ #]*\d+(?: ?(?:/|of) ?\d+)?[ )-]+){1,3}(?=[A-Za-z])", re.IGNORECASE
)
"""Where training stands: not part of the name of what is measured."""


def printed_metrics(text: str) -> dict[str, float]:
    """Return the numbers that a program prints as `name: number` or `name = number`; the last of a name counts."""
    metrics = {}
    end = 0
    for found in _VALUE.finditer(text):
        start = max(end, found.start() - _NAME, text.rfind("\n", end, found.start()) + 1)
        words = _LAST_WORDS.search(text[start : found.start()])
        value = float(found["value"].replace(",", ""))
        if words and math.isfinite(value):
            metrics[_COUNT.sub("", words[0].strip())] = value
        end = found.end()
    return metrics


_SAVED = re.compile(r"(?i)metric|result|score|eval|summary")


def saved_metrics(out: Path, names: Sequence[str]) -> dict[str, float]:
    """Return the numbers at the top of JSON files that are named after metrics or results."""
    metrics = {}
    for name in names:
        path = out / name
        if path.suffix == ".json" and _SAVED.search(path.stem) and path.stat().st_size <= MAX_FILE_BYTES:
            try:
                saved = json.loads(path.read_bytes())
            except (ValueError, RecursionError):
                continue
            for key, value in saved.items() if isinstance(saved, dict) else ():
                number = isinstance(value, int | float) and not isinstance(value, bool)
                if number and abs(value) < sys.float_info.max and key.isprintable():
                    metrics[key] = float(value)
    return metrics
