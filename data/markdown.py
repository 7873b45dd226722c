"""Rough Markdown of any origin made tidy: headings, equations, tables and captions in one form each."""

import re
import unicodedata

from data.blocks import is_code, is_display, is_table, split_blocks, split_caption
from data.remnants import replace_front_matter, replace_html_tables, replace_latex

_FENCED = re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)??(?P=fence)[ \t]*$", re.DOTALL | re.MULTILINE)
_DISPLAY = re.compile(
    r"(?<!\\)\$\$(?!\$)(?P<dollars>(?:(?!\n#{1,6} ).)+?)(?<!\\)\$\$"
    r"|(?<!\\)\\\[(?P<brackets>(?:(?!\n#{1,6} ).)+?)(?<!\\)\\\]"
    r"|\\begin\{(?P<env>(?:equation|align|gather|multline|eqnarray|displaymath|flalign)\*?)\}"
    r"(?P<body>.+?)\\end\{(?P=env)\}",
    re.DOTALL,
)
_INLINE = re.compile(r"(?<!\\)\\\((.+?)(?<!\\)\\\)", re.DOTALL)
_SETEXT = re.compile(r"^(?P<text>[^\s#>|=$`~*+-][^\n|]*)\n(?P<line>=+|-{2,})[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_APPENDIX = re.compile(r"<!--\s*appendix\s*-->", re.IGNORECASE)
_TAG = re.compile(r"</?(?:a|span|div|center|p|sup|sub|b|i|em|strong|u|img|figure|figcaption)\b[^<>\n]*>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b\u2060\ufeff\ue000\ue001]")
_LIGATURES = str.maketrans({"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"})
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_STRAY = re.compile(r"(?<!\\)\$\$|^[ \t]*(?:`{3,}|~{3,}).*$", re.MULTILINE)
"""What would open an equation or code that has no end."""
_KEPT = re.compile("\ue000(\\d+)\ue001")
_MARK = "\ue000appendix\ue001"
_LABEL = re.compile(r"\\label\s*\{[^{}]*\}")
_CLOSED = re.compile(r"[.!?:;…]['\"”’)\]*]*$")


def tidy(text: str) -> str:
    """Bring Markdown of any origin into the common form that `data.structure` reads.

    Tidy text stays as it is: `tidy(tidy(text)) == tidy(text)`.
    """
    kept: list[str] = []

    def keep(block: str) -> str:
        kept.append(block)
        return f"\n\n\ue000{len(kept) - 1}\ue001\n\n"

    text = replace_front_matter(_clean_characters(text))
    text = _FENCED.sub(lambda m: keep(m[0].rstrip()), text)
    text = replace_html_tables(replace_latex(text))
    text = _DISPLAY.sub(lambda m: _maths(m) if _within_line(m) else keep(_equation(m)), text)
    text = _STRAY.sub("", text)
    text = _INLINE.sub(lambda m: f"${' '.join(m[1].split())}$", text)
    text = _COMMENT.sub("", _APPENDIX.sub(f"\n\n{_MARK}\n\n", text))
    text = _SETEXT.sub(lambda m: f"{'#' if m['line'][0] == '=' else '##'} {m['text']}", text)
    text = _TAG.sub("", _RULE.sub("", _IMAGE.sub("", _BREAK.sub(" ", text))))
    text = _HEADING.sub(lambda m: f"\n\n{m[1]} {_heading(m[2])}\n\n", text)
    blocks = [_KEPT.sub(lambda m: kept[int(m[1])], block) for block in split_blocks(text)]
    blocks = [piece for block in blocks for piece in _tidy_block(block)]
    return "\n\n".join(_mend(blocks)).replace(_MARK, "<!-- appendix -->")


def escape_lines(text: str) -> str:
    """Escape in plain text what Markdown would take for a heading, a table or a fence."""
    return re.sub(r"^(\s*)(#|\||~~~|```|=+$|-{2,}$)", r"\1\\\2", text, flags=re.MULTILINE)


def _clean_characters(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.replace("\f", "\n\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    return _UNSEEN.sub("", text).translate(_LIGATURES)


def _equation(match: re.Match[str]) -> str:
    r"""Write a display equation as a block; `\begin{align}` becomes `aligned` inside it."""
    tex = match["dollars"] or match["brackets"]
    if tex is None:
        name = match["env"].rstrip("*")
        tex = match["body"]
        if name in ("align", "flalign", "eqnarray", "gather", "multline"):
            name = {"gather": "gathered", "multline": "gathered"}.get(name, "aligned")
            tex = f"\\begin{{{name}}}\n{tex.strip()}\n\\end{{{name}}}"
    lines = (line.strip() for line in _LABEL.sub("", tex).split("\n"))
    tex = "\n".join(line for line in lines if line)
    return f"$$\n{tex}\n$$" if tex else ""


def _maths(match: re.Match[str]) -> str:
    r"""Write as inline maths what stands in a table; `\[12\]` in a line is an escaped bracket."""
    tex = match["dollars"] or match["brackets"] or match["body"]
    if match["brackets"] and not re.search(r"[\\^_=<>]", tex):
        return f"[{tex}]"
    return f"${' '.join(_LABEL.sub('', tex).split())}$"


def _within_line(match: re.Match[str]) -> bool:
    """Tell whether the maths belong to a line that they must not break: a table's, or plain brackets."""
    before = match.string[: match.start()].rpartition("\n")[2]
    if before.lstrip().startswith("|"):
        return True
    return bool(match["brackets"]) and not re.search(r"[\\^_=<>]", match["brackets"]) and bool(before.strip())


def _heading(text: str) -> str:
    """Take emphasis, links and wide letters off a heading."""
    text = text.replace("\uff0e", ". ").translate(_WIDE)
    text = re.sub(r"\[([^\[\]]{0,300})\]\([^()]{0,500}\)", r"\1", text)
    text = re.sub(r"^([A-Z])\. (?=\d{1,2}(?:\.\d|\s|\. ))", r"\1.", text)
    text = re.sub(r"(\*\*|__)(.+?)\1", r"\2", text)
    return " ".join(re.sub(r"(?<![\w*])\*([^*]+)\*(?![\w*])", r"\1", text).split())


def _tidy_block(block: str) -> list[str]:
    """Trim a block; write a caption in its one form, apart from the sentence that may go on after it."""
    if is_code(block):
        return [block]
    block = re.sub(r"\A {1,3}(?=\S)", "", "\n".join(line.rstrip() for line in block.split("\n")).strip("\n"))
    if is_display(block):
        return [block]
    if is_table(block):
        return _cut_title_row(block)
    caption = split_caption(block.strip())
    if caption is None or caption.kind == "Algorithm":
        return [block] if block.strip() else []
    text, rest = _cut_caption(caption.text)
    text = text[:-2].rstrip() if text.endswith("**") and text.count("**") % 2 else text
    return [caption._replace(text=text).markdown, *rest]


def _cut_title_row(table: str) -> list[str]:
    """Take a caption out of the first row of a table."""
    lines = table.split("\n")
    caption = split_caption(lines[0].strip("| "))
    if caption is None or len(lines) < 3:
        return [table]
    return [caption.markdown, "\n".join([lines[2], lines[1], *lines[3:]])]


def _cut_caption(text: str) -> tuple[str, list[str]]:
    """Cut a caption's paragraph where a line ends a sentence and the next goes on with another one."""
    lines = text.split("\n")
    for index in range(1, len(lines)):
        ended, begins = _CLOSED.search(lines[index - 1].rstrip()), lines[index].lstrip()[:1]
        if ended and begins.islower():
            return " ".join(" ".join(lines[:index]).split()), _tidy_block("\n".join(lines[index:]))
    return " ".join(text.split()), []


def _mend(blocks: list[str]) -> list[str]:
    """Join a sentence that a figure, a table or a footnote interrupts, and put that after it."""
    mended: list[str] = []
    anchor = -1  # the last block that is no float
    for block in blocks:
        if is_float(block):
            mended.append(block)
        elif 0 <= anchor < len(mended) - 1 and block[:1].islower() and _is_open(mended[anchor]):
            glue = "" if mended[anchor].endswith("-") else " "
            mended[anchor] += glue + block
        else:
            anchor = len(mended)
            mended.append(block)
    return mended


def is_float(block: str) -> bool:
    """Tell whether the block may stand anywhere near its place: a table, a caption, a footnote."""
    caption = split_caption(block)
    return is_table(block) or block.startswith("> ") or bool(caption and caption.kind != "Algorithm")


def _is_open(block: str) -> bool:
    """Tell whether the block is a paragraph whose last sentence goes on."""
    if is_display(block) or is_code(block) or block.startswith(("#", "<!--", _MARK, "$$")):
        return False
    return not _CLOSED.search(block)
