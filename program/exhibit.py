"""What a judge is shown of a repository: source, settings and documentation, with numbered lines."""

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from program.repository import Listing
from program.syntax import parse_python

PROGRAMS = (
    *(".py", ".ipynb", ".pyx", ".sh", ".bash", ".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp", ".jl", ".r", ".m"),
    *(
        ".lua",
        ".java",
        ".scala",
        ".kt",
        ".go",
        ".rs",
        ".js",
        ".ts",
        ".swift",
        ".f90",
        ".hs",
        ".ml",
        ".cs",
        ".rb",
        ".pl",
    ),
)
"""Suffixes of programs."""

SETTINGS = (".yaml", ".yml", ".toml", ".cfg", ".ini", ".json", ".gin", ".env", ".conf", ".jsonnet", ".libsonnet")
PROSE = (".md", ".rst", ".txt", ".tex", "")
SETTINGS_CHARACTERS = 40_000
"""Longer settings or prose are data."""


@dataclass
class Exhibit:
    """The files that a judge can be shown, by path."""

    texts: dict[str, str] = field(default_factory=dict)
    """As they are, notebooks as the code in their cells."""
    left_out: dict[str, str] = field(default_factory=dict)

    def numbered(self, path: str) -> str:
        """Return a file as it stands in prompts: no line of it can be taken for a header of the prompt."""
        lines = self.texts[path].splitlines()
        width = len(str(len(lines)))
        return "\n".join(f"{number:>{width}}| {line}" for number, line in enumerate(lines, start=1))

    def tokens(self, path: str) -> int:
        """Return about how many tokens a file takes in a prompt."""
        text = self.texts[path]
        return (len(text) + 6 * text.count("\n") + len(path) + 10) // 4


def make_exhibit(listing: Listing) -> Exhibit:
    """Sort the files of a repository into what a judge is shown and what not."""
    exhibit = Exhibit(left_out=dict(listing.left_out))
    for path, text in listing.files.items():
        suffix = PurePosixPath(path).suffix.lower()
        if suffix == ".ipynb":
            exhibit.texts[path] = _cells(text)
        elif suffix in PROGRAMS or (suffix in (*SETTINGS, *PROSE) and len(text) <= SETTINGS_CHARACTERS):
            exhibit.texts[path] = text
        else:
            exhibit.left_out[path] = "data"
    return exhibit


def is_program(path: str) -> bool:
    """Say whether a file is one that a machine runs, by its name."""
    return PurePosixPath(path).suffix.lower() in PROGRAMS


def is_python(path: str) -> bool:
    """Say whether a file holds Python, by its name."""
    return PurePosixPath(path).suffix.lower() in (".py", ".ipynb")


def code_lines(path: str, text: str) -> set[int]:
    """Return the numbers of the lines with code or settings: not blank, no comment, no docstring."""
    if is_python(path):
        return _python_lines(text)
    if not is_program(path) and PurePosixPath(path).suffix.lower() not in SETTINGS:
        return set()
    lines = enumerate(text.splitlines(), start=1)
    return {number for number, line in lines if line.strip() and not line.strip().startswith(("#", "//", "%", "--"))}


def _python_lines(text: str) -> set[int]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        tree = parse_python(text)
    except (SyntaxError, ValueError, tokenize.TokenError):
        lines = enumerate(text.splitlines(), start=1)
        return {number for number, line in lines if line.strip() and not line.strip().startswith("#")}
    silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    found = {n for token in tokens if token.type not in silent for n in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def _cells(text: str) -> str:
    """Return the code in the cells of a notebook; the text itself if it is none."""
    try:
        cells = json.loads(text)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        return text
    return "\n\n".join(f"# cell {number}\n{source}" for number, source in enumerate(sources, start=1)) + "\n"


def render_tree(exhibit: Exhibit, most: int) -> str:
    """Return the tree of a repository, a line for each file with its size; of too many, folders stand for the rest.

    Args:
        exhibit: The files.
        most: How many files are named one by one, programs first.
    """
    order = sorted(exhibit.texts, key=lambda path: (not is_program(path), path.count("/"), path))
    lines = [f"{path} ({exhibit.tokens(path)})" for path in order[:most]]
    rest: Mapping[str, int] = _count(order[most:])
    return "\n".join(
        sorted(lines) + [f"{folder}/ ({count} more files, not named here)" for folder, count in rest.items()]
    )


def _count(paths: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for path in paths:
        top = path.split("/", 1)[0] if "/" in path else "."
        counts[top] = counts.get(top, 0) + 1
    return counts
