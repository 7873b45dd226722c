"""What a run has done so far: stages, files, calls, tokens, cost."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dspy.utils.callback import BaseCallback
from pydantic import BaseModel, ConfigDict

from experiments.backbones.transcript import Entry
from program.analyst import Analyst
from program.coder import Coder
from program.planner import Planner

STAGES = {"planner": "planning", "analyst": "analysis", "coder": "coding"}
"""The stage to which the calls of a role belong."""


class Totals(BaseModel):
    """Sums over calls."""

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    asked_again: int = 0
    """Calls that quote a rejected answer."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    tokens_estimated: bool = False
    cost: float | None = 0.0
    """US dollars; null where the price of a call is not known."""
    prompt_chars: int = 0
    shared_chars: int = 0
    """Leading characters that a prompt shares with an earlier one of the run, summed; the first prompt counts "
    "nowhere."""

    @property
    def shared_prefix(self) -> float | None:
        """Share of all prompt characters after the first call that are a prefix of an earlier call's."""
        return self.shared_chars / self.prompt_chars if self.prompt_chars else None


def total(entries: list[Entry]) -> Totals:
    """Sum up the entries of a transcript, the first of a run first."""
    costs = [entry.cost for entry in entries]
    rest = entries[1:]
    return Totals(
        calls=len(entries),
        asked_again=sum(entry.attempt > 1 for entry in entries),
        prompt_tokens=sum(entry.prompt_tokens for entry in entries),
        cached_tokens=sum(entry.cached_tokens for entry in entries),
        completion_tokens=sum(entry.completion_tokens for entry in entries),
        tokens_estimated=any(entry.estimated for entry in entries),
        cost=None if any(cost is None for cost in costs) else round(sum(cost for cost in costs if cost), 6),
        prompt_chars=sum(entry.shared_chars + len(entry.prompt) for entry in rest),
        shared_chars=sum(entry.shared_chars for entry in rest),
    )


@dataclass
class Stage:
    """One stage of the run under way."""

    name: str
    started: float | None = None
    ended: float | None = None
    files: int | None = None
    """How many files it has to work on; None for planning or when that is not known yet."""
    done: int = 0

    @property
    def seconds(self) -> float:
        """Wall time from its first call to its last."""
        if self.started is None:
            return 0.0
        return (self.ended if self.ended is not None else time.monotonic()) - self.started


@dataclass
class Meter(BaseCallback):
    """Listens to DSPy's modules and to the engine; tells a display of every change."""

    on_change: Callable[["Meter", str], None] = lambda meter, event: None
    stages: dict[str, Stage] = field(default_factory=lambda: {name: Stage(name) for name in STAGES.values()})
    calls: int = 0
    replayed: int = 0
    asked_again: int = 0
    tokens: int = 0
    cost: float | None = 0.0
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[str, str]] = {}
        self._running: Counter[str] = Counter()

    def count(self, entry: Entry, replayed: bool) -> None:
        """Count an answer."""
        with self._lock:
            self.replayed += replayed
            self.calls += not replayed
            self.asked_again += entry.attempt > 1
            if not replayed:
                self.tokens += entry.prompt_tokens + entry.completion_tokens
                self.cost = None if self.cost is None or entry.cost is None else self.cost + entry.cost
        stage = STAGES.get(entry.role, entry.role)
        if entry.attempt > 1:
            self.on_change(
                self, f"{stage}: {entry.step} {entry.subject}".rstrip() + f", asked again ({entry.attempt - 1})"
            )
        elif entry.role == "planner":
            self.on_change(self, f"{stage}: {entry.step}")

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note that a stage, or its work on a file, begins."""
        stage = _stage_of(instance)
        if stage is None:
            return
        task = inputs["kwargs"].get("file")
        with self._lock:
            self._open[call_id] = (stage, task.path if task else "")
            self._running[stage] += 1
            state = self.stages[stage]
            state.started = time.monotonic() if state.started is None else state.started
            state.ended = None

    def on_module_end(self, call_id: str, outputs: Any | None, exception: Exception | None = None) -> None:
        """Note that it ended."""
        with self._lock:
            if call_id not in self._open:
                return
            stage, subject = self._open.pop(call_id)
            self._running[stage] -= 1
            state = self.stages[stage]
            if not self._running[stage]:
                state.ended = time.monotonic()
            if exception is None:
                state.done += 1
            if stage == "planning" and outputs is not None and "logic_design" in outputs:
                for other in ("analysis", "coding"):
                    self.stages[other].files = len(outputs.logic_design.tasks)
        if exception is None:
            of = f" {state.done}/{state.files} {subject}" if subject else ": done"
            self.on_change(self, f"{stage}{of}")


def _stage_of(instance: Any) -> str | None:
    match instance:
        case Planner():
            return "planning"
        case Analyst():
            return "analysis"
        case Coder():
            return "coding"
    return None
