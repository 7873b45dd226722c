"""The YAML file of an experiment."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Discriminator, Field, Tag, ValidationError

from data.errors import ConfigError
from experiments.config import Settings
from experiments.grid.methods import METHODS
from experiments.reports.report import LAYOUTS
from program.verdict import Protocol, Setting


class PaperSpec(Settings):
    """One paper."""

    paper: str
    """As `papercoder run` takes it: a file, a folder, an arXiv id, an address, or the name of a sample."""
    name: str | None = None
    """Short name; by default that of the file."""
    group: str = ""
    """Column of Table 1."""
    reference: Path | None = None
    """The authors' repository; a sample has its own."""


class BenchmarkSpec(Settings):
    """Papers of a list in `data/benchmarks`."""

    benchmark: str
    venue: str | None = None
    """Only the papers of this venue, e.g. ICML 2024."""
    papers: Path | None = None
    """Folder with the papers; those that are not there are fetched from arXiv."""
    references: Path | None = None
    """Folder with the authors' repositories, each under the name that the list gives it, or else under the first six
    words of the paper's title, in small letters, with hyphens."""
    first: int | None = Field(default=None, gt=0)
    """Only so many papers of the list."""


def _kind(entry: object) -> str:
    """Say what an entry of `papers` is meant to be, so that what is wrong with it is said of this only."""
    match entry:
        case BenchmarkSpec() | {"benchmark": _}:
            return "benchmark"
        case PaperSpec() | dict():
            return "paper"
        case _:
            return "name"


Entry = Annotated[
    Annotated[PaperSpec, Tag("paper")] | Annotated[BenchmarkSpec, Tag("benchmark")] | Annotated[str, Tag("name")],
    Discriminator(_kind),
]


class Spec(Settings):
    """An experiment."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    layouts: list[str] = Field(min_length=1)
    """Which tables and figures come of it: `experiments.reports`."""
    papers: list[Entry] = Field(min_length=1)
    methods: list[str] = Field(min_length=1)
    backbones: tuple[str, ...] = ()
    """Of the authors; empty: that of the configuration."""
    judges: tuple[str, ...] = ()
    """Backbones of the judge; empty: that of the configuration."""
    protocols: tuple[Protocol, ...] = ("grounded",)
    """Of the judge; none if nothing is to be judged."""
    settings: tuple[Setting, ...] = Field(default=("reference-free", "reference-based"), min_length=1)
    debug: bool = False
    """Whether each repository is executed, and repaired until it runs, for the layout `executability`."""
    repetitions: int = Field(default=1, gt=0)
    """How often each method writes each repository."""
    human: Path | None = None
    """CSV with the scores of people, for the layouts `backbones` and `alignment`."""
    recording: Path | None = None
    """What the backbone `recorded` replays."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Further configuration, like a file given with -c; `judge.samples` among it."""


def load_spec(path: Path) -> Spec:
    """Read the file of an experiment; relative paths in it start from its folder.

    Raises:
        ConfigError: It cannot be used; the message names the key and the choices.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"experiment: cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"experiment: {path} is not YAML: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"experiment: {path} is not a mapping")
    try:
        spec = Spec.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"experiment: {path}: {'; '.join(map(_fault, error.errors()))}") from None
    for kind, names, known in (("method", spec.methods, METHODS), ("layout", spec.layouts, LAYOUTS)):
        for name in names:
            if name not in known:
                raise ConfigError(f"experiment: {path}: unknown {kind} {name!r}{choices(name, known)}")
    if "executability" in spec.layouts and not spec.debug:
        raise ConfigError(f"experiment: {path}: the layout 'executability' needs `debug: true`")
    return _rooted(spec, path.parent)


def _fault(fault: Any) -> str:
    """Say what is wrong with which key."""
    model: type[Settings] = Spec
    loc = list(fault["loc"])
    if loc[0] == "papers" and len(loc) > 2:
        model = BenchmarkSpec if loc.pop(2) == "benchmark" else PaperSpec
    if fault["type"] in ("extra_forbidden", "invalid_key"):
        key = loc.pop()
        return _at(loc) + f"unknown key {key!r}{choices(str(key), model.model_fields)}"
    unquoted = fault["type"] == "string_type" and isinstance(fault["input"], float)
    return _at(loc) + str(fault["msg"]) + ("; put an arXiv id in quotes" if unquoted else "")


def _at(loc: list[str | int]) -> str:
    return f"{'.'.join(map(str, loc))}: " if loc else ""


def choices(name: str, known: Iterable[str]) -> str:
    """Say what could have been meant."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    return (f"; did you mean {close[0]!r}?" if close else ";") + f" the choices are {', '.join(known)}"


def _rooted(spec: Spec, folder: Path) -> Spec:
    def root(path: Path | None) -> Path | None:
        return None if path is None else folder / path

    papers: list[Entry] = []
    for entry in spec.papers:
        if isinstance(entry, BenchmarkSpec):
            entry = entry.model_copy(update={"papers": root(entry.papers), "references": root(entry.references)})
        elif isinstance(entry, PaperSpec):
            entry = entry.model_copy(update={"reference": root(entry.reference), "paper": _local(entry.paper, folder)})
        else:
            entry = _local(entry, folder)
        papers.append(entry)
    return spec.model_copy(update={"papers": papers, "human": root(spec.human), "recording": root(spec.recording)})


def _local(paper: str, folder: Path) -> str:
    """Return the path of a paper that lies beside the file of the experiment; anything else as it is."""
    return str(folder / paper) if (folder / paper).exists() else paper
