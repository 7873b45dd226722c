"""From the cells of an experiment to the tables and figures of a layout, and to files."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import ConfigError, FolderError
from experiments.reports.ablations import ablations_table
from experiments.reports.alignment import alignment_table
from experiments.reports.backbones import backbones_table
from experiments.reports.cells import Cell
from experiments.reports.correlation import correlation_figure, correlation_table
from experiments.reports.executability import executability_table
from experiments.reports.human import HumanScore, read_human
from experiments.reports.methods import methods_table
from experiments.reports.samples import Panel, panels
from experiments.reports.scatter import Picture
from experiments.reports.table import Table
from program.repository import write_text


@dataclass(frozen=True)
class Report:
    """Tables and figures by the names of their files."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Picture] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of all tables, each once."""
        return tuple(dict.fromkeys(note for table in self.tables.values() for note in table.notes))

    def write(self, folder: Path) -> list[Path]:
        """Write each table as Markdown, CSV and LaTeX, each figure as PNG and SVG.

        Raises:
            FolderError: The folder cannot be written to.
        """
        written = []
        for name, table in self.tables.items():
            for ending, text in (("md", table.markdown()), ("csv", table.csv()), ("tex", table.latex())):
                written.append(folder / f"{name}.{ending}")
                write_text(written[-1], text)
        for name, picture in self.figures.items():
            written += [folder / f"{name}.svg", folder / f"{name}.png"]
            write_text(written[-2], picture.svg)
            try:
                written[-1].write_bytes(picture.png)
            except OSError as error:
                raise FolderError(f"cannot write {written[-1]}: {error.strerror}; choose another folder") from error
        return written


def build_report(
    layout: str, cells: Sequence[Cell], *, methods: Sequence[str] = (), human: Path | None = None
) -> Report:
    """Return the tables and figures of a layout, one for each protocol and judge in the cells.

    Args:
        layout: One of `LAYOUTS`.
        cells: All cells of the experiment, those that failed or are missing too.
        methods: The order of the methods; those not named come last.
        human: A CSV file of human scores, for the layouts `backbones` and `alignment`.

    Raises:
        ConfigError: The layout is unknown, there are no cells, or the human scores cannot be used.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"unknown layout {layout!r}; choose one of {', '.join(LAYOUTS)}")
    if not cells:
        raise ConfigError(f"no cells for the layout {layout!r}; run the experiment first")
    return LAYOUTS[layout](cells, methods, read_human(human, cells) if human else None)


def _methods(cells: Sequence[Cell], methods: Sequence[str], human: Sequence[HumanScore] | None) -> Report:
    names = _names("methods", cells)
    return Report({name: methods_table(cells, panel, methods) for panel, name in names.items()})


def _ablations(cells: Sequence[Cell], methods: Sequence[str], human: Sequence[HumanScore] | None) -> Report:
    names = _names("ablations", cells)
    return Report({name: ablations_table(cells, panel, methods) for panel, name in names.items()})


def _backbones(cells: Sequence[Cell], methods: Sequence[str], human: Sequence[HumanScore] | None) -> Report:
    with_backbone = {cell.method for cell in cells if cell.backbone}
    shown = [name for name in dict.fromkeys([*methods, *(cell.method for cell in cells)]) if name in with_backbone]
    if not shown:
        raise ConfigError("no cell names a backbone to compare; use another layout")
    tables: dict[str, Table] = {}
    for method in shown:
        for panel, stem in _names("backbones" if len(shown) == 1 else f"backbones-{method}", cells).items():
            tables[_unique(stem, tables)] = backbones_table(cells, panel, method, human)
    return Report(tables)


def _alignment(cells: Sequence[Cell], methods: Sequence[str], human: Sequence[HumanScore] | None) -> Report:
    if human is None:
        raise ConfigError("the layout 'alignment' needs human scores; name a CSV with columns paper, method, score")
    protocols: dict[str, list[Panel]] = {}
    for panel in panels(cells):
        protocols.setdefault(panel.protocol, []).append(panel)
    return Report(
        {_slug("alignment", protocol): alignment_table(cells, judges, human) for protocol, judges in protocols.items()}
    )


def _correlation(cells: Sequence[Cell], methods: Sequence[str], human: Sequence[HumanScore] | None) -> Report:
    names = _names("correlation", cells)
    figures = {name: correlation_figure(cells, panel, methods) for panel, name in names.items()}
    return Report(
        {name: correlation_table(cells, panel) for panel, name in names.items()},
        {name: picture for name, picture in figures.items() if picture},
    )


def _executability(cells: Sequence[Cell], methods: Sequence[str], human: Sequence[HumanScore] | None) -> Report:
    found = dict.fromkeys((cell.method, cell.backbone) for cell in cells)
    tables: dict[str, Table] = {}
    for method, backbone in found:
        parts = [method] * (len({one for one, _ in found}) > 1) + [backbone] * (len({two for _, two in found}) > 1)
        tables[_unique(_slug("executability", *parts), tables)] = executability_table(cells, method, backbone)
    return Report(tables)


LAYOUTS: Mapping[str, Callable[[Sequence[Cell], Sequence[str], Sequence[HumanScore] | None], Report]] = {
    "methods": _methods,
    "backbones": _backbones,
    "ablations": _ablations,
    "alignment": _alignment,
    "correlation": _correlation,
    "executability": _executability,
}
"""What builds a report, by layout: Tables 1, 4, 6 and 5, Figure 3 and Table 7 of the paper."""


def _names(layout: str, cells: Sequence[Cell]) -> dict[Panel, str]:
    """Return a file name for each protocol and judge; the judge is in it if there are several."""
    found = panels(cells)
    several = len({panel.judge for panel in found}) > 1
    names: dict[Panel, str] = {}
    for panel in found:
        names[panel] = _unique(_slug(layout, panel.protocol, panel.judge if several else ""), names.values())
    return names


def _unique(name: str, taken: Collection[str]) -> str:
    return name if name not in taken else f"{name}-{len(taken) + 1}"


def _slug(*parts: str) -> str:
    return "-".join(re.sub(r"[^\w.]+", "-", part.lower()).strip("-.") for part in parts if part)
