"""DSPy's optimizers by name: how each is set up for this program; nothing of them is re-implemented."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy
from dspy.teleprompt.gepa.instruction_proposal import InstructionProposer

from data.errors import ConfigError
from optimizers.student import Student, explained_metric, metric
from program.adapter import SharedPrefixAdapter

FOR_ALL_PAPERS = (
    "The instruction has to serve every machine-learning paper: name no paper, and take no fact, name, number or file "
    "from these examples into it. Generalise each fault that the feedback names into a rule. Keep what the current "
    "instruction demands, keep its imperative style, and keep it short."
)
"""What whoever proposes instructions has to mind."""

REPEATED = 3
"""GEPA counts evaluations that it repeats, which cost nothing here; the study counts and stops."""


@dataclass(frozen=True)
class Setting:
    """What an optimizer works with."""

    train: Sequence[dspy.Example]
    dev: Sequence[dspy.Example]
    runs: int
    """Runs of the program that it may take at most."""
    reflection: dspy.LM
    """Who proposes instructions."""
    seed: int
    threads: int
    log_dir: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    """The optimizer's own, by their names in DSPy."""


def _gepa(student: Student, setting: Setting) -> dspy.Module:
    options = {"reflection_minibatch_size": min(3, len(setting.train)), "skip_perfect_score": True, **setting.options}
    optimizer = dspy.GEPA(
        metric=metric,
        max_metric_calls=REPEATED * setting.runs,
        reflection_lm=setting.reflection,
        num_threads=setting.threads,
        log_dir=str(setting.log_dir),
        track_stats=True,
        seed=setting.seed,
        instruction_proposer=InstructionProposer(additional_instructions=FOR_ALL_PAPERS, adapter=SharedPrefixAdapter()),
        **options,
    )
    return optimizer.compile(student, trainset=list(setting.train), valset=list(setting.dev))


def _miprov2(student: Student, setting: Setting) -> dspy.Module:
    options = {"num_candidates": 6, "max_bootstrapped_demos": 0, "max_labeled_demos": 0, **setting.options}
    trials = options.pop("num_trials", max(2, setting.runs // len(setting.dev) - 1))
    optimizer = dspy.MIPROv2(
        metric=metric,
        prompt_model=setting.reflection,
        auto=None,
        seed=setting.seed,
        num_threads=setting.threads,
        log_dir=None,
        **options,
    )
    return optimizer.compile(
        student,
        trainset=list(setting.train),
        valset=list(setting.dev),
        num_trials=trials,
        minibatch=False,
        program_aware_proposer=False,  # it would read the source of this class
        data_aware_proposer=False,  # it would quote whole papers
        fewshot_aware_proposer=False,
        seed=setting.seed,
    )


def _bootstrap(student: Student, setting: Setting) -> dspy.Module:
    options = {"max_bootstrapped_demos": 1, "num_candidate_programs": 4, **setting.options}
    optimizer = dspy.BootstrapFewShotWithRandomSearch(
        metric=metric, max_labeled_demos=0, num_threads=setting.threads, **options
    )
    return optimizer.compile(student, trainset=list(setting.train), valset=list(setting.dev))


def _simba(student: Student, setting: Setting) -> dspy.Module:
    options = {"bsize": len(setting.train), "num_candidates": 4, "max_steps": 4, "max_demos": 0, **setting.options}
    optimizer = dspy.SIMBA(
        metric=explained_metric, prompt_model=setting.reflection, num_threads=setting.threads, **options
    )
    return optimizer.compile(student, trainset=list(setting.train), seed=setting.seed)


OPTIMIZERS: Mapping[str, Callable[[Student, Setting], dspy.Module]] = {
    "gepa": _gepa,
    "miprov2": _miprov2,
    "bootstrap": _bootstrap,
    "simba": _simba,
    "none": lambda student, setting: student,
}

_CLASSES: Mapping[str, Any] = {
    "gepa": dspy.GEPA,
    "miprov2": dspy.MIPROv2,
    "bootstrap": dspy.BootstrapFewShotWithRandomSearch,
    "simba": dspy.SIMBA,
}

_OURS = (
    *("self", "metric", "auto", "seed", "num_threads", "log_dir", "prompt_model", "task_model", "teacher_settings"),
    *("max_metric_calls", "max_full_evals", "reflection_lm", "instruction_proposer", "track_stats", "max_errors"),
    *("use_wandb", "wandb_api_key", "wandb_init_kwargs", "use_mlflow"),
)
"""What no option may set: it is set here, or has a place of its own in the configuration."""


def optimizer(name: str) -> Callable[[Student, Setting], dspy.Module]:
    """Return an optimizer by its name.

    Raises:
        ConfigError: There is none of this name.
    """
    if name not in OPTIMIZERS:
        raise ConfigError(f"compile: unknown optimizer {name!r}; the choices are {', '.join(OPTIMIZERS)}")
    return OPTIMIZERS[name]


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that an optimizer does not have.

    Raises:
        ConfigError: The message names the option and the choices.
    """
    optimizer(name)
    known = [*inspect.signature(_CLASSES[name].__init__).parameters] if name in _CLASSES else []
    choices = sorted({*known, *(["num_trials"] if name == "miprov2" else [])} - {*_OURS})
    for option in options:
        if option not in choices:
            raise ConfigError(
                f"compile: {name!r} has no option {option!r}; "
                + (f"the choices are {', '.join(choices)}" if choices else "it has none at all")
            )
