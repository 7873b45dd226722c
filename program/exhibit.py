"""What a judge is shown of a repository: source, settings and documentation, with numbered lines."""

import ast
import io
import json
import re
import tokenize
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from program.repository import LINK, Listing
from program.syntax import parse_python, python_or_none

_COMMENTS: dict[tuple[str, ...], tuple[tuple[str, ...], str]] = {
    (".c", ".cc", ".cpp", ".cxx", ".cu", ".cuh", ".h", ".hh", ".hpp", ".hxx", ".mm"): (("//",), r"/\*.*?\*/"),
    (".java", ".scala", ".kt", ".go", ".rs", ".js", ".jsx", ".ts", ".tsx"): (("//",), r"/\*.*?\*/"),
    (".mjs", ".cjs", ".groovy", ".cl", ".metal", ".glsl", ".wgsl", ".fs", ".fsx"): (("//",), r"/\*.*?\*/|\(\*.*?\*\)"),
    (".swift", ".cs", ".dart", ".stan", ".zig", ".jsonnet", ".libsonnet"): (("//",), r"/\*.*?\*/"),
    (".sh", ".bash", ".r", ".rb", ".pl", ".pyx", ".php", ".ps1", ".nim", ".rmd", ".qmd", ".sage"): (("#",), ""),
    (".mojo", ".ex", ".exs", ".tcl", ".awk", ".zsh", ".pxd", ".pxi", ".pyw"): (("#",), ""),
    (".sas", ".do"): (("*", "//"), r"/\*.*?\*/"),
    (".erl",): (("%",), ""),
    (".jl",): (("#",), "#=.*?=#"),
    (".m",): (("%", "//"), "%{.*?%}"),
    (".f", ".for", ".f77", ".f90", ".f95", ".f03", ".f08"): (("!",), ""),
    (".lua",): (("--",), r"--\[\[.*?\]\]"),
    (".hs", ".lean", ".agda"): (("--",), "{-.*?-}|/-.*?-/"),
    (".ml", ".v", ".wl"): ((), r"\(\*.*?\*\)"),
    (".clj", ".lisp", ".scm", ".rkt", ".el"): ((";",), ""),
    (".sql",): (("--",), r"/\*.*?\*/"),
    (".yaml", ".yml", ".toml", ".cfg", ".ini", ".json", ".gin", ".env", ".conf"): (("#", ";", "//"), ""),
}
"""By suffix, all but Python: what a line of comment begins with, and what a comment over several lines is like."""

SETTINGS = (".yaml", ".yml", ".toml", ".cfg", ".ini", ".json", ".gin", ".env", ".conf", ".jsonnet", ".libsonnet")
"""Suffixes of settings."""

PROGRAMS = (".py", ".ipynb", *(suffix for group in _COMMENTS for suffix in group if suffix not in SETTINGS))
"""Suffixes of programs."""

PROSE = (".md", ".rst", ".txt", ".tex", "")
SETTINGS_CHARACTERS = 40_000
"""Longer settings or prose are data."""

_SEPARATORS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Where some programs begin a new line and others, Python among them, do not."""

MOST_FOLDERS = 50
"""Folders of a tree that stand for files that it does not name."""

_HEADER = re.compile(r"\[\[\s*##")
"""What the headers of a prompt begin with."""


@dataclass
class Exhibit:
    """The files that a judge can be shown, by path."""

    texts: dict[str, str] = field(default_factory=dict)
    """As they are, with one kind of line end; notebooks as the code in their cells."""
    left_out: dict[str, str] = field(default_factory=dict)

    def numbered(self, path: str) -> str:
        """Return a file as it stands in prompts: no line of it can be taken for a header of the prompt."""
        lines = self.texts[path].splitlines()
        width = len(str(len(lines)))
        return "\n".join(f"{number:>{width}}| {line}" for number, line in enumerate(lines, start=1))

    def tokens(self, path: str) -> int:
        """Return about how many tokens a file takes in a prompt, its numbers and its name included."""
        text = self.texts[path]
        return tokens_of(text) + (6 * text.count("\n") + len(path) + 10) // 4


def tokens_of(text: str) -> int:
    """Return about how many tokens a text takes: a quarter of its bytes, so that a Chinese sign is most of one."""
    return len(text.encode(errors="replace")) // 4


def make_exhibit(listing: Listing) -> Exhibit:
    """Sort the files of a repository into what a judge is shown and what not."""
    exhibit = Exhibit(left_out=dict(listing.left_out))
    for path, text in listing.files.items():
        suffix = PurePosixPath(path).suffix.lower()
        if _HEADER.search(path):
            exhibit.left_out[path] = "its name reads like a header of a prompt"
        elif suffix == ".ipynb":
            exhibit.texts[path] = _lines(_cells(text))
        elif suffix in PROGRAMS or (suffix in (*SETTINGS, *PROSE) and len(text) <= SETTINGS_CHARACTERS):
            exhibit.texts[path] = _lines(text)
        else:
            exhibit.left_out[path] = "data"
    return exhibit


def _lines(text: str) -> str:
    """Return a text whose lines are the same for whoever counts them."""
    return _SEPARATORS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def unread_programs(exhibit: Exhibit) -> list[str]:
    """Return the programs that were left out: nobody knows what is in them. What a link leads to is none of its own."""
    return [path for path, reason in exhibit.left_out.items() if is_program(path) and reason != LINK]


def is_program(path: str, text: str = "") -> bool:
    """Say whether a file is one that a machine runs, by its name, or by its first line if that has no suffix."""
    suffix = PurePosixPath(path).suffix.lower()
    return suffix in PROGRAMS or (not suffix and text.startswith("#!"))


def is_python(path: str, text: str = "") -> bool:
    """Say whether a file holds Python, by its name, or by its first line if that has no suffix."""
    suffix = PurePosixPath(path).suffix.lower()
    return suffix in (".py", ".ipynb") or (not suffix and re.match("#!.*python", text) is not None)


def code_lines(path: str, text: str) -> set[int]:
    """Return the numbers of the lines with code or settings: not blank, no comment, no docstring."""
    if is_python(path, text):
        return _python_lines(text)
    suffix = PurePosixPath(path).suffix.lower()
    if not is_program(path, text) and suffix not in SETTINGS:
        return set()
    marks, block = next((found for group, found in _COMMENTS.items() if suffix in group), (("#",), ""))
    if block:  # only those at the beginning of a line: elsewhere it may be a part of a string
        text = re.sub(rf"(?ms)^[ \t]*(?:{block})", lambda found: "\n" * found[0].count("\n"), text)
    lines = enumerate(text.splitlines(), start=1)
    return {number for number, line in lines if line.strip() and not line.strip().startswith(marks)}


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


def idle_lines(path: str, text: str) -> set[int]:
    """Return the numbers of the lines of Python that do nothing: headers of definitions, `pass`, what is left open."""
    if not is_python(path):
        return set()
    tree = python_or_none(text)
    if tree is None:
        return set()
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= set(range(node.lineno, node.body[0].lineno))
        elif isinstance(node, ast.Pass) or (isinstance(node, ast.Raise) and "NotImplemented" in ast.dump(node)):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def _cells(text: str) -> str:
    """Return the code in the cells of a notebook; the text itself if it is none."""
    try:
        cells = json.loads(text)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return text
    return "\n\n".join(f"# cell {number}\n{source}" for number, source in enumerate(sources, start=1)) + "\n"


def render_tree(exhibit: Exhibit, most: int, room: int) -> str:
    """Return the tree of a repository, a line for each file with its size; of too many, folders stand for the rest.

    Args:
        exhibit: The files.
        most: How many files are named one by one, programs first.
        room: How many tokens their names may take.
    """
    order = sorted(exhibit.texts, key=lambda path: (not is_program(path, exhibit.texts[path]), path.count("/"), path))
    lines: list[str] = []
    for path in order[:most]:
        line = f"{path} ({exhibit.tokens(path)})"
        room -= len(line) // 4 + 1
        if room < 0:
            break
        lines.append(line)
    rest = Counter(path.split("/", 1)[0] if "/" in path else "." for path in order[len(lines) :])
    folders = [(f"{folder}/", count) for folder, count in rest.most_common(MOST_FOLDERS)]
    if elsewhere := rest.total() - sum(count for _, count in folders):
        folders.append(("elsewhere", elsewhere))
    return "\n".join(sorted(lines) + [f"{folder} ({count} more files, not named here)" for folder, count in folders])
