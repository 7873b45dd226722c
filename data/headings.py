"""What a heading says: its number, its name, whether its section is kept or begins the appendix."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_ARABIC = re.compile(r"(\d{1,2}(?:\.\d{1,3}){0,5})[.:)]?\s+(?=\S*[^\W\d_])(\S.*)")
_LETTER = re.compile(
    r"(?P<word>Appendix\s+)?(?P<number>[A-Z](?:\.\d{1,3}){0,4})(?P<dot>[.:)])?(?:\s+[-–—:]?\s*|$)(?P<name>.*)"
)
_ROMAN = re.compile(r"([IVX]{1,5})\.\s+(\S.*)")
_APPENDIX = re.compile(r"(?:technical |online )?(?:appendi(?:x|ces)|supplementa(?:ry|l)(?: materials?)?)\b", re.I)
_DROPPED = re.compile(
    r"(?:references|bibliography|literature(?: cited)?|works cited|references and notes|acknowledge?ments?|"
    r"acknowledge?ments? (?:and|&) (?:disclosure of )?funding|acknowledge?ments? of funding|"
    r"(?:neurips |nips |icml )?(?:paper )?checklist)",
    re.I,
)
_REFERENCES = re.compile(r"references|bibliography|literature(?: cited)?|works cited|references and notes", re.I)
_STANDARD = re.compile(r"abstract|introduction|summary|keywords?|index terms|contents|table of contents", re.I)
_CONCLUSION = re.compile(r"(?:\w+,? (?:and|&) )?(?:conclusions?|conclusive remarks|concluding remarks)\b", re.I)
_STATEMENT = re.compile(
    r"limitation|impact|ethic|reproducib|contribution|funding|availab|disclos|future|discussion|conflict|code\b|statement",
    re.I,
)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}


class Heading(NamedTuple):
    """A heading taken apart."""

    number: str
    name: str

    @property
    def depth(self) -> int:
        """1 for `3` and `A`, 2 for `3.1`, and 0 without a number."""
        return self.number.count(".") + 1 if self.number else 0

    @property
    def lettered(self) -> bool:
        """Tell whether the number is one of an appendix."""
        return self.number[:1].isalpha()


class Numbering:
    """Splits the headings of one paper, in order: what is a number depends on the others."""

    def __init__(self, headings: Iterable[str]) -> None:
        self._all = list(headings)
        self._roman = any(re.match(r"I\.\s", h) for h in self._all) and any(re.match(r"II\.\s", h) for h in self._all)
        self._numbered = any(_ARABIC.fullmatch(h) for h in self._all) or self._roman
        self._chapter = 0
        self._letter = ""
        self._concluded = False
        self.in_appendix = False

    def split(self, text: str) -> Heading:
        """Split the next heading, and note whether the appendix begins with it."""
        heading = self._arabic(text) or self._romans(text) or self._lettered(text) or Heading("", text)
        if heading.lettered or _APPENDIX.match(heading.name) or self._follows_conclusion(heading):
            self.in_appendix = True
        if _CONCLUSION.match(heading.name):
            self._concluded = True
        return heading

    def pass_references(self) -> None:
        """Note that what follows stands after the references."""
        self.in_appendix = True

    def _arabic(self, text: str) -> Heading | None:
        match = _ARABIC.fullmatch(text)
        return Heading(match[1], match[2]) if match else None

    def _romans(self, text: str) -> Heading | None:
        """Read `II. Method` as section 2 and `B. Loss` under it as 2.2."""
        match = _ROMAN.fullmatch(text)
        if not self._roman:
            return None
        if match:
            self._chapter = _from_roman(match[1])
            return Heading(str(self._chapter), match[2])
        letter = re.fullmatch(r"([A-Z])\.\s+(\S.*)", text)
        if letter and self._chapter and not self.in_appendix:
            return Heading(f"{self._chapter}.{ord(letter[1]) - 64}", letter[2])
        return None

    def _lettered(self, text: str) -> Heading | None:
        match = _LETTER.fullmatch(text)
        if match is None or not (match["name"] or match["word"]):
            return None
        number = match["number"]
        certain = "." in number or match["word"] or match["dot"]
        if not (certain or self._may_be_letter(number)):
            return None
        self._letter = max(self._letter, number[0])
        return Heading(number, match["name"] or "Appendix")

    def _may_be_letter(self, letter: str) -> bool:
        """Tell whether a capital alone, as in `A Proof`, is a number and not a word."""
        if (letter == "A" and self._letter) or letter <= self._letter:
            return False
        followed = any(re.match(rf"{letter}\.1\b|{chr(ord(letter) + 1)}[.:]?\s", h) for h in self._all)
        return self.in_appendix or followed

    def _follows_conclusion(self, heading: Heading) -> bool:
        """Tell whether a section without a number comes after the conclusion of a numbered paper."""
        unnumbered = self._numbered and not heading.number
        kept = not is_dropped(heading.name) and not _STATEMENT.search(heading.name)
        return self._concluded and unnumbered and kept


def is_dropped(name: str) -> bool:
    """Tell whether a section of this name is left out: references, acknowledgements, checklist."""
    return bool(_DROPPED.fullmatch(name.strip(" .:*")))


def is_references(name: str) -> bool:
    """Tell whether this is the name of the list of references."""
    return bool(_REFERENCES.fullmatch(name.strip(" .:*")))


def is_abstract(name: str) -> bool:
    """Tell whether this is the name of the abstract."""
    return name.strip(" .:*").lower() == "abstract"


def is_standard(heading: str) -> bool:
    """Tell whether a heading is one that every paper may have, and no title."""
    return bool(_STANDARD.fullmatch(heading.strip(" .:*")) or _ARABIC.fullmatch(heading)) or is_dropped(heading)


def is_statement(name: str) -> bool:
    """Tell whether this may be a section without number in a numbered paper: an appendix, limitations, impact."""
    short = len(name.split()) <= 6
    return bool(_APPENDIX.match(name) or _CONCLUSION.match(name) or (short and _STATEMENT.search(name)))


def names_appendix(name: str) -> bool:
    """Tell whether the heading is that of a whole appendix."""
    return bool(_APPENDIX.fullmatch(name.strip(" .:*")))


def _from_roman(text: str) -> int:
    values = [_ROMAN_VALUES[c] for c in text]
    return sum(-v if any(v < after for after in values[i + 1 : i + 2]) else v for i, v in enumerate(values))
