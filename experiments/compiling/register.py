"""A compiled program in MLflow: as a DSPy model, and its instructions in the prompt registry."""

from experiments.tracking import Tracker
from optimizers.compiled import CompiledProgram, default_candidate
from program.paper_coder import DEFAULT_CONCURRENCY


def register_defaults(tracker: Tracker) -> None:
    """Register each uncompiled instruction, with an alias.

    Args:
        tracker: The run of the compilation.

    Raises:
        ConfigError: The store cannot be written to.
    """
    for name, text in default_candidate().instructions.items():
        tracker.register_prompt(_prompt(name), text, "default")


def register(tracker: Tracker, compiled: CompiledProgram) -> None:
    """Log the program as a model; register each instruction, with an alias.

    Args:
        tracker: The run of the compilation.
        compiled: What came of it.

    Raises:
        ConfigError: The store cannot be written to.
    """
    for name, text in compiled.candidate.instructions.items():
        tracker.register_prompt(_prompt(name), text, "compiled")
    tracker.log_model(compiled.program(DEFAULT_CONCURRENCY))


def _prompt(name: str) -> str:
    return f"papercoder.{name}"
