"""What `run.json` and MLflow record of a run."""

from collections.abc import Mapping

from experiments.backbones.build import model_of
from experiments.backbones.transcript import Transcript
from experiments.config import ApiBackbone, Config, Role
from experiments.meter import STAGES, Meter, total
from experiments.state import RunState, StageFigures
from program.folder import RunFolder


def sum_up(state: RunState, before: RunState, meter: Meter, transcript: Transcript, folder: RunFolder) -> None:
    """Bring the figures of the state up to date: wall times of this session added, calls of all sessions counted."""
    state.totals = total(transcript.entries)
    share = state.totals.shared_prefix
    state.shared_prefix = None if share is None else round(share, 4)
    for role, name in STAGES.items():
        figures = total([entry for entry in transcript.entries if entry.role == role])
        earlier = before.stages.get(name, StageFigures()).seconds
        state.stages[name] = StageFigures(
            seconds=round(earlier + meter.stages[name].seconds, 3),
            **figures.model_dump(include=set(StageFigures.model_fields) - {"seconds"}),
        )
    state.statistics = folder.repository.statistics() if folder.repository.root.is_dir() else None


def parameters(state: RunState, config: Config, roles: Mapping[Role, str]) -> dict[str, object]:
    """Return the parameters of a run for MLflow."""
    values: dict[str, object] = {"stop_after": state.stop_after, "concurrency": config.concurrency}
    for role, name in roles.items():
        backbone = config.backbones[name]
        values[f"{role}.backbone"] = name
        values[f"{role}.model"] = model_of(config, name)
        if isinstance(backbone, ApiBackbone):
            values[f"{role}.temperature"] = backbone.temperature
            values[f"{role}.max_tokens"] = backbone.max_tokens
            values |= {f"{role}.{key}": value for key, value in backbone.options.items()}
    return values


def tags(state: RunState, roles: Mapping[Role, str]) -> dict[str, str]:
    """Return the tags of a run for MLflow."""
    return {
        "paper": state.title,
        "paper_hash": state.paper_hash,
        "method": state.method,
        "backbone": ", ".join(sorted(set(roles.values()))),
        "prompt_hash": state.prompt_hash,
        "version": state.version,
    }


def metrics(state: RunState) -> dict[str, float]:
    """Return the figures of `run.json` as metrics for MLflow; what is not known is left out."""
    figures: dict[str, float | None] = {"seconds": state.seconds, "shared_prefix": state.shared_prefix}
    figures |= state.totals.model_dump(exclude={"tokens_estimated", "prompt_chars", "shared_chars"})
    for name, stage in state.stages.items():
        figures |= {f"{name}.{key}": value for key, value in stage.model_dump().items()}
    if state.statistics:
        figures |= {f"repository.{key}": value for key, value in state.statistics.model_dump().items()}
    return {key: float(value) for key, value in figures.items() if value is not None}
