"""Display equations among the paragraphs of a PDF."""

import re

_NUMBER = re.compile(r"\s*\(((?:[A-Z]\.?)?\d{1,3}(?:\.\d+)?[a-z]?)\)\s*$")
_MATHS = re.compile(r"(\$[^$]+\$)")
_LEADING = re.compile(r"((?:\$[^$]*=[^$]*\$[\s,;]*)+)(?=(?:where|with|for|and|in which|here)\b)")
_RELATION = re.compile(r"[=≤≥<>≈∼←→∈∝≜]|\\(?:leq|geq|in|sim|approx|leftarrow|rightarrow|propto)\b|:=")
_PROSE = re.compile(r"\b(?:[Ww]e|our|[Tt]he|of|is|are|[Tt]his|by|an|which|be|as|on|from|every|each)\b")
_WORDS = (
    "where",
    "with",
    "and",
    "for",
    "if",
    "otherwise",
    "s.t.",
    "subject",
    "to",
    "such",
    "that",
    "or",
    "when",
)


def split_equation(text: str, indented: bool) -> list[tuple[str, str]]:
    """Split a paragraph into display equations and text.

    Args:
        text: The paragraph, with inline maths in dollars.
        indented: Whether it begins right of the text's margin, as a display equation does.

    Returns:
        Pairs of kind (`equation` or `text`) and Markdown.
    """
    number = _NUMBER.search(text)
    body = text[: number.start()] if number else text
    if _is_equation(body, numbered=bool(number), indented=indented):
        tag = f" \\tag{{{number[1]}}}" if number else ""
        return [("equation", f"$$\n{_to_tex(body)}{tag}\n$$")]
    leading = _LEADING.match(text)
    if leading and len(leading[1]) > 25:
        lines = [f"$$\n{tex[1:-1].strip()}\n$$" for tex in _MATHS.findall(leading[1])]
        return [("equation", "\n\n".join(lines)), ("text", text[leading.end() :])]
    return [("text", text)]


def _is_equation(text: str, numbered: bool, indented: bool) -> bool:
    plain = _MATHS.sub(" ", text)
    words = [w for w in re.findall(r"[^\W\d_]{3,}", plain) if w.lower() not in _WORDS]
    related = bool(_RELATION.search(text))
    if len(text) > 400 or not related or re.search(r"[a-z]{3,}[.!?]\s", plain):
        return False
    if len(_PROSE.findall(plain)) > 1:
        return False
    prose = [w for w in words if w.islower() and len(w) > 3]
    return len(prose) <= 2 and len(words) <= 8 and (numbered or indented) and not text.startswith(("- ", "|"))


def _to_tex(text: str) -> str:
    """Write text and inline maths as one formula: words upright, the dollars gone."""
    parts = _MATHS.split(text.strip())
    tex = "".join(part[1:-1] if index % 2 else _plain_to_tex(part) for index, part in enumerate(parts))
    return " ".join(tex.split())


def _plain_to_tex(text: str) -> str:
    text = re.sub(r"\\?([_%#&])", r"\\\1", text)
    return re.sub(r"[^\W\d_]{2,}(?:\\_[^\W\d_]+)*", _word, text)


def _word(match: re.Match[str]) -> str:
    word = match[0]
    if word.lower() in _WORDS:
        return f"\\text{{{word} }}"
    return f"\\mathrm{{{word}}}" if "\\_" not in word else word
