"""A candidate: the instructions and demos of every predictor of the program."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import dspy
from pydantic import BaseModel

from program.ask import Ask
from program.paper_coder import PaperCoder
from signatures.sections import SHARED_CONTEXT

STAGES = ("planner", "analyst", "coder")
"""The modules of the program whose predictors are compiled."""


def predictors_of(program: PaperCoder) -> dict[str, Ask]:
    """Return the predictors of a program by name, e.g. `planner.design`, frozen ones too."""
    return {
        f"{stage}.{name}": predictor
        for stage in STAGES
        if (module := getattr(program, stage, None)) is not None
        for name, predictor in vars(module).items()
        if isinstance(predictor, Ask)
    }


def freeze(program: PaperCoder, optimized: Collection[str]) -> None:
    """Hide the stages that are not to be optimized from DSPy's optimizers."""
    for stage in STAGES:
        if hasattr(program, stage):
            getattr(program, stage)._compiled = stage not in optimized


@dataclass(frozen=True)
class Candidate:
    """What a program asks with."""

    instructions: dict[str, str]
    """By predictor."""
    demos: dict[str, list[dict[str, Any]]]
    """By predictor; without the shared context, which prompts leave out of demos too."""

    @classmethod
    def of(cls, program: PaperCoder) -> "Candidate":
        """Read off what a program asks with."""
        predictors = predictors_of(program)
        return cls(
            instructions={name: predictor.signature.instructions for name, predictor in predictors.items()},
            demos={
                name: [_plain(demo, predictor) for demo in predictor.demos] for name, predictor in predictors.items()
            },
        )

    def apply(self, program: PaperCoder) -> None:
        """Let a program ask with this."""
        for name, predictor in predictors_of(program).items():
            predictor.signature = predictor.signature.with_instructions(self.instructions[name])
            predictor.demos = [dspy.Example(**demo) for demo in self.demos[name]]

    @property
    def key(self) -> str:
        """A hash of it."""
        text = json.dumps([self.instructions, self.demos], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _plain(demo: Any, predictor: Ask) -> dict[str, Any]:
    shared = set(SHARED_CONTEXT) & set(predictor.signature.input_fields)
    return {name: _json(value) for name, value in dict(demo).items() if name not in shared}


def _json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
