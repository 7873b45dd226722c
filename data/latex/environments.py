"""What becomes of LaTeX environments: equations, floats, lists, theorems, algorithms, code."""

import re
from typing import TYPE_CHECKING

from data.blocks import Caption, is_table, split_caption
from data.latex.algorithms import algorithm_to_markdown
from data.latex.tabular import split_rows, tabular_to_markdown

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
_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
_ENVIRONMENT_NAME = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}")


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
            return inline(tex), after
        return display(converter, tex, _MATHS[plain], numbered=not starred and plain != "displaymath"), after
    if plain in _TABULARS:
        return _tabular(converter, match.start(), body, stop, after), after
    if plain in _CODE:
        return converter.block(f"```\n{converter.text[body:stop].strip(chr(10))}\n```"), after
    return _text_environment(converter, plain, body, stop), after


def inline(tex: str) -> str:
    """Write inline maths."""
    tex = " ".join(_LABEL.sub("", tex).split())
    return f"${tex}$" if tex else ""


def display(converter: "Converter", tex: str, inner: str = "", numbered: bool = False) -> str:
    r"""Write a display equation; a number becomes `\tag{…}`, and labels name it."""
    rows = split_rows(tex.strip()) if inner == "aligned" and numbered else [tex]
    rows = [_number_row(converter, row, numbered) for row in rows]
    tex = "\\\\\n".join(row.rstrip() for row in rows)
    lines = [line.strip() for line in tex.split("\n")]
    if not any(lines):
        return ""
    if inner:
        lines = [f"\\begin{{{inner}}}", *lines, f"\\end{{{inner}}}"]
    return converter.block("\n".join(["$$", *(line for line in lines if line), "$$"]))


def caption(converter: "Converter", kind: str, start: int, end: int) -> str:
    """Write a caption with its number."""
    text = converter.line(start, end)
    if kind == "part":
        return f"\n\n{text}\n\n"
    number = converter.numbers.count(kind)
    return converter.block(Caption(kind, number, text).markdown)


def _number_row(converter: "Converter", row: str, numbered: bool) -> str:
    row, labels = _LABEL.sub("", row), _LABEL.findall(row)
    own = _TAG.search(row)
    silent = re.search(r"\\(?:nonumber|notag)(?![A-Za-z])", row)
    row = re.sub(r"\\(?:nonumber|notag)(?![A-Za-z])\s*", "", row)
    stepped = re.search(r"\\addtocounter\{equation\}\{1\}", row)
    row = re.sub(r"\\addtocounter\{equation\}\{-?\d+\}", "", row)
    if stepped and own and r"\theequation" in own[1]:
        number = converter.numbers.count("Equation")
        row = _TAG.sub(lambda _: f"\\tag{{{number}}}", row)
    elif numbered and row.strip() and not silent and not own:
        row = f"{row.rstrip()} \\tag{{{converter.numbers.count('Equation')}}}"
    for label in labels:
        converter.numbers.label(label)
    return row


def _tabular(converter: "Converter", start: int, body: int, stop: int, after: int) -> str:
    """Write a table; the cells are converted as texts of their own."""
    text = converter.text[start:after]
    captions = ""
    if r"\caption" in text or r"\label" in text:
        outer, converter.float = converter.float, "Table"
        for match in re.finditer(r"\\(caption|label)\s*(?:\[[^\]]*\])?(?=\{)", text):
            close = converter.pairs.group.get(start + match.end())
            if close and match[1] == "caption":
                captions += caption(converter, "Table", start + match.end() + 1, close - 1)
            elif close:
                converter.numbers.label(converter.text[start + match.end() + 1 : close - 1])
        converter.float = outer
        text = re.sub(r"\\(?:caption|label)\s*(?:\[[^\]]*\])?\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}", "", text)
    return captions + converter.block(tabular_to_markdown(text, lambda cell: _cell(converter, cell)))


def _cell(converter: "Converter", tex: str) -> str:
    if not re.search(r"[\\${}~]", tex):
        return tex
    return converter.fork(tex)


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
        return _float(converter, _FLOATS[name], _skip_arguments(converter, name, body, stop), stop)
    if name in ("subfigure", "subtable", "subcaptionblock"):
        return _part_of_float(converter, name, body, stop)
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


def _float(converter: "Converter", kind: str, start: int, stop: int) -> str:
    """Write a figure or a table: the captions first, each with what belongs to it; pictures are left out."""
    outer, converter.float = converter.float, kind
    converter.numbers.item("")
    parts = converter.split(converter.render(start, stop))
    converter.float = outer
    captions = [bool(split_caption(part)) for part in parts]
    parts = [p for p, is_caption in zip(parts, captions, strict=True) if is_caption or _is_kept(p, kind)]
    if parts and not split_caption(parts[0]):
        parts = _captions_first(parts)
    return "".join(converter.block(part) for part in parts)


def _is_kept(part: str, kind: str) -> bool:
    return (
        kind == "Table" or is_table(part) or part.startswith(("$$", "```", "- ", "**", "1. ")) or len(part.split()) > 5
    )


def _captions_first(parts: list[str]) -> list[str]:
    ordered: list[str] = []
    waiting: list[str] = []
    for part in parts:
        if split_caption(part):
            ordered += [part, *waiting]
            waiting = []
        else:
            waiting.append(part)
    return ordered + waiting


def _part_of_float(converter: "Converter", name: str, body: int, stop: int) -> str:
    outer, converter.float = converter.float, "part"
    rendered = converter.render(_skip_arguments(converter, name, body, stop), stop)
    converter.float = outer
    return rendered


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
            captions += caption(converter, "Algorithm", opening + 1, close - 1)
            text = text[: match.start()] + text[close - (stop - len(text)) :]
            break
    for label in _LABEL.findall(text):
        converter.numbers.label(label)
    return captions + converter.block(algorithm_to_markdown(_LABEL.sub("", text), converter.fork))
