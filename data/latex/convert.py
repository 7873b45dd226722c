"""Flat LaTeX, macros expanded, as rough Markdown."""

import re

from data.errors import PaperError
from data.latex import commands, environments, maths
from data.latex.numbers import Numbers
from data.latex.scan import Pairs

_TOKEN = re.compile(
    r"\\begin\s*\{(?P<begin>[^{}\n]*)\}|\\end\s*\{[^{}\n]*\}|\\verb\*?(?P<bar>[^A-Za-z\s*])(?P<verb>.*?)(?P=bar)"
    r"|\\(?P<command>[A-Za-z@]+)(?P<star>\*?)|\\(?P<symbol>.)|(?P<maths>\$\$?)|(?P<group>\{)|(?P<plain>\}|~|``|''|---?|\\)"
    r"|(?P<par>\n[ \t]*\n\s*)",
    re.DOTALL,
)
_PLAIN = {"~": " ", "``": '"', "''": '"', "--": "–", "---": "—", "}": "", "\\": ""}
_SWITCH = re.compile(r"\s*\\(?:(bf|bfseries|boldmath)|(it|em|itshape|sl|slshape)|(tt|ttfamily))(?![A-Za-z])\s*")
_OPTIONAL = re.compile(
    r"[ \t]*\n?[ \t]*\[(?:[^\[\]{}]{1,1000}+|\{(?:[^{}]|\{[^{}]{0,1000}\}){0,1000}\}|\[[^\[\]]{0,1000}\]){0,100}+\]"
)
_BLOCK = re.compile("\ue100(\\d+)\ue101")
_DEPTH_LIMIT = 100


class Converter:
    """Converts one paper; holds its text, its numbers and the blocks made so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pairs = Pairs(text)
        self.numbers = Numbers(text)
        self.title = ""
        self.float = ""
        """`Figure` or `Table` while one is being converted."""
        self._blocks: list[str] = []
        self._depth = 0

    def convert(self) -> str:
        """Convert the whole paper."""
        begin = self.text.find(r"\begin{document}")
        preamble_end = max(begin, 0)
        commands.find_title(self)
        start, end = preamble_end, len(self.text)
        if begin >= 0:
            body, stop, _ = self.pairs.environment.get(begin, (begin + len(r"\begin{document}"), end, end))
            start, end = body, stop
        else:
            end = self.text.find(r"\end{document}") if r"\end{document}" in self.text else end
        abstract = commands.abstract_of_preamble(self, preamble_end)
        rendered = self.paragraphs(abstract + self.render(start, end))
        return self.numbers.resolve(f"# {self.title}\n\n{rendered}" if self.title else rendered)

    def block(self, markdown: str) -> str:
        """Keep finished Markdown, and give what stands for it in the text."""
        if not markdown.strip():
            return ""
        self._blocks.append(markdown.strip("\n"))
        return f"\n\n\ue100{len(self._blocks) - 1}\ue101\n\n"

    def paragraphs(self, rendered: str) -> str:
        """Write every paragraph on one line, and put the blocks back."""
        return "\n\n".join(self.split(rendered))

    def split(self, rendered: str) -> list[str]:
        """Split into paragraphs, each on one line, and blocks."""
        parts = (" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", rendered))
        return [_BLOCK.sub(lambda m: self._blocks[int(m[1])], part) for part in parts if part]

    def render(self, start: int, end: int) -> str:
        """Convert a range of the text."""
        self._depth += 1
        if self._depth > _DEPTH_LIMIT:
            raise PaperError("The LaTeX of this paper is nested too deeply; simplify it.")
        out: list[str] = []
        position = start
        while position < end:
            match = _TOKEN.search(self.text, position, end)
            if match is None:
                break
            out.append(self.text[position : match.start()])
            replacement, position = self._token(match, end)
            out.append(replacement)
        if position < end:
            out.append(self.text[position:end])
        self._depth -= 1
        return "".join(out)

    def line(self, start: int, end: int) -> str:
        """Convert a range into one line."""
        return " ".join(part for part in self.split(self.render(start, end)))

    def fork(self, tex: str) -> str:
        """Convert LaTeX that is no range of the text, such as a cell, into one line."""
        part = Converter(tex)
        part.numbers = self.numbers
        part._depth = self._depth
        return " ".join(part.split(part.render(0, len(tex))))

    def argument(self, position: int, end: int) -> tuple[int, int, int] | None:
        """Find a group after spaces: where its content starts and ends, and the position after it."""
        match = re.compile(r"\s*").match(self.text, position, end)
        opening = match.end() if match else position
        close = self.pairs.group.get(opening)
        return (opening + 1, close - 1, close) if close and close <= end else None

    def skip_optional(self, position: int, end: int) -> int:
        """Give the position after optional arguments, brackets in braces respected."""
        while match := _OPTIONAL.match(self.text, position, end):
            position = match.end()
        return position

    def _token(self, match: re.Match[str], end: int) -> tuple[str, int]:
        if match["begin"] is not None:
            return environments.environment(self, match, end)
        if match["verb"] is not None:
            return f"`{match['verb']}`", match.end()
        if match["command"]:
            return commands.command(self, match, end)
        if match["symbol"]:
            return commands.symbol(self, match, end)
        if match["maths"]:
            return self._maths(match, end)
        if match["group"]:
            return self._group(match, end)
        if match["par"]:
            return "\n\n", match.end()
        return _PLAIN.get(match[0], ""), match.end()

    def _maths(self, match: re.Match[str], end: int) -> tuple[str, int]:
        """Take `$…$` or `$$…$$` over; a `$` without its other one stays a dollar."""
        mark = match[0]
        closing = re.compile(r"\\.|[{}]|\$\$?" if mark == "$$" else r"\\.|[{}]|\$", re.DOTALL)
        depth = 0
        for token in closing.finditer(self.text, match.end(), end):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            if token[0] == mark and depth <= 0:
                tex = self.text[match.end() : token.start()]
                display = mark == "$$"
                return (maths.display(self, tex) if display else maths.inline(tex)), token.end()
        return r"\$", match.end()

    def _group(self, match: re.Match[str], end: int) -> tuple[str, int]:
        r"""Drop the braces of a group, and write `{\bf …}` as bold."""
        close = self.pairs.group.get(match.start())
        switch = _SWITCH.match(self.text, match.end(), end)
        if close is None or close > end or switch is None:
            return "", match.end()
        mark = "**" if switch[1] else "*" if switch[2] else "`"
        return commands.emphasis(self, switch.end(), close - 1, mark), close
