"""What converters leave in Markdown: LaTeX commands, HTML tables, front matter."""

import re

from data.latex.scan import group_end
from data.latex.tabular import tabular_to_markdown
from data.tables import html_rows, markdown_table

_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMAND = re.compile(
    r"\\(title|author|date|maketitle|(?:sub)*section|paragraph|footnotetext|caption|captionsetup|includegraphics)"
    r"\*?(?:\[[^\]]{0,300}\])?(?=\s*\{|\b)"
)
_ENVIRONMENT = re.compile(
    r"\\(begin|end)\{(abstract|figure|table|center|itemize|enumerate|document)\*?\}(?:\[[^\]\n]*\])?"
)
_ITEM = re.compile(r"^[ \t]*\\item\b[ \t]*", re.MULTILINE)
_TABULAR = re.compile(r"\\(begin|end)\{tabular[x*]?\}")
_HTML_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)


def replace_front_matter(text: str) -> str:
    """Turn the title and the abstract of a YAML header into headings, and drop the header."""
    match = _FRONT.match(text)
    if match is None or not re.search(r"^[\w-]+:", match[1], re.MULTILINE):
        return text
    import yaml

    try:
        header = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return text
    if not isinstance(header, dict):
        return text
    parts = [f"# {header['title']}"] if isinstance(header.get("title"), str) else []
    if isinstance(header.get("abstract"), str):
        parts.append(f"## Abstract\n\n{header['abstract'].strip()}")
    return "\n\n".join([*parts, text[match.end() :]])


def replace_html_tables(text: str) -> str:
    """Turn `<table>` in Markdown into Markdown tables."""

    def convert(match: re.Match[str]) -> str:
        from bs4 import BeautifulSoup

        table = BeautifulSoup(match[0], "lxml").find("table")
        return f"\n\n{markdown_table(html_rows(table))}\n\n" if table else ""

    return _HTML_TABLE.sub(convert, text)


def replace_latex(text: str) -> str:
    r"""Turn `\title{}`, `\section*{}`, `\begin{abstract}`, tabulars and the like into Markdown."""
    if "\\" not in text:
        return text
    text = _replace_commands(_replace_tabulars(text))
    text = _ENVIRONMENT.sub(lambda m: "\n\n## Abstract\n\n" if m[1] + m[2] == "beginabstract" else "\n\n", text)
    return _ITEM.sub("- ", text)


def _replace_tabulars(text: str) -> str:
    """Replace each outermost tabular; one without an end stays."""
    out, done, depth, start = [], 0, 0, 0
    for match in _TABULAR.finditer(text):
        if match[1] == "begin":
            start = match.start() if depth == 0 else start
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                out += [text[done:start], f"\n\n{tabular_to_markdown(text[start : match.end()])}\n\n"]
                done = match.end()
    return "".join(out) + text[done:]


def _replace_commands(text: str) -> str:
    out, done = [], 0
    for match in _COMMAND.finditer(text):
        opening = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip())
        end = group_end(text, opening)
        if match.start() < done or end is None:
            continue
        content = " ".join(text[opening + 1 : end - 1].split())
        out += [text[done : match.start()], _command(match[1], content)]
        done = end
    return "".join(out) + text[done:]


def _command(name: str, content: str) -> str:
    if name == "title":
        return f"\n\n# {content}\n\n"
    if name.endswith("section"):
        return f"\n\n{'#' * (2 + name.count('sub'))} {content}\n\n"
    if name == "footnotetext":
        return f"\n\n> {content}\n\n"
    if name == "paragraph":
        return f"\n\n**{content}** "
    return f"\n\n{content}\n\n" if name == "caption" else ""
