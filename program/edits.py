"""Edits of a repository: held against its files, and applied exactly."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from program.syntax import parse_python
from signatures.debugging import Edit, Repair
from signatures.paths import collisions, safe_path

REQUIREMENTS = "requirements.txt"


def check_repair(files: Mapping[str, str], repair: Repair, others: Collection[str] = ()) -> list[str]:
    """Say why a repair cannot be applied: every text to search for stands exactly once, and what comes of it is Python.

    Args:
        files: The text files of the repository, by path.
        repair: The edits.
        others: Paths of its other files, which cannot be edited.
    """
    edits = repair.parsed()
    problems = []
    after = dict(files)
    for number, edit in enumerate(edits, start=1):
        if problem := _problem(after, edit, others):
            problems.append(f"edits: number {number}, in {edit.file}: {problem}")
        else:
            after[edit.file] = _edited(after, edit)
    if problems:
        return problems
    after = _with_requirements(after, repair)
    if after == dict(files):
        return ["edits: nothing would change; mend the fault"]
    if clashes := collisions(list(after)):
        return [f"edits: {clash}" for clash in clashes]
    return [problem for path in after if after[path] != files.get(path) for problem in _broken(path, after[path])]


def apply_repair(files: Mapping[str, str], repair: Repair) -> dict[str, str]:
    """Return the files after a repair that `check_repair` has nothing against."""
    after = dict(files)
    for edit in repair.parsed():
        after[edit.file] = _edited(after, edit)
    return _with_requirements(after, repair)


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return what has changed, as a unified diff."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for path in sorted({*before, *after})
        for line in difflib.unified_diff(
            before.get(path, "").splitlines(keepends=True),
            after.get(path, "").splitlines(keepends=True),
            f"a/{path}" if path in before else "/dev/null",
            f"b/{path}" if path in after else "/dev/null",
        )
    )


def modified_lines(before: Mapping[str, str], after: Mapping[str, str]) -> int:
    """Count modified lines (Table 7): a line that took the place of another is one, and so is each added or removed."""
    return sum(
        max(old_end - old, new_end - new)
        for path in {*before, *after}
        for tag, old, old_end, new, new_end in difflib.SequenceMatcher(
            None, before.get(path, "").splitlines(), after.get(path, "").splitlines(), autojunk=False
        ).get_opcodes()
        if tag != "equal"
    )


def _problem(files: Mapping[str, str], edit: Edit, others: Collection[str]) -> str | None:
    if edit.file in others:
        return "the file is no text that can be edited, or belongs to a tool; leave it as it is"
    if edit.file not in files:
        try:
            safe_path(edit.file)
        except ValueError as error:
            return str(error)
        return None if not edit.search.strip() else "there is no such file; an empty SEARCH would make it"
    if not edit.search.strip() and files[edit.file].strip():
        return "SEARCH is empty, but the file is not; search for lines of it"
    if edit.search == edit.replace:
        return "REPLACE is the same as SEARCH"
    if not edit.search.strip():
        return None
    text, search = _padded(files[edit.file]), _padded(edit.search)
    count = sum(text.startswith(search, place) for place, sign in enumerate(text) if sign == "\n")
    if count == 0:
        near = _nearest(files[edit.file], edit.search)
        return "SEARCH does not stand in the file" + (f"; what comes nearest is:\n{near}" if near else "")
    if count > 1:
        return f"SEARCH stands in the file {count} times; take more lines around it"
    return None


def _edited(files: Mapping[str, str], edit: Edit) -> str:
    if edit.file not in files or not edit.search.strip():
        return edit.replace
    text = _padded(files[edit.file]).replace(_padded(edit.search), "\n" + edit.replace, 1)
    return text.removeprefix("\n")


def _padded(text: str) -> str:
    """Return whole lines, the first behind a line end, so that a part of a line is no match."""
    return "\n" + (text if text.endswith("\n") or not text else text + "\n")


def _nearest(text: str, search: str) -> str:
    """Return the lines of a file that are most like what was searched for."""
    lines, wanted = text.splitlines(keepends=True), search.splitlines(keepends=True)
    starts = range(max(1, len(lines) - len(wanted) + 1))
    windows = ["".join(lines[start : start + len(wanted)]) for start in starts]
    close = difflib.get_close_matches(search, windows[:5000], n=1, cutoff=0.6)
    return close[0].rstrip("\n") if close else ""


def _with_requirements(files: Mapping[str, str], repair: Repair) -> dict[str, str]:
    if not repair.add_requirements and not repair.remove_requirements:
        return dict(files)
    added = {_name(line): line for line in repair.add_requirements}
    gone = {_name(line) for line in repair.remove_requirements}
    lines, placed = list[str](), set[str | None]()
    for line in files.get(REQUIREMENTS, "").splitlines():
        name = _name(line)
        if name in added and name not in placed:
            lines.append(added[name])
            placed.add(name)
        elif name not in added and name not in gone:
            lines.append(line)
    new = [line for name, line in added.items() if name not in placed]
    return {**files, REQUIREMENTS: "\n".join([*lines, *new]) + "\n"}


def _name(line: str) -> str | None:
    try:
        return canonicalize_name(Requirement(re.split(r" #|\s--|\s*\\\\$", line)[0].strip()).name)
    except InvalidRequirement:
        return None


def _broken(path: str, text: str) -> Iterator[str]:
    if path.endswith(".py"):
        try:
            parse_python(text)
        except SyntaxError as error:
            yield f"edits: after them line {error.lineno or 1} of {path} is not Python: {error.msg}"
        except ValueError as error:
            yield f"edits: after them {path} is not Python: {error}"
