"""Where the text of a benchmark's paper comes from: the user's own files first, arXiv otherwise."""

import re
from pathlib import Path

from data.benchmarks.lists import BenchmarkPaper
from data.errors import PaperError
from data.paper import Paper, slug
from data.read import read_paper

_ENDS = (".tex", ".tar.gz", ".tgz", ".md", ".html", "_cleaned.json", ".json", ".pdf")
"""Of the files of one paper the first of these is read; a folder of LaTeX goes before them all."""


def find_paper(entry: BenchmarkPaper, folder: Path | None) -> str:
    """Find what `read_paper` takes for a paper.

    A file or a LaTeX folder is the paper's if its name, in whatever case and punctuation, is the title, the name of
    the repository or the arXiv id. The official data set calls its files `<name>_cleaned.json`.

    Args:
        entry: The paper.
        folder: Where the user keeps papers; None if nowhere.

    Returns:
        The path of a file or folder directly in `folder`, or else the arXiv id.

    Raises:
        PaperError: There is neither; or `folder` is not there.
    """
    local = _find_local(entry, folder) if folder is not None else None
    if local is not None:
        return str(local)
    if entry.arxiv is not None:
        return entry.arxiv
    where = "no folder of papers is given" if folder is None else f"no file of it is in {str(folder)!r}"
    raise PaperError(f"{entry.title!r} has no known arXiv id, and {where}; {_advice(entry)}.")


def read_benchmark_paper(entry: BenchmarkPaper, folder: Path | None) -> Paper:
    """Read a paper from the user's folder, or else from arXiv.

    Raises:
        PaperError: It cannot be found, fetched or read, or what arXiv has under the id is another paper.
    """
    source = find_paper(entry, folder)
    paper = read_paper(source)
    if source == entry.arxiv and _letters(paper.title) != _letters(entry.title):
        raise PaperError(f"arXiv {source!r} is titled {paper.title!r}, not {entry.title!r}; {_advice(entry)}.")
    return paper


def _find_local(entry: BenchmarkPaper, folder: Path) -> Path | None:
    if not folder.is_dir():
        raise PaperError(f"There is no folder of papers {str(folder)!r}; give one that exists, or none.")
    names = {slug(name) for name in (entry.title, entry.name, entry.arxiv) if name}
    found = []
    for path in sorted(folder.iterdir()):
        name, rank = _name_and_rank(path)
        unversioned = re.sub(r"(?<=\d)v\d+$", "", name)
        if rank is not None and not names.isdisjoint({slug(name), slug(unversioned)}):
            found.append((rank, path))
    return min(found)[1] if found else None


def _name_and_rank(path: Path) -> tuple[str, int | None]:
    """Split off the end of a file's name, and rank it among the files of its paper; None if it is no paper."""
    if path.name.startswith("."):
        return path.name, None
    if path.is_dir():
        return path.name, -1 if next(path.rglob("*.tex"), None) else None
    for rank, end in enumerate(_ENDS):
        if path.name.lower().endswith(end):
            return path.name[: -len(end)], rank
    return path.name, None


def _letters(title: str) -> str:
    r"""Reduce a title to its letters and digits; commands such as `\texttt` are none of them."""
    return slug(re.sub(r"\\[A-Za-z]+", " ", title)).replace(" ", "")


def _advice(entry: BenchmarkPaper) -> str:
    stem = entry.name or entry.arxiv or slug(entry.title).replace(" ", "-")
    return f"put the paper as {stem + '.pdf'!r} into a folder of papers and give that folder"
