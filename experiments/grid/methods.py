"""The methods that an experiment compares, by the names of the paper's tables."""

from collections.abc import Callable, Mapping
from pathlib import Path

import dspy

from data.adversarial import NAMES, adversarial_repository
from data.errors import ConfigError
from program.baselines.abstract import Abstract
from program.baselines.chatdev import ChatDev
from program.baselines.metagpt import MetaGPT
from program.baselines.oracle import Given
from program.paper_coder import PaperCoder
from program.planner import PARTS
from program.repository import Listing, Repository

Make = Callable[[int, Path | None], dspy.Module]
"""Makes a method from the number of calls at once and the folder of the paper's reference repository."""


def _oracle(_: int, reference: Path | None) -> dspy.Module:
    if reference is None:
        raise ConfigError("the method Oracle needs the authors' repository; give the paper a `reference`")
    return Given(Repository(reference).read())


def _ablation(parts: int) -> Make:
    return lambda concurrency, _: PaperCoder(concurrency, PARTS[:parts])


def _adversarial(name: str) -> Make:
    folder = adversarial_repository(name)
    return lambda _, __: Given(Repository(folder).read() if folder else Listing())


ADVERSARIAL = {f"adversarial: {name}": name for name in NAMES}

METHODS: Mapping[str, Make] = {
    "ChatDev": lambda _, __: ChatDev(),
    "MetaGPT": lambda _, __: MetaGPT(),
    "Abstract": lambda concurrency, _: Abstract(),
    "Paper": _ablation(0),
    "PaperCoder": _ablation(5),
    "Oracle": _oracle,
    "+ Overall Plan": _ablation(1),
    "+ Arch. Design": _ablation(2),
    "+ Logic Design": _ablation(3),
    "+ Config File": _ablation(4),
    "+ Analysis": _ablation(5),
    **{method: _adversarial(name) for method, name in ADVERSARIAL.items()},
}


def asks_models(method: str) -> bool:
    """Say whether a method has a backbone."""
    return method != "Oracle" and method not in ADVERSARIAL
