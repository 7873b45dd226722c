"""The numbers that LaTeX gives to sections, equations, figures, tables and theorems, and their labels."""

import re
from collections import Counter

_NEWTHEOREM = re.compile(
    r"\\(?:newtheorem|declaretheorem)(?P<star>\*?)\s*(?:\[[^\]]*\])?\s*\{(?P<name>[^{}]*)\}\s*(?:\[(?P<shared>[^\]]*)\])?"
    r"\s*(?:\{(?P<title>[^{}]*)\})?\s*(?:\[(?P<within>[^\]]*)\])?"
)
_USUAL = (
    "theorem",
    "lemma",
    "corollary",
    "proposition",
    "definition",
    "remark",
    "assumption",
    "example",
    "claim",
)
_REFERENCE = re.compile(
    r"\\(?P<command>eqref|ref|cref|Cref|autoref|Autoref|nameref|vref|labelcref|pageref|figref)\*?\s*\{(?P<keys>[^{}]*)\}"
)


class Numbers:
    """Counts while a paper is converted, and resolves the references afterwards."""

    def __init__(self, text: str) -> None:
        self._sections = [0, 0, 0]
        self._counts: Counter[str] = Counter()
        self._labels: dict[str, tuple[str, str]] = {}
        self._current = ("Section", "")
        self._waiting: list[str] = []
        self._first_level = 0 if re.search(r"\\chapter\*?\s*[\[{]", text) else 1
        self.in_appendix = False
        self.theorems: dict[str, tuple[str, str]] = {}
        """Environment to its title and the counter that it shares, empty for one without numbers."""
        for name in _USUAL:
            self.theorems[name] = (name.capitalize(), name)
        for match in _NEWTHEOREM.finditer(text):
            shared = match["shared"] or match["name"]
            title = match["title"] or match["name"].capitalize()
            self.theorems[match["name"]] = (title, "" if match["star"] else self._counter(shared))

    def _counter(self, name: str) -> str:
        return self.theorems[name][1] if name in self.theorems else name

    def section(self, level: int, starred: bool) -> tuple[int, str]:
        """Count a section; give its level in the paper and its number."""
        level = max(level - self._first_level, 0)
        if starred:
            self._current = ("Section", "")
            return level + 1, ""
        self._sections[level] += 1
        self._sections[level + 1 :] = [0] * len(self._sections[level + 1 :])
        first = chr(64 + min(self._sections[0], 26)) if self.in_appendix else str(self._sections[0])
        number = ".".join([first, *map(str, self._sections[1 : level + 1])])
        self._current = ("Appendix" if self.in_appendix else "Section", number)
        return level + 1, number

    def start_appendix(self) -> None:
        """Count sections with letters from here."""
        if not self.in_appendix:
            self._sections = [0, 0, 0]
        self.in_appendix = True

    def count(self, kind: str, counter: str = "") -> str:
        """Count an equation, a figure, a table, an algorithm or a theorem, and give its number."""
        self._counts[counter or kind] += 1
        number = str(self._counts[counter or kind])
        self._current = (kind, number)
        if kind in ("Figure", "Table"):
            self._labels |= dict.fromkeys(self._waiting, self._current)
            self._waiting = []
        return number

    def label(self, key: str, within: str = "") -> None:
        """Let a label name what was counted last; within a float without caption so far, what comes."""
        if within and self._current[0] != within:
            self._waiting.append(key.strip())
        self._labels[key.strip()] = self._current

    def item(self, number: str) -> None:
        """Let the labels of a list's item name its number."""
        self._current = ("item", number)

    def resolve(self, text: str) -> str:
        """Put numbers in the place of references; one to an unknown label keeps its key."""
        return _REFERENCE.sub(self._resolve, text)

    def _resolve(self, match: re.Match[str]) -> str:
        command = match["command"]
        found = [self._labels.get(key.strip(), ("", key.strip())) for key in match["keys"].split(",")]
        numbers = ", ".join(number or kind for kind, number in found)
        if command == "eqref":
            return f"({numbers})"
        if command in ("cref", "Cref", "autoref", "Autoref", "vref", "figref") and found[0][0] not in (
            "",
            "item",
        ):
            kind = found[0][0]
            plural = {"Appendix": "Appendices"}.get(kind, f"{kind}s")
            return f"{plural if len(found) > 1 else kind} {numbers}"
        return numbers
