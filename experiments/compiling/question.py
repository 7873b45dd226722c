"""What a compilation is asked to do, what it will take, and the record of it in its folder."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.errors import FolderError
from experiments.backbones.api import price_of
from experiments.choice import AUTHORS, JUDGES, RECORDING
from experiments.config import ApiBackbone, Config, Role
from experiments.judging import fingerprint
from experiments.tracking import Tracker
from experiments.work import prompt_hash
from optimizers.budget import estimate
from optimizers.split import Split
from program.paper_coder import PaperCoder
from program.repository import write_text

ROLES: tuple[Role, ...] = (*AUTHORS, *JUDGES, "reflection")


def key_of(config: Config, roles: Mapping[Role, str], split: Split) -> str:
    """Return a hash of everything that the course of a compilation depends on; with more of a budget it goes on."""
    return fingerprint(
        {},
        config.compile.model_dump(mode="json", exclude={"budget"}),
        config.judge.model_dump(),
        sorted((role, name, *_generation(config, name)) for role, name in roles.items()),
        [paper.hash for name in ("train", "dev", "test") for paper in getattr(split, name)],
        prompt_hash(PaperCoder()),
    )


def _generation(config: Config, name: str) -> list[Any]:
    """Return what the answers of a provider's backbone depend on."""
    backbone = config.backbones[name]
    if not isinstance(backbone, ApiBackbone):
        return []
    return [backbone.model, backbone.max_tokens, backbone.temperature, backbone.options]


def prices_of(config: Config, roles: Mapping[Role, str]) -> tuple[float, float] | None:
    """Return the highest price among the backbones, for a million prompt and completion tokens."""
    prices = []
    for name in set(roles.values()):
        backbone = config.backbones[name]
        prices.append(price_of(backbone) if isinstance(backbone, ApiBackbone) else (0.0, 0.0))
    known = [price for price in prices if price is not None]
    return (max(p for p, _ in known), max(c for _, c in known)) if len(known) == len(prices) else None


def announce(
    config: Config, roles: Mapping[Role, str], split: Split, prices: tuple[float, float] | None, referee: bool
) -> None:
    """Say what it is going to take, and what is unwise."""
    settings = config.compile
    papers = [*split.train, *split.dev, *split.test]
    most = estimate(settings.budget, papers, config.judge.samples, settings.referee and referee, prices)
    cost = "price not known" if most.cost is None else f"${most.cost:,.2f}"
    lines = [
        f"at most about {most.runs} runs of the program, {most.calls:,} calls, {most.prompt_tokens:,} prompt tokens, "
        f"{most.completion_tokens:,} completion tokens, {cost}"
    ]
    if roles["judge"] in {roles[role] for role in AUTHORS}:
        lines.append(f"warning: {roles['judge']!r} judges what it wrote itself; name another with roles.judge")
    for line in lines:
        print(line, file=sys.stderr, flush=True)


def read_record(folder: Path) -> dict[str, Any]:
    """Return the record in a folder; an empty one if there is none.

    Raises:
        FolderError: It is damaged.
    """
    path = folder / "compile.json"
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise FolderError(f"{path} is damaged: {error}; remove it and compile again") from None


def refuse_other(folder: Path, key: str) -> None:
    """Refuse a folder that holds something else.

    Raises:
        FolderError: It does.
    """
    record = read_record(folder)
    if record and record.get("key") != key:
        raise FolderError(f"{folder} holds a compilation with other settings; choose another --out")
    if not record and (folder / RECORDING).exists():
        raise FolderError(f"{folder} holds something else; choose another --out")


def note(folder: Path, key: str, tracker: Tracker) -> None:
    """Write the record."""
    write_text(folder / "compile.json", json.dumps({"key": key, "mlflow_run": tracker.run_id}) + "\n")
