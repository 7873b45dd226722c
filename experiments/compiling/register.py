"""A compiled program in MLflow: as a DSPy model, and its instructions in the prompt registry."""

from pathlib import Path

from experiments.tracking import Tracker
from optimizers.compiled import CompiledProgram, default_candidate
from program.paper_coder import DEFAULT_CONCURRENCY


def register(tracker: Tracker, compiled: CompiledProgram, folder: Path) -> None:
    """Log the program as a model; register each instruction, the uncompiled one first, with an alias.

    Args:
        tracker: The run of the compilation.
        compiled: What came of it.
        folder: Of the compilation.

    Raises:
        ConfigError: The store cannot be written to.
    """
    default = default_candidate().instructions
    for name, text in compiled.candidate.instructions.items():
        prompt = f"papercoder.{name}"
        tracker.register_prompt(prompt, default[name], "default")
        tracker.register_prompt(prompt, text, "compiled")
    tracker.log_model(compiled.program(DEFAULT_CONCURRENCY))
