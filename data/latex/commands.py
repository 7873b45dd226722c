"""What becomes of LaTeX commands in running text."""

import re
from typing import TYPE_CHECKING

from data.latex import floats, links, maths, words

if TYPE_CHECKING:
    from data.latex.convert import Converter

_TITLE = re.compile(r"\\(?:title|icmltitle|TITLE|aistatstitle)\s*(?:\[[^\]]*\]\s*)?(?=\{)")


def find_title(converter: "Converter") -> None:
    r"""Take the title from `\title{…}`, wherever it stands."""
    for match in _TITLE.finditer(converter.text):
        close = converter.pairs.group.get(match.end())
        title = converter.line(match.end() + 1, close - 1) if close else ""
        title = title.replace("**", "").strip("* ")
        if title:
            converter.title = title
            return


def abstract_of_preamble(converter: "Converter", end: int) -> str:
    r"""Convert an `\abstract{…}` that stands before the document begins, as some classes have it."""
    match = re.compile(r"\\abstract\s*(?=\{)").search(converter.text, 0, end)
    return _abstract(converter, match.end(), end)[0] if match else ""


def command(converter: "Converter", match: re.Match[str], end: int) -> tuple[str, int]:
    """Convert one command with its arguments; give the Markdown and the position after it."""
    name, position = match["command"], match.end()
    if name in words.HEADINGS:
        return _heading(converter, name, bool(match["star"]), position, end)
    if name in words.CITE:
        return links.cite(converter, position, end)
    handler = _HANDLERS.get(name)
    if handler:
        return handler(converter, position, end)
    if name in words.BOLD | words.ITALIC | words.CODE:
        mark = "**" if name in words.BOLD else "*" if name in words.ITALIC else "`"
        found = converter.argument(position, end)
        return (emphasis(converter, found[0], found[1], mark), found[2]) if found else ("", position)
    if name in words.SYMBOLS:
        return _symbol_word(converter, name, position)
    if words.is_accent(name):
        return _accent(converter, name, position, end)
    if name in words.DROPPED:
        return "", position
    if name in words.DROPPED_WITH:
        return "", links.skip_arguments(converter, position, end, words.DROPPED_WITH[name])
    if name in words.KEPT:
        return _kept(converter, position, end, words.KEPT[name])
    return _unknown(converter, match, end)


def symbol(converter: "Converter", match: re.Match[str], end: int) -> tuple[str, int]:
    r"""Convert `\%`, `\'e`, `\[…\]` and other commands that are one sign."""
    sign = match["symbol"]
    if sign in "[(":
        closing = re.compile(r"(?<!\\)\\" + ("]" if sign == "[" else r"\)")).search(converter.text, match.end(), end)
        if closing:
            tex = converter.text[match.end() : closing.start()]
            shown = maths.display(converter, tex) if sign == "[" else maths.inline(tex)
            return shown, closing.end()
    if sign == "\\":
        star = re.compile(r"\*?(?:[ \t]*\[[^\]\n]*\])?").match(converter.text, match.end(), end)
        return " ", star.end() if star else match.end()
    if words.is_accent(sign):
        return _accent(converter, sign, match.end(), end)
    return words.SYMBOLS.get(sign, ""), match.end()


def emphasis(converter: "Converter", start: int, end: int, mark: str) -> str:
    """Convert a range in bold, italics or as code; what holds blocks stays without marks."""
    content = converter.render(start, end)
    stripped = content.strip()
    if not stripped or "\n\n" in content or "\ue100" in content or (mark != "`" and mark in stripped):
        return content
    if mark == "`" and re.search(r"[`$\\]", stripped):
        return content
    before = " " if content[0].isspace() else ""
    return f"{before}{mark}{stripped}{mark}{' ' if content[-1].isspace() else ''}"


def _heading(converter: "Converter", name: str, star: bool, position: int, end: int) -> tuple[str, int]:
    position = converter.skip_optional(position, end)
    found = converter.argument(position, end)
    if found is None:
        return "", position
    text = converter.line(found[0], found[1]).replace("**", "")
    level, number = converter.numbers.section(words.HEADINGS[name], star)
    return converter.block(f"{'#' * (level + 1)} {number} {text}".replace("  ", " ")), found[2]


def _run_in(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    r"""Write `\paragraph{…}` as a bold run-in at the start of a paragraph."""
    found = converter.argument(converter.skip_optional(position, end), end)
    if found is None:
        return "", position
    return f"\n\n**{converter.line(found[0], found[1]).strip('* ')}** ", found[2]


def _caption(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    if converter.text[position : position + 1] == "*":
        position += 1
    found = converter.argument(converter.skip_optional(position, end), end)
    if found is None:
        return "", position
    return floats.caption(converter, converter.float or "Figure", found[0], found[1]), found[2]


def _caption_of(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    kind = converter.argument(position, end)
    found = converter.argument(converter.skip_optional(kind[2], end), end) if kind else None
    if kind is None or found is None:
        return "", position
    name = converter.text[kind[0] : kind[1]].strip().capitalize()
    return floats.caption(converter, name, found[0], found[1]), found[2]


def _appendix(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    converter.numbers.start_appendix()
    return converter.block("<!-- appendix -->"), position


def _abstract(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    found = converter.argument(position, end)
    if found is None:
        return "", position
    return converter.block("## Abstract") + converter.render(found[0], found[1]) + "\n\n", found[2]


def _maths_only(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    found = converter.argument(position, end)
    return (maths.inline(converter.text[found[0] : found[1]]), found[2]) if found else ("", position)


def _title(converter: "Converter", position: int, end: int) -> tuple[str, int]:
    return "", links.skip_arguments(converter, position, end, 1)


def _symbol_word(converter: "Converter", name: str, position: int) -> tuple[str, int]:
    """Write a symbol; the space after its command is part of the command."""
    match = re.compile(r"\{\}|[ \t]*\n?[ \t]*(?=\S)|").match(converter.text, position)
    return words.SYMBOLS[name], match.end() if match else position


def _accent(converter: "Converter", name: str, position: int, end: int) -> tuple[str, int]:
    match = re.compile(r"\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))").match(converter.text, position, end)
    letter = match and (match[1] or match[2])
    accented = words.accent(name, letter) if letter else None
    return (accented, match.end()) if match and accented else ("", position)


def _kept(converter: "Converter", position: int, end: int, count: int) -> tuple[str, int]:
    if converter.text[position : position + 1] == "*":
        position += 1
    start = position
    for _ in range(count - 1):
        found = converter.argument(converter.skip_optional(position, end), end)
        if found is None:
            return "", start
        position = found[2]
    found = converter.argument(converter.skip_optional(position, end), end)
    return (converter.render(found[0], found[1]), found[2]) if found else ("", position)


def _unknown(converter: "Converter", match: re.Match[str], end: int) -> tuple[str, int]:
    """Keep what an unknown command surrounds; keep the command itself where it stands alone."""
    position = converter.skip_optional(match.end(), end)
    if converter.text[position : position + 1] == "{" and (close := converter.pairs.group.get(position)):
        content = converter.render(position + 1, close - 1)
        return (content if content.strip() else match[0].rstrip("*")), close
    return match[0], match.end()


_HANDLERS = {
    "paragraph": _run_in,
    "subparagraph": _run_in,
    "label": links.label,
    "caption": _caption,
    "captionof": _caption_of,
    "footnote": links.footnote,
    "footnotetext": links.footnote,
    "href": links.link,
    "url": links.url,
    "nolinkurl": links.url,
    "appendix": _appendix,
    "appendices": _appendix,
    "bibliography": links.bibliography,
    "printbibliography": links.bibliography,
    "abstract": _abstract,
    "ensuremath": _maths_only,
    "title": _title,
    "icmltitle": _title,
    **dict.fromkeys(
        ["ref", "eqref", "cref", "Cref", "autoref", "Autoref", "vref", "labelcref", "pageref", "nameref"],
        links.keep_reference,
    ),
}
