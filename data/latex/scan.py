"""Pairs of braces and environments in LaTeX text, found in one pass each."""

import re

_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\\\|\\(begin|end)\s*\{([^{}\n]*)\}")


def group_end(text: str, start: int) -> int | None:
    """Find the end of the group that opens at `start`; None if there is no group or no end."""
    if text[start : start + 1] != "{":
        return None
    depth = 0
    for match in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return None


class Pairs:
    """Where each group and each environment of a text ends."""

    def __init__(self, text: str) -> None:
        self.group: dict[int, int] = {}
        """Position of `{` to the position after its `}`."""
        self.environment: dict[int, tuple[int, int, int]] = {}
        r"""Position of `\begin` to: start of the body, its end, position after `\end{…}`."""
        self._pair_groups(text)
        self._pair_environments(text)

    def _pair_groups(self, text: str) -> None:
        opened: list[int] = []
        for match in _BRACE.finditer(text):
            if match[0] == "{":
                opened.append(match.start())
            elif match[0] == "}" and opened:
                self.group[opened.pop()] = match.end()

    def _pair_environments(self, text: str) -> None:
        opened: list[tuple[str, int, int]] = []
        for match in _ENVIRONMENT.finditer(text):
            if match[1] == "begin":
                opened.append((match[2].strip(), match.start(), match.end()))
            elif match[1] == "end":
                name = match[2].strip()
                places = [i for i in range(len(opened) - 1, max(len(opened) - 20, 0) - 1, -1) if opened[i][0] == name]
                if places:
                    _, start, body = opened[places[0]]
                    del opened[places[0] :]
                    self.environment[start] = (body, match.start(), match.end())
