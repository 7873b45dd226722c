"""A compiled program on disk: instructions and demos of every predictor, and how they came about."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import ConfigError
from optimizers.candidate import Candidate, predictors_of
from program.adapter import SharedPrefixAdapter, describe_signature
from program.paper_coder import PaperCoder
from program.repository import write_text

KIND = "papercoder-program-1"


class CompiledPredictor(BaseModel):
    """One predictor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signature: dict[str, str]
    """Type of each input, and the form of each section of the answer, when it was compiled."""
    instructions: str
    demos: list[dict[str, Any]]


class Provenance(BaseModel):
    """How a program was compiled."""

    model_config = ConfigDict(frozen=True)

    optimizer: str
    options: dict[str, Any]
    optimized: list[str]
    """Stages that were not frozen."""
    seed: int
    backbones: dict[str, str]
    """`name (model)` of each role."""
    judge: dict[str, Any]
    """Protocol, samples and prompts of the judge."""
    papers: dict[str, dict[str, str]]
    """Title by hash of the text, in each split."""
    scores: dict[str, dict[str, dict[str, float | None]]]
    """`before` and `after`, for each split, by title: 0 to 1."""
    guards: dict[str, dict[str, float]]
    """`before` and `after`: what was not optimized, means on dev, 0 to 1."""
    gain: dict[str, float | None]
    """On dev: mean difference, and `low` and `high` of its 95 % bootstrap interval over papers."""
    warning: str | None
    """That the metric rose while what was not optimized fell."""
    stopped: str | None
    """Why it ended before its budget was used; None if the optimizer came to its own end."""
    candidates: int
    runs: int
    spent: dict[str, float | None]
    """Calls, tokens, cost; and calls that were answered from the transcript."""
    versions: dict[str, str]
    """Of papercoder, dspy, gepa, optuna, Python."""
    made: str
    """When, in ISO 8601."""


class CompiledProgram(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    predictors: dict[str, CompiledPredictor]
    provenance: Provenance

    @classmethod
    def of(cls, candidate: Candidate, provenance: Provenance) -> "CompiledProgram":
        """Make the file of a candidate."""
        predictors = {
            name: CompiledPredictor(
                signature=describe_signature(predictor.signature),
                instructions=candidate.instructions[name],
                demos=candidate.demos[name],
            )
            for name, predictor in predictors_of(PaperCoder()).items()
        }
        return cls(kind=KIND, predictors=predictors, provenance=provenance)

    @classmethod
    def load(cls, path: Path) -> "CompiledProgram":
        """Read a file.

        Raises:
            ConfigError: There is none, it is damaged, or it was made for other signatures; the message names what
                differs.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"program: cannot read {path}: {error.strerror}") from None
        except ValueError as error:
            raise ConfigError(f"program: {path} is damaged: {error}; compile again") from None
        if not isinstance(content, dict) or content.get("kind") != KIND:
            kind = content.get("kind") if isinstance(content, dict) else None
            raise ConfigError(
                f"program: {path} is no compiled program of this version: its kind is {kind!r}, not {KIND!r}"
            )
        try:
            compiled = cls.model_validate(content)
            if differences := list(compiled._differences()):
                raise ConfigError(
                    f"program: {path} was compiled for other signatures: {'; '.join(differences)}; compile again"
                )
            for predictor in predictors_of(compiled.program(1)).values():
                SharedPrefixAdapter().task(predictor.signature, predictor.demos, {})  # a run would meet bad demos late
        except ValidationError as error:
            raise ConfigError(f"program: {path} is damaged: {' '.join(str(error).split())[:200]}") from None
        return compiled

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_text(path, self.model_dump_json(indent=1) + "\n")

    @property
    def candidate(self) -> Candidate:
        """The instructions and demos."""
        return Candidate(
            instructions={name: predictor.instructions for name, predictor in self.predictors.items()},
            demos={name: predictor.demos for name, predictor in self.predictors.items()},
        )

    def program(self, concurrency: int) -> PaperCoder:
        """Return the program that asks with them."""
        program = PaperCoder(concurrency)
        self.candidate.apply(program)
        return program

    def _differences(self) -> Iterator[str]:
        now = {name: describe_signature(p.signature) for name, p in predictors_of(PaperCoder()).items()}
        for name in sorted(now.keys() ^ self.predictors.keys()):
            yield f"the predictor {name!r} is only in " + ("the file" if name in self.predictors else "this version")
        for name in sorted(now.keys() & self.predictors.keys()):
            then = self.predictors[name].signature
            fields = [field for field in {**now[name], **then} if now[name].get(field) != then.get(field)]
            if fields:
                yield f"{name!r} differs in {', '.join(fields)}"


def default_candidate() -> Candidate:
    """Return the instructions of the uncompiled program."""
    return Candidate.of(PaperCoder())


def show_difference(before: Candidate, after: Candidate, names: tuple[str, str]) -> Iterator[str]:
    """Say line by line in which instructions and demos two candidates differ.

    Args:
        before: The one.
        after: The other.
        names: What to call them.
    """
    same = []
    for name in before.instructions:
        old, new = before.instructions[name].splitlines(), after.instructions[name].splitlines()
        demos = len(before.demos[name]), len(after.demos[name])
        if old == new and before.demos[name] == after.demos[name]:
            same.append(name)
            continue
        yield f"== {name}"
        yield from difflib.unified_diff(old, new, *names, lineterm="", n=2)
        if before.demos[name] != after.demos[name]:
            yield f"demos: {demos[0]} in {names[0]}, {demos[1]} in {names[1]}"
        yield ""
    if same:
        yield f"unchanged: {', '.join(same)}"
