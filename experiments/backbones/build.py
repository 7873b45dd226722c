"""From the configuration of a run to the language model of each role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy

from data.errors import ConfigError
from experiments.backbones.api import Api
from experiments.backbones.engine import BackboneLM, Source, TranscriptEngine
from experiments.backbones.mailbox import Mailbox
from experiments.backbones.recorded import Recorded
from experiments.backbones.transcript import Entry, Transcript
from experiments.config import ApiBackbone, Config, MailboxBackbone, Role


@dataclass
class LanguageModels:
    """The language models of a run."""

    by_role: dict[str, dspy.LM] = field(default_factory=dict)
    mailboxes: list[Mailbox] = field(default_factory=list)

    def close(self, reason: str) -> None:
        """Tell those who answer that nothing more will come."""
        for mailbox in self.mailboxes:
            mailbox.close(reason)


def build_language_models(
    config: Config,
    roles: Mapping[Role, str],
    folder: Path,
    recording: Path | None,
    on_call: Callable[[Entry, bool], None],
) -> tuple[LanguageModels, Transcript]:
    """Return a language model for each role, all with one transcript.

    Args:
        config: The configuration.
        roles: The name of the backbone of each role.
        folder: The folder of the run.
        recording: What the `recorded` backbone replays unless its configuration says otherwise.
        on_call: Called with each answer, and whether it stood in the transcript.

    Raises:
        ConfigError: A key or a recording is missing.
    """
    transcript = Transcript(folder / "transcript.jsonl")
    models = LanguageModels()
    built: dict[str, dspy.LM] = {}
    for role, name in roles.items():
        if name not in built:
            source = _source(name, config, folder, recording)
            if isinstance(source, Mailbox):
                source = _shared(source, models.mailboxes)
            engine = TranscriptEngine(name, source, transcript, on_call)
            built[name] = BackboneLM(engine, model_of(config, name), **_options(config, name))
        models.by_role[role] = built[name]
    return models, transcript


def _shared(mailbox: Mailbox, mailboxes: list[Mailbox]) -> Mailbox:
    """Return the mailbox that has this folder already, for one folder has one numbering; or add this one."""
    for other in mailboxes:
        if other.folder == mailbox.folder:
            return other
    mailboxes.append(mailbox)
    return mailbox


def model_of(config: Config, name: str) -> str:
    """Return the model behind a backbone."""
    backbone = config.backbones[name]
    return backbone.model if isinstance(backbone, ApiBackbone) else f"papercoder/{name}"


def _source(name: str, config: Config, folder: Path, recording: Path | None) -> Source:
    backbone = config.backbones[name]
    if isinstance(backbone, ApiBackbone):
        return Api(name, backbone)
    if isinstance(backbone, MailboxBackbone):
        return Mailbox(backbone.folder or folder / "mailbox", backbone.timeout)
    path = backbone.transcript or recording
    if path is None:
        raise ConfigError(f"backbone {name!r} replays a recording: name it with --set backbones.{name}.transcript=FILE")
    return Recorded(path)


def _options(config: Config, name: str) -> dict[str, Any]:
    backbone = config.backbones[name]
    if not isinstance(backbone, ApiBackbone):
        return {"retries": 0}
    return {
        "retries": backbone.retries,
        "temperature": backbone.temperature,
        "max_tokens": backbone.max_tokens,
        **backbone.options,
    }
