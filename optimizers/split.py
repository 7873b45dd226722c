"""Papers for training, choosing and reporting: no paper stands on two sides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from data.arxiv import find_arxiv_id
from data.errors import ConfigError
from data.paper import Paper, slug


@dataclass(frozen=True)
class Split:
    """The papers of a compilation."""

    train: Sequence[Paper]
    """What optimizers learn from."""
    dev: Sequence[Paper]
    """By which candidates are chosen."""
    test: Sequence[Paper] = ()
    """Looked at before and after, never in between."""


@dataclass(frozen=True)
class Reported:
    """A paper of a benchmark that is to be reported."""

    title: str
    arxiv: str | None
    benchmark: str = field(compare=False)


def check_split(split: Split, reported: Sequence[Reported]) -> None:
    """Refuse papers that stand in two splits, or in a benchmark that is to be reported.

    Papers are the same if they have the same title (whatever its case and punctuation), arXiv id or text.

    Raises:
        ConfigError: The message names the paper and both places; or a split is empty.
    """
    for name in ("train", "dev"):
        if not getattr(split, name):
            raise ConfigError(f"compile: no papers in compile.papers.{name}; an optimizer needs at least one in each")
    seen: dict[str, tuple[str, str]] = {}
    for name in ("train", "dev", "test"):
        for paper in getattr(split, name):
            marks = _marks(paper.title, find_arxiv_id(paper.source), paper.hash)
            for mark in marks:
                if mark in seen:
                    other, title = seen[mark]
                    raise ConfigError(
                        f"compile: {paper.title!r} in {name} is {title!r} in {other} (same {mark.partition(':')[0]}); "
                        "a paper may stand in one split only"
                    )
            seen |= dict.fromkeys(marks, (name, paper.title))
    _check_reported(seen, reported)


def _check_reported(seen: Mapping[str, tuple[str, str]], reported: Sequence[Reported]) -> None:
    for entry in reported:
        for mark in _marks(entry.title, entry.arxiv or "", ""):
            if mark in seen and seen[mark][0] != "test":
                name, title = seen[mark]
                raise ConfigError(
                    f"compile: {title!r} in {name} belongs to the benchmark {entry.benchmark!r}, which is to be "
                    f"reported (same {mark.partition(':')[0]}); prompts must not be compiled on it"
                )


def _marks(title: str, arxiv: str, text: str) -> list[str]:
    marks = {"title": slug(title), "arXiv id": re.sub(r"v\d+$", "", arxiv.lower()), "text": text}
    return [f"{kind}:{value}" for kind, value in marks.items() if value]
