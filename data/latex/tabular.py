"""LaTeX tabulars as Markdown tables."""

import re
from collections.abc import Callable

from data.latex.scan import group_end
from data.tables import markdown_table

_BEGIN = re.compile(r"\\begin\{(tabular[x*yu]?|tabulary|longtable|array)\}")
_TOKEN = re.compile(
    r"\\begin\s*\{[^{}]*\}|\\end\s*\{[^{}]*\}|\\(?:tabularnewline|cr)\b|\\\\(?:\*|\[[^\]]*\])?|\\.|[{}&]",
    re.DOTALL,
)
_LINES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|hdashline)\b(?:\[[^\]]*\])?"
    r"|\\(?:cmidrule|cline|specialrule|addlinespace|noalign|arrayrulecolor|rowcolor|cellcolor)\b"
    r"(?:\([^)]*\))?(?:\[[^\]]*\])?(?:\{[^{}]*\})*(?:\([^)]*\))?"
    r"|\\rule\s*(?:\[[^\]]*\])?\{[^{}]*\}\{[^{}]*\}"
)
_NESTED = re.compile(r"\\begin\{(tabular|array)\}.*?\\end\{\1\}", re.DOTALL)
_SHORTSTACK = re.compile(r"\\(?:makecell|shortstack|thead|vtop|vbox)\s*(?:\[[^\]]*\])?(?=\{)")
_SPANS = re.compile(r"\\(multicolumn|multirow)\s*\*?")


def tabular_to_markdown(tex: str, render: Callable[[str], str] | None = None) -> str:
    r"""Turn `\begin{tabular}…\end{tabular}` into a Markdown table.

    Args:
        tex: The whole environment, its begin and end included.
        render: Turns the LaTeX of a cell into Markdown; without it a cell keeps what it has.

    Returns:
        The table; a cell over several columns is followed by empty ones.
    """
    render = render or _plain_cell
    rows = []
    for row in split_rows(_body(tex)):
        cells: list[str] = []
        for cell in split_cells(_LINES.sub(" ", row)):
            content, columns = _spanned(_flatten(cell).strip())
            cells += [render(content), *[""] * (columns - 1)]
        rows.append(cells)
    return markdown_table(rows)


def split_rows(tex: str) -> list[str]:
    r"""Split at the `\\` of the outermost level."""
    return _split(tex, lambda token: token.startswith(r"\\") or token in (r"\tabularnewline", r"\cr"))


def split_cells(tex: str) -> list[str]:
    """Split at the `&` of the outermost level."""
    return _split(tex, lambda token: token == "&")


def _split(tex: str, separates: Callable[[str], bool]) -> list[str]:
    parts, start, depth = [], 0, 0
    for match in _TOKEN.finditer(tex):
        token = match[0]
        if token == "{" or token.startswith(r"\begin"):
            depth += 1
        elif token == "}" or token.startswith(r"\end"):
            depth -= 1
        elif depth <= 0 and separates(token):
            parts.append(tex[start : match.start()])
            start = match.end()
    return [*parts, tex[start:]]


def _body(tex: str) -> str:
    """Cut off begin, position, width, column specification and end."""
    match = _BEGIN.match(tex)
    position = match.end() if match else 0
    wide = bool(match and match[1] in ("tabularx", "tabular*", "tabulary", "tabularx*"))
    for _ in range(3 if wide else 2):
        rest = tex[position:]
        bracket = re.match(r"\s*\[[^\]]*\]", rest)
        position += bracket.end() if bracket else 0
        opening = position + len(tex[position:]) - len(tex[position:].lstrip())
        end = group_end(tex, opening)
        if bracket is None or tex[opening : opening + 1] == "{":
            position = end or position
            if not wide:
                break
            wide = False
    end = tex.rfind(r"\end{")
    return tex[position : end if end > position else len(tex)]


def _flatten(cell: str) -> str:
    r"""Write a tabular within a cell, and the lines of `\makecell`, one after another."""
    cell = _NESTED.sub(lambda m: " ".join(" ".join(split_cells(r)) for r in split_rows(_body(m[0]))), cell)
    for match in reversed(list(_SHORTSTACK.finditer(cell))):
        end = group_end(cell, match.end())
        if end:
            inner = " ".join(split_rows(cell[match.end() + 1 : end - 1]))
            cell = cell[: match.start()] + inner + cell[end:]
    return cell


def _spanned(cell: str) -> tuple[str, int]:
    r"""Take the content out of `\multicolumn{2}{c}{…}` and `\multirow{3}{*}{…}`."""
    columns = 1
    for _ in range(3):
        match = _SPANS.search(cell)
        arguments = _arguments(cell, match.end()) if match else None
        if match is None or arguments is None:
            break
        (first, content), end = arguments
        if match[1] == "multicolumn" and first.strip().isdigit():
            columns = max(columns, min(int(first), 100))
        cell = cell[: match.start()] + content + cell[end:]
    return cell.strip(), columns


def _arguments(text: str, position: int) -> tuple[tuple[str, str], int] | None:
    """Read three arguments, optional ones skipped; give the first and the last, and where they end."""
    values: list[str] = []
    while len(values) < 3:
        match = re.compile(r"\s*(?:\[[^\]]*\]\s*)*(\*(?=\s*\{))?").match(text, position)
        position = match.end() if match else position
        if match and match[1]:
            values.append("*")
            continue
        end = group_end(text, position)
        if end is None:
            return None
        values.append(text[position + 1 : end - 1])
        position = end
    return (values[0], values[2]), position


def _plain_cell(cell: str) -> str:
    cell = re.sub(r"\\\[(.+?)\\\]", r"$\1$", cell, flags=re.DOTALL)
    cell = re.sub(r"\\text(?:bf|it|sc|rm|tt)\s*\{([^{}]*)\}", r"\1", cell)
    if cell.startswith("{") and group_end(cell, 0) == len(cell):
        cell = cell[1:-1]
    maths = re.split(r"((?<!\\)\$[^$]*\$)", cell)
    return "".join(re.sub(r"\\([%&#_])", r"\1", part) if i % 2 == 0 else part for i, part in enumerate(maths))
