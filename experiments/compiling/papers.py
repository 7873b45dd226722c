"""The papers of a compilation: read, split, checked."""

from collections.abc import Iterable
from pathlib import Path

from data.benchmarks import load_benchmark
from data.paper import Paper
from data.read import read_paper
from data.samples import find_sample
from experiments.config import Compiling, Config
from experiments.fit import fit
from optimizers.split import Reported, Split, check_split
from program.repository import Listing, Repository


def read_split(config: Config, backbones: Iterable[str]) -> tuple[Split, dict[str, Listing]]:
    """Read the papers of a compilation.

    Args:
        config: The configuration.
        backbones: Those who will read the papers.

    Returns:
        The papers, and the reference repositories of those that are samples, by the hash of the paper.

    Raises:
        ConfigError: A paper stands on two sides, or there are too few.
        PaperError: One cannot be read.
    """
    settings, backbones = config.compile, list(backbones)
    references: dict[str, Listing] = {}

    def read(name: str) -> Paper:
        sample = find_sample(name)
        paper, _ = fit(read_paper(sample or name), config, backbones)
        if sample:
            references[paper.hash] = Repository(Path(sample).parent / "reference").read()
        return paper

    papers = {name: [read(paper) for paper in getattr(settings.papers, name)] for name in ("train", "dev", "test")}
    split = Split(**papers)
    check_split(split, _reported(settings))
    return split, references


def _reported(settings: Compiling) -> list[Reported]:
    return [
        Reported(paper.title, paper.arxiv, benchmark)
        for benchmark in settings.reported
        for paper in load_benchmark(benchmark)
    ]
