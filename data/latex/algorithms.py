"""Algorithms of the algorithmic packages as nested Markdown lists."""

import re
from collections.abc import Callable

from data.latex.scan import group_end

_COMMAND = re.compile(
    r"\\(?P<name>State|Statex|STATE|STATEX|For|FOR|ForAll|FORALL|While|WHILE|If|IF|ElsIf|ELSIF|ElseIf|Else|ELSE|EndFor|ENDFOR|"
    r"EndWhile|ENDWHILE|EndIf|ENDIF|Repeat|REPEAT|Until|UNTIL|Loop|LOOP|EndLoop|ENDLOOP|Require|REQUIRE|Ensure|ENSURE|Input|INPUT|"
    r"Output|OUTPUT|Return|RETURN|Function|Procedure|EndFunction|EndProcedure)(?![A-Za-z])"
)
_COMMENT = re.compile(r"\\(?:Comment|COMMENT|tcp|tcc)\*?\s*(?=\{)")
_OPENS = {
    "for": "for {} do",
    "forall": "for all {} do",
    "while": "while {} do",
    "if": "if {} then",
    "repeat": "repeat",
    "loop": "loop",
}
_HEADED = {
    "require": "Require:",
    "ensure": "Ensure:",
    "input": "Input:",
    "output": "Output:",
    "return": "return",
    "until": "until",
}


def algorithm_to_markdown(tex: str, render: Callable[[str], str]) -> str:
    r"""Turn the body of an algorithm into a list that is nested like its loops.

    Args:
        tex: What stands between `\begin{algorithmic}` and its end; the macros of other packages are kept in a
            code block as they are.
        render: Turns LaTeX text into one line of Markdown.
    """
    tex = re.sub(r"\\begin\{algorithmic[x]?\}\s*(?:\[[^\]]*\])?|\\end\{algorithmic[x]?\}", "", tex)
    tex = re.sub(
        r"\\(?:centering|small|footnotesize|scriptsize|vspace\{[^{}]*\}|setlength\{[^{}]*\}\{[^{}]*\})",
        "",
        tex,
    )
    marks = list(_COMMAND.finditer(tex))
    if not marks:
        return f"```latex\n{tex.strip()}\n```" if tex.strip() else ""
    lines: list[str] = []
    before = render(tex[: marks[0].start()]).strip()
    if before:
        lines.append(f"- {before}")
    depth = 0
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(tex)
        depth, line, after = _step(mark["name"].lower(), tex[mark.end() : end], depth, render)
        if line:
            lines.append(f"{'  ' * max(after, 0)}- {line}")
    return "\n".join(lines)


def _step(name: str, rest: str, depth: int, render: Callable[[str], str]) -> tuple[int, str, int]:
    """Write one step: the depth from here on, the line, and the line's own depth."""
    rest = _COMMENT.sub(r"\\quad ▷ ", rest)
    if name.startswith("end"):
        return depth - 1, render(rest).strip(), depth - 1
    if name in ("function", "procedure"):
        title, parameters, after = _two(rest)
        return depth + 1, f"{name} {render(title)}({render(parameters)}) {render(after)}".strip(), depth
    if name in ("elsif", "elseif", "else"):
        condition, after = _one(rest) if name != "else" else ("", rest)
        head = "else" if name == "else" else f"else if {render(condition)} then"
        return depth, f"{head} {render(after)}".strip(), depth - 1
    if name in _OPENS:
        condition, after = _one(rest) if "{}" in _OPENS[name] else ("", rest)
        return depth + 1, f"{_OPENS[name].format(render(condition))} {render(after)}".strip(), depth
    if name == "until":
        return depth - 1, f"until {render(rest)}".strip(), depth - 1
    head = f"**{_HEADED[name]}** " if name in ("require", "ensure", "input", "output") else f"{_HEADED.get(name, '')} "
    return depth, (head + render(rest)).strip(), depth


def _one(text: str) -> tuple[str, str]:
    """Read an argument in braces: it and what follows."""
    text = text.lstrip()
    end = group_end(text, 0)
    return (text[1 : end - 1], text[end:]) if end else ("", text)


def _two(text: str) -> tuple[str, str, str]:
    first, rest = _one(text)
    second, rest = _one(rest)
    return first, second, rest
