"""What becomes of LaTeX environments: equations, floats, lists, theorems, algorithms, code."""

import re
from typing import TYPE_CHECKING

from data.latex import floats, maths
from data.latex.algorithms import algorithm_to_markdown

if TYPE_CHECKING:
    from data.latex.convert import Converter

_MATHS = {
    "equation": "",
    "displaymath": "",
    "dmath": "",
    "math": "",
    "align": "aligned",
    "alignat": "aligned",
    "flalign": "aligned",
    "eqnarray": "aligned",
    "gather": "gathered",
    "multline": "gathered",
}
_FLOATS = {
    "figure": "Figure",
    "wrapfigure": "Figure",
    "SCfigure": "Figure",
    "table": "Table",
    "wraptable": "Table",
    "sidewaystable": "Table",
    "sidewaysfigure": "Figure",
    "longtable": "Table",
}
_TABULARS = ("tabular", "tabularx", "tabulary", "tabu", "longtable")
_CODE = ("verbatim", "Verbatim", "lstlisting", "minted", "alltt")
_DROPPED = (
    "comment",
    "tikzpicture",
    "pgfpicture",
    "filecontents",
    "CCSXML",
    "ack",
    "acks",
    "acknowledgements",
    "acknowledgments",
    "acknowledgement",
    "IEEEkeywords",
    "keywords",
    "keyword",
    "icmlauthorlist",
)
_ARGUMENTS = {
    "minipage": 1,
    "subfigure": 1,
    "subtable": 1,
    "wrapfigure": 2,
    "wraptable": 2,
    "adjustbox": 1,
    "multicols": 1,
    "spacing": 1,
    "adjustwidth": 2,
    "thebibliography": 1,
    "alignat": 1,
    "tcolorbox": 0,
    "mdframed": 0,
    "list": 2,
}


def environment(converter: "Converter", match: re.Match[str], end: int) -> tuple[str, int]:
    """Convert one environment; one without an end is passed over."""
    found = converter.pairs.environment.get(match.start())
    if found is None or found[2] > end:
        return "", match.end()
    body, stop, after = found
    name = match["begin"].strip()
    starred, plain = name.endswith("*"), name.rstrip("*")
    if plain in _MATHS:
        tex = converter.text[_skip_arguments(converter, plain, body, stop) if plain == "alignat" else body : stop]
        if plain == "math":
            return maths.inline(tex), after
        return maths.display(converter, tex, _MATHS[plain], numbered=not starred and plain != "displaymath"), after
    if plain in _TABULARS:
        return floats.tabular(converter, match.start(), body, stop, after), after
    if plain in _CODE:
        return converter.block(f"```\n{converter.text[body:stop].strip(chr(10))}\n```"), after
    return _text_environment(converter, plain, body, stop), after


def _text_environment(converter: "Converter", name: str, body: int, stop: int) -> str:
    if name in _DROPPED:
        return ""
    if name == "thebibliography":
        return converter.block("## References")
    if name == "abstract":
        return converter.block("## Abstract") + converter.render(body, stop) + "\n\n"
    if name in ("appendices", "appendix", "subappendices"):
        converter.numbers.start_appendix()
        return converter.block("<!-- appendix -->") + converter.render(body, stop)
    if name in _FLOATS:
        return floats.floating(converter, _FLOATS[name], _skip_arguments(converter, name, body, stop), stop)
    if name in ("subfigure", "subtable", "subcaptionblock"):
        return floats.part_of_float(converter, _skip_arguments(converter, name, body, stop), stop)
    if name in (
        "itemize",
        "enumerate",
        "description",
        "compactitem",
        "compactenum",
        "inparaenum",
        "tightitemize",
        "outline",
    ):
        return _list(converter, name, body, stop)
    if name in ("algorithm", "algorithm2e", "algorithmic", "algorithmicx", "algo"):
        return _algorithm(converter, name, body, stop)
    if name in ("restatable", "theorem", "proof") or name in converter.numbers.theorems:
        return _theorem(converter, name, body, stop)
    start = _skip_arguments(converter, name, body, stop)
    if name in ("quote", "quotation", "displayquote"):
        lines = converter.paragraphs(converter.render(start, stop)).replace("\n", "\n> ")
        return converter.block(f"> {lines}")
    return "\n\n" + converter.render(start, stop) + "\n\n"


def _skip_arguments(converter: "Converter", name: str, body: int, stop: int) -> int:
    position = converter.skip_optional(body, stop)
    for _ in range(_ARGUMENTS.get(name, 0)):
        found = converter.argument(position, stop)
        position = converter.skip_optional(found[2], stop) if found else position
    return position


def _list(converter: "Converter", name: str, body: int, stop: int) -> str:
    """Write a list; what is no text of an item, such as an equation, follows on lines of its own."""
    items = _items(converter, body, stop)
    out: list[str] = []
    for number, (label, start, end) in enumerate(items, start=1):
        converter.numbers.item(str(number))
        parts = converter.split(converter.render(start, end))
        mark = f"{number}." if "enum" in name else "-"
        first = parts.pop(0) if parts and not parts[0].startswith(("$$", "|", "- ", "1. ", "```")) else ""
        bold = f"**{label}** " if label and "enum" not in name else f"{label} " if label else ""
        out.append(f"{mark} {bold}{first}".rstrip())
        out += [_indented(part) if part.startswith(("- ", "1. ")) else f"\n{part}\n" for part in parts]
    return converter.block(re.sub(r"\n{3,}", "\n\n", "\n".join(out)))


def _indented(block: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in block.split("\n"))


def _items(converter: "Converter", body: int, stop: int) -> list[tuple[str, int, int]]:
    r"""Find the items of a list at its own level: label, start and end of each."""
    inner = [(b, e) for b, (_, _, e) in converter.pairs.environment.items() if body <= b and e <= stop]
    marks = []
    for match in re.compile(r"\\item(?![A-Za-z])\s*").finditer(converter.text, body, stop):
        if not any(b < match.start() < e for b, e in inner):
            marks.append(match)
    items = []
    for index, match in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else stop
        start = converter.skip_optional(match.end(), end)
        label = converter.text[match.end() : start].strip()
        rendered = converter.fork(label[1:-1]).strip("* ") if label else ""
        items.append((rendered, start, end))
    return items


def _theorem(converter: "Converter", name: str, body: int, stop: int) -> str:
    """Write a theorem or a proof: its name in bold, then its text."""
    if name == "restatable":
        found = converter.argument(converter.skip_optional(body, stop), stop)
        second = converter.argument(found[2], stop) if found else None
        if found and second:
            note = converter.text[body : found[0] - 1].strip()
            return _named(converter, converter.text[found[0] : found[1]].strip(), note, second[2], stop)
    start = converter.skip_optional(body, stop)
    return _named(converter, name, converter.text[body:start].strip(), start, stop)


def _named(converter: "Converter", name: str, note: str, start: int, stop: int) -> str:
    title, counter = converter.numbers.theorems.get(name, (name.capitalize(), ""))
    number = f" {converter.numbers.count(title, counter)}" if counter else ""
    words = converter.fork(note[1:-1]) if note.startswith("[") else ""
    if name == "proof" and words:
        title, words = words, ""
    return f"\n\n**{title}{number}{f' ({words})' if words else ''}.** {converter.render(start, stop).lstrip()}\n\n"


def _algorithm(converter: "Converter", name: str, body: int, stop: int) -> str:
    """Write an algorithm: its caption, then its steps as a nested list."""
    text = converter.text[converter.skip_optional(body, stop) : stop]
    captions = ""
    for match in re.finditer(r"\\caption\s*(?=\{)", text):
        opening = stop - len(text) + match.end()
        close = converter.pairs.group.get(opening)
        if close:
            captions += floats.caption(converter, "Algorithm", opening + 1, close - 1)
            text = text[: match.start()] + text[close - (stop - len(text)) :]
            break
    for label in maths.LABEL.findall(text):
        converter.numbers.label(label)
    return captions + converter.block(algorithm_to_markdown(maths.LABEL.sub("", text), converter.fork))
