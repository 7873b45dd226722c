"""Cells made by hand."""

from experiments.reports.cells import Cell, CellScore
from experiments.reports.samples import Panel
from program.repository import Statistics

PANEL = Panel("paper", "o3")


def made(
    method: str,
    paper: str,
    based: float | None = None,
    free: float | None = None,
    *,
    backbone: str = "gpt",
    group: str = "ICML",
    repetition: int = 1,
    protocol: str = "paper",
    judge: str = "o3",
    coverage: float | None = None,
    size: int | None = None,
) -> Cell:
    """Return a finished cell with up to two scores; all its statistics are `size`."""
    settings = {"reference-based": based, "reference-free": free}
    return Cell(
        paper=paper,
        group=group,
        method=method,
        backbone=backbone,
        repetition=repetition,
        status="finished",
        statistics=None if size is None else Statistics(files=size, lines=size, functions=size, tokens=size),
        scores=tuple(
            CellScore(
                protocol=protocol,
                setting=setting,
                judge=judge,
                mean=mean,
                std=None,
                coverage=coverage,
                requested=8,
                valid=8,
            )
            for setting, mean in settings.items()
            if mean is not None
        ),
    )


def row(table, *stubs: str) -> list[str]:
    """Return the texts of one row behind its stubs."""
    [found] = [fields for fields in table.rows if tuple(field.text for field in fields[: len(stubs)]) == stubs]
    return [field.text for field in found[len(stubs) :]]
