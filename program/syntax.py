"""Parsing generated Python; it is never compiled or run here."""

import ast
import threading

one_at_a_time = threading.Lock()
"""Python 3.11 parses wrongly now and then when several threads parse at once (`SystemError`, on good code)."""


def parse_python(text: str) -> ast.Module:
    """Return the syntax tree.

    Raises:
        SyntaxError: It is not Python.
        ValueError: It cannot be source code, or is nested too deeply.
    """
    with one_at_a_time:
        try:
            return ast.parse(text)
        except (RecursionError, MemoryError) as error:
            raise ValueError(f"nested too deeply ({type(error).__name__})") from None


def python_or_none(text: str) -> ast.Module | None:
    """Return the syntax tree; None of what is not Python."""
    try:
        return parse_python(text)
    except (SyntaxError, ValueError):
        return None
