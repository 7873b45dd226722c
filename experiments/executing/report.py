"""The report of an execution: on disk, in MLflow, and as lines for the terminal."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from data.errors import FolderError
from experiments.tracking import Tracker
from program.execution.report import Execution, Report
from program.execution.reproduction import Comparison
from program.repository import write_text

REPORT = "execution.json"

_LOGGED_FILES = 200
"""So many files of an execution are logged as artifacts; all of them are in its folder."""

_LOGGED_BYTES = 5_000_000
"""The largest file that a run has written and that is logged as an artifact."""


def keep(report: Report, folder: Path) -> None:
    """Write a report: `execution.json` and the page `execution.md`."""
    write_text(folder / REPORT, report.model_dump_json(indent=1) + "\n")
    write_text(folder / "execution.md", "\n".join(["# Execution", "", *(f"- {line}" for line in lines(report))]) + "\n")
    for number, run in enumerate(report.runs, start=1):
        write_text(folder / f"{number}.stdout.txt", run.stdout)
        write_text(folder / f"{number}.stderr.txt", run.stderr)


def load(folder: Path) -> Report:
    """Read what `keep` wrote.

    Raises:
        FolderError: There is none, or it is damaged.
    """
    path = folder / REPORT
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}; execute again") from None


def log(tracker: Tracker, report: Report, folder: Path) -> None:
    """Log a report to a run: figures, tags, and what was written."""
    tracker.log(metrics=metrics_of(report), tags=tags_of(report))
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    for path in paths[:_LOGGED_FILES]:
        if path.name != ".lock" and path.stat().st_size <= _LOGGED_BYTES and path.suffix != ".jsonl":
            place = path.parent.relative_to(folder)
            tracker.log_files([path], ("execution" / place).as_posix())


def metrics_of(report: Report) -> dict[str, float]:
    """Return the figures of a report for MLflow."""
    figures: dict[str, float] = {
        "ran": float(report.status == "ran"),
        "faults": len(report.faults),
        "missing_data": len(report.missing_data),
        "findings": len(report.findings),
    }
    if report.runs:
        last = report.runs[-1]
        figures |= {"seconds": sum(run.seconds for run in report.runs), "peak_memory_mb": last.peak_memory_mb}
        figures |= {"produced": len(last.produced), "exit_code": -1 if last.exit_code is None else last.exit_code}
    if report.comparisons:
        figures |= {"results.stated": len(report.comparisons)}
        figures |= {"results.obtained": sum(one.obtained is not None for one in report.comparisons)}
        if not report.quick and not report.stand_ins:
            figures |= {"results.within": sum(one.within is True for one in report.comparisons)}
    return {f"execution.{key}": float(value) for key, value in figures.items()} | _obtained(report)


def _obtained(report: Report) -> dict[str, float]:
    """Return what the program printed or saved last, under names that MLflow takes, each once."""
    found = {name: value for run in report.runs for name, value in run.metrics.items()}
    return {f"obtained.{clean}": value for name, value in list(found.items())[-100:] if (clean := _clean(name))}


def _clean(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_ -]+", "_", name)[:200].strip("_ ")


def tags_of(report: Report) -> dict[str, str]:
    """Return the tags of a report for MLflow; `execution.status = 'ran'` finds the repositories that run."""
    tags = {"execution.status": report.status, "execution.backend": report.backend}
    tags["execution.mode"] = "quick" if report.quick else "full"
    failure = report.runs[-1].failure if report.runs else None
    tags["execution.failure"] = failure.kind if failure else ""
    tags["execution.error"] = plain(failure.error if failure else report.reason)
    return tags


def lines(report: Report) -> Iterator[str]:
    """Say what came of an execution, line by line; no sign in them moves a terminal's cursor."""
    yield from map(plain, _lines(report))


def plain(line: str) -> str:
    """Return a line without control signs, which a program may have printed to deceive."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)


def _lines(report: Report) -> Iterator[str]:
    if report.status == "refused":
        yield f"refused: {report.reason}"
    for run in report.runs:
        yield _run_line(run)
        if run.failure:
            frame = run.failure.frame
            place = f", at {frame.file}:{frame.line} in {frame.function}" if frame else ""
            yield f"  {run.failure.kind}: {run.failure.error}{place}"
    for title, found in (
        ("reading it found", report.faults),
        ("packages", report.findings),
        ("missing data", report.missing_data),
        ("made-up data stands in for", report.stand_ins),
    ):
        for line in found[:10]:
            yield f"  {title}: {line}"
        if len(found) > 10:
            yield f"  {title}: {len(found) - 10} more"
    if report.comparisons and report.status != "ran":
        yield "  the last command did not come to its end: what it has written may be incomplete"
    yield from comparison_lines(report.comparisons, report.quick, bool(report.stand_ins))
    if report.not_compared and report.runs:
        yield f"  not compared, for nothing like it was produced: {', '.join(report.not_compared)}"


def _run_line(run: Execution) -> str:
    if run.status == "refused":
        return f"refused: {run.command!r} is no command"
    files = f", files written: {len(run.produced)}" if run.produced else ""
    left = f", not copied out: {len(run.left_out)}" if run.left_out else ""
    code = "" if run.exit_code in (0, None) else f", exit code {run.exit_code}"
    return f"{run.status}: {run.command} ({run.seconds:.1f} s, {run.peak_memory_mb:.0f} MB{code}{files}{left})"


def comparison_lines(comparisons: Sequence[Comparison], quick: bool, made_up: bool) -> Iterator[str]:
    """Show stated against obtained results, a line for each row of each table of the paper."""
    if not comparisons:
        return
    comparable = not quick and not made_up
    if not comparable:
        why = "made-up data" if made_up else "the quick mode, with tiny data"
        yield f"  stated / obtained results, obtained from {why}: they say nothing about the paper"
    else:
        yield "  stated / obtained results; * marks those that differ by more than the stated deviation,"
        yield "  or by more than the relative tolerance where none is stated:"
    for table, found in groupby(comparisons, key=lambda one: one.table):
        numbers = list(found)
        within, obtained = sum(one.within is True for one in numbers), sum(one.obtained is not None for one in numbers)
        place = next((one.place for one in numbers if one.place), "")
        judged = f", {within} within tolerance" if comparable else ""
        yield f"  {table} ({place}): {obtained} of {len(numbers)} stated results obtained{judged}"
        yield from (f"    {line}" for line in _grid(numbers, comparable))


def _grid(numbers: Sequence[Comparison], comparable: bool) -> Iterator[str]:
    columns = list(dict.fromkeys(one.column for one in numbers))
    rows: dict[str, dict[str, str]] = {}
    for one in numbers:
        rows.setdefault(one.row, {})[one.column] = _cell(one, comparable)
    table = [["", *columns], *([row, *(cells.get(column, "") for column in columns)] for row, cells in rows.items())]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns) + 1)]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cell(one: Comparison, comparable: bool) -> str:
    obtained = "-" if one.obtained is None else f"{one.obtained:.4g}" + (f" x{one.scale:g}" if one.scale != 1 else "")
    return f"{one.stated:g} / {obtained}" + ("*" if comparable and one.within is False else "")
