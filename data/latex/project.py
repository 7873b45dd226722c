"""One LaTeX text out of the files of a paper, without leaving its folder."""

import re
from pathlib import Path

from data.decode import decode
from data.errors import PaperError
from data.latex.words import names

SIZE_LIMIT = 20_000_000
"""Characters of all files together."""
_DEPTH_LIMIT = 30
_FILE_LIMIT = 2_000
_COMMENT = re.compile(
    r"\\begin\{(?P<verbatim>verbatim|Verbatim|lstlisting|minted|comment)\*?\}"
    r"|\\(?:url|href|nolinkurl|path)\s*\{[^{}\n]*\}|\\verb\*?(?P<bar>[^A-Za-z\s*])[^\n]{0,500}?(?P=bar)|\\."
    r"|(?P<comment>%[^\n]*(?:\n[ \t]*(?=\S))?)",
    re.DOTALL,
)
_INPUT = re.compile(
    r"\\(?:(?P<command>input|include|subfile|subfileinclude|@input)(?![A-Za-z@])\s*(?:\{(?P<braced>[^{}]*)\}|(?P<bare>[^\s{}\\%]+))"
    r"|(?P<imports>(?:sub)?(?:import|inputfrom|includefrom))\*?\s*\{(?P<folder>[^{}]*)\}\s*\{(?P<file>[^{}]*)\})"
)
_PICTURES = (".bbl", ".pgf", ".tikz", ".pdf_tex", ".eps_tex", ".pstex_t")
_DISTRIBUTION = names(
    """
    glyphtounicode xy epsf amssym.def amssym xypic pstricks psfig epsfig prepictex pictex postpictex
    """
)
"""Files of a TeX distribution that papers include."""
_MAIN = (r"\documentclass", r"\documentstyle", r"\begin{document}", r"\title")


def read_project(source: Path) -> str:
    r"""Read a LaTeX file or the main file of a folder, with what it includes in place and no comments.

    Args:
        source: A `.tex` file or a folder.

    Raises:
        PaperError: There is no main file, an `\input` is missing, leaves the folder or never ends, or the
            files are too large.
    """
    main = find_main(source) if source.is_dir() else source
    folder = source if source.is_dir() else source.parent
    return _Reader(folder.resolve()).read(main, ())


def find_main(folder: Path) -> Path:
    r"""Find the file of a folder that holds the paper: the one with `\documentclass`, else with `\title`."""
    files = sorted(p for p in folder.rglob("*.tex") if p.is_file() and not p.name.startswith("."))
    if not files:
        raise PaperError(f"Folder {folder.name!r} has no .tex file; give a paper's file or its LaTeX folder.")
    texts = {path: strip_comments(_read(path)) for path in files if _inside(path, folder.resolve())}
    included = {Path(name).stem for text in texts.values() for name in _included(text)}
    for mark in _MAIN:
        marked = [path for path, text in texts.items() if mark in text]
        if marked:
            return min(marked, key=lambda p: (p.stem in included, len(p.parts), _is_template(p), -len(texts[p])))
    if len(texts) == 1:
        return next(iter(texts))
    raise PaperError(
        f"Folder {folder.name!r} has no main .tex file (none has \\documentclass); give the paper's own .tex file."
    )


def strip_comments(text: str) -> str:
    """Remove comments and what is switched off by `comment` or `\\iffalse`."""
    out: list[str] = []
    position = 0
    endless: set[str] = set()
    while match := _COMMENT.search(text, position):
        out.append(text[position : match.start()])
        position = match.end()
        name = match["verbatim"] or ""
        end = text.find(f"\\end{{{name}", position) if name and name not in endless else -1
        if end >= 0:
            end = text.find("}", end) + 1 or len(text)
            out.append("" if name == "comment" else text[match.start() : end])
            position = end
        elif not match["comment"]:
            endless.add(name)
            out.append(match[0])
    out.append(text[position:])
    return re.sub(r"\\iffalse\b(?:(?!\\if).)*?\\fi\b", "", "".join(out), flags=re.DOTALL)


class _Reader:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._size = 0
        self._files = 0

    def read(self, path: Path, opened: tuple[Path, ...]) -> str:
        """Read a file with what it includes; `opened` are the files that are being read now."""
        resolved = path.resolve()
        if not resolved.is_relative_to(self._root):
            where = self._name(opened[-1]) if opened else path.name
            raise PaperError(f"{where} includes {path.name!r}, a file outside its folder ({resolved}); refused.")
        if resolved in opened or len(opened) > _DEPTH_LIMIT:
            raise PaperError(f"{self._name(path)} includes itself without end; remove that \\input.")
        text = strip_comments(_read(resolved))
        self._size += len(text)
        self._files += 1
        if self._files > _FILE_LIMIT:
            raise PaperError(f"{self._name(path)} and others include more than {_FILE_LIMIT:,} files; simplify them.")
        if self._size > SIZE_LIMIT:
            raise PaperError(
                f"The LaTeX files of {self._root.name!r} exceed {SIZE_LIMIT:,} characters at {path.name!r}."
            )
        return _INPUT.sub(lambda m: self._include(m, path, (*opened, resolved)), text)

    def _include(self, match: re.Match[str], path: Path, opened: tuple[Path, ...]) -> str:
        if match["imports"]:
            name, bases = f"{match['folder']}/{match['file']}", [path.parent, self._root]
        else:
            name, bases = (
                (match["braced"] or match["bare"] or "").strip().strip('"'),
                [self._root, path.parent],
            )
        if not name or "\\" in name or "#" in name:
            return ""
        for base in bases:
            for candidate in _candidates(base / name):
                if not _within(candidate, self._root) or candidate.is_file():
                    return "\n" if candidate.suffix == ".bbl" else self.read(candidate, opened)
        if name.endswith(_PICTURES) or name.removesuffix(".tex") in _DISTRIBUTION:
            return ""
        raise PaperError(f"{self._name(path)} includes {name!r}, which is missing; add the file or remove the \\input.")

    def _name(self, path: Path) -> str:
        resolved = path.resolve()
        return repr(str(resolved.relative_to(self._root)) if resolved.is_relative_to(self._root) else path.name)


def _candidates(path: Path) -> list[Path]:
    return [path] if path.suffix == ".tex" else [path.with_name(path.name + ".tex"), path]


def _within(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _inside(path: Path, root: Path) -> bool:
    if not _within(path, root):
        raise PaperError(f"{path.name!r} links to a file outside its folder ({path.resolve()}); refused.")
    return True


def _read(path: Path) -> str:
    if path.stat().st_size > SIZE_LIMIT:
        raise PaperError(f"{path.name!r} is larger than {SIZE_LIMIT:,} bytes; that is no paper.")
    return decode(path.read_bytes(), path.name)


def _included(text: str) -> list[str]:
    return [m["braced"] or m["bare"] or m["file"] or "" for m in _INPUT.finditer(text)]


def _is_template(path: Path) -> bool:
    return bool(re.search(r"template|supp|appendix|rebuttal|response|poster|slides|cover", path.stem, re.IGNORECASE))


def read_style_files(source: Path) -> str:
    """Read the style files beside a paper, which may define its macros."""
    folder = source if source.is_dir() else source.parent
    files = sorted(
        p for p in folder.glob("*.sty") if p.is_file() and _within(p, folder.resolve()) and p.stat().st_size < 500_000
    )
    return "\n".join(strip_comments(_read(path)) for path in files)
