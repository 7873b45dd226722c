"""Progress: a live table on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from experiments.meter import Meter


@contextmanager
def progress(meter: Meter) -> Iterator[None]:
    """Show what the meter counts, on standard error, for as long as the block lasts."""
    console = Console(stderr=True)
    if not console.is_terminal:
        meter.on_change = print_line
        yield
        return
    with Live(get_renderable=lambda: _table(meter), console=console, refresh_per_second=4):
        yield


_printing = threading.Lock()


def print_line(meter: Meter, event: str, stream: TextIO | None = None) -> None:
    """Say what happened, and how far things are, in a line on standard error or another stream."""
    with _printing, suppress(OSError):  # nobody may be listening any more
        print(f"{event}  [{summary(meter)}]", file=stream or sys.stderr, flush=True)


def say_last(text: str) -> None:
    """Say a line on standard error behind which no thread says another one: the process is about to exit."""
    _printing.acquire(timeout=1)  # never released; whoever holds it for longer has a reader that does not read
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def summary(meter: Meter) -> str:
    """Return calls, tokens, cost and time in a line."""
    parts = [f"{meter.calls} calls" + (f" + {meter.replayed} replayed" if meter.replayed else "")]
    if meter.asked_again:
        parts.append(f"{meter.asked_again} asked again")
    parts.append(f"{meter.tokens:,} tokens")
    if meter.cost:
        parts.append(f"${meter.cost:.2f}")
    parts.append(clock(time.monotonic() - meter.started))
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _table(meter: Meter) -> Table:
    table = Table.grid(padding=(0, 2))
    for stage in meter.stages.values():
        if stage.started is None:
            state = "waiting"
        elif stage.files is not None:
            state = f"{stage.done}/{stage.files} files"
        else:
            state = "done" if stage.done else "under way"
        table.add_row(stage.name, state, clock(stage.seconds) if stage.started is not None else "")
    table.add_row("", summary(meter), "")
    return table
