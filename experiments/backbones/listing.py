"""`papercoder backbones`: which there are, which can be used, and whether one answers."""

import tempfile
import time
from pathlib import Path

from experiments.backbones.api import Api
from experiments.backbones.engine import BackboneLM, TranscriptEngine
from experiments.backbones.transcript import Transcript
from experiments.config import ApiBackbone, Config, has_key, validate_config
from program.ask import Call, current_call


def list_backbones(config: Config) -> list[str]:
    """Return a line for each backbone: name, whether its key is set, model, description."""
    width = max(len(name) for name in config.backbones)
    lines = []
    for name, backbone in config.backbones.items():
        if isinstance(backbone, ApiBackbone):
            key = f"{backbone.key} {'set' if has_key(backbone) else 'not set'}" if backbone.key else "no key needed"
            where = f"{backbone.model}" + (f" at {backbone.api_base}" if backbone.api_base else "")
        else:
            key, where = "no key needed", backbone.kind
        lines.append(f"{name:<{width}}  {key:<26}  {where}  ({backbone.description})")
    return lines


def check_backbone(config: Config, name: str) -> str:
    """Make one tiny call and return what came of it.

    Raises:
        ConfigError: There is no such backbone, or its key is missing.
        BackboneError: It did not answer; the message says why.
    """
    config = validate_config({**config.model_dump(), "backbone": name})
    backbone = config.backbones[name]
    if not isinstance(backbone, ApiBackbone):
        return f"{name}: nothing to call; it answers from files"
    with tempfile.TemporaryDirectory() as folder:
        transcript = Transcript(Path(folder) / "transcript.jsonl")
        engine = TranscriptEngine(name, Api(name, backbone), transcript, lambda entry, replayed: None)
        limit = min(backbone.max_tokens or 16000, 16000)
        lm = BackboneLM(engine, backbone.model, 0, temperature=backbone.temperature, max_tokens=limit)
        started, token = time.monotonic(), current_call.set(Call("check", "one word"))
        try:
            answer = lm("Answer with the single word: ready")[0]
        finally:
            current_call.reset(token)
    return f"{name}: answered {answer.strip()[:40]!r} in {time.monotonic() - started:.2f} s ({backbone.model})"
