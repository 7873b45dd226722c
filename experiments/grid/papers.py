"""The papers of an experiment: names, groups, references, and how each is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data.benchmarks import BenchmarkPaper, load_benchmark, read_benchmark_paper
from data.errors import ConfigError
from data.paper import Paper
from data.paper import slug as words
from data.read import read_paper
from data.samples import find_sample
from experiments.grid.spec import BenchmarkSpec, PaperSpec, Spec


@dataclass(frozen=True)
class GridPaper:
    """A paper of an experiment."""

    name: str
    group: str
    read: Callable[[], Paper]
    reference: Path | None


def list_papers(spec: Spec) -> list[GridPaper]:
    """Return the papers of an experiment; none is read yet.

    Raises:
        ConfigError: A benchmark or a folder does not exist, or two papers have one name.
    """
    papers = [paper for entry in spec.papers for paper in _papers(entry)]
    names = [paper.name for paper in papers]
    if not papers:
        raise ConfigError("experiment: `papers` names a list, but no paper of it fits the venue")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"experiment: two papers are named {repeated[0]!r}; give each a `name` of its own")
    return papers


def _papers(entry: PaperSpec | BenchmarkSpec | str) -> Iterator[GridPaper]:
    if isinstance(entry, BenchmarkSpec):
        if entry.references is not None and not entry.references.is_dir():
            raise ConfigError(
                f"experiment: no folder {entry.references}; clone the authors' repositories into it, each under the "
                "name that the list gives it, or leave `references` out"
            )
        chosen = [paper for paper in load_benchmark(entry.benchmark) if entry.venue in (None, paper.venue)]
        for paper in chosen[: entry.first]:
            yield _of_benchmark(paper, entry)
        return
    if isinstance(entry, str):
        entry = PaperSpec(paper=entry)
    sample = find_sample(entry.paper)
    source = sample or entry.paper
    reference = entry.reference or (Path(sample).parent / "reference" if sample else None)
    if reference is not None and not reference.is_dir():
        raise ConfigError(f"experiment: no folder {reference}, the reference of {entry.paper!r}")
    yield GridPaper(
        name=entry.name or _short(entry.paper),
        group=entry.group,
        read=lambda: read_paper(source),
        reference=reference,
    )


def _short(paper: str) -> str:
    """Return the name of a paper's file without its ending, or an arXiv id whole."""
    path = Path(paper)
    return (path.name if path.suffix[1:2].isdigit() else path.stem) or paper


def _of_benchmark(paper: BenchmarkPaper, entry: BenchmarkSpec) -> GridPaper:
    name = paper.name or "-".join(words(paper.title).split()[:6])
    reference = entry.references / name if entry.references else None
    return GridPaper(
        name=name,
        group=paper.venue,
        read=lambda: read_benchmark_paper(paper, entry.papers),
        reference=reference if reference and reference.is_dir() else None,
    )
