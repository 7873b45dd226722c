"""The numbers that a run prints or saves."""

import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from program.repository import MAX_FILE_BYTES

_METRIC = re.compile(
    r"(?P<name>[A-Za-z][\w .()/%-]{0,60}?)\s*[:=]\s*"
    r"(?P<value>[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)\s*%?(?!\w|[.:]\d)"
)


def printed_metrics(text: str) -> dict[str, float]:
    """Return the numbers that a program prints as `name: number` or `name = number`; the last of a name counts."""
    found = {found["name"].strip(): float(found["value"]) for found in _METRIC.finditer(text)}
    return {name: value for name, value in found.items() if math.isfinite(value)}


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
