"""From the configuration of a run to the language model of each role."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
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


class Sources:
    """Who answers, by the name of the backbone; each is opened once, whoever shares it."""

    def __init__(self, config: Config, folder: Path, recording: Path | None = None) -> None:
        """Make an empty set.

        Args:
            config: The configuration.
            folder: The folder of the run, where a mailbox lies unless the configuration says otherwise.
            recording: What the `recorded` backbone replays unless the configuration says otherwise.
        """
        self.config = config
        self.mailboxes: list[Mailbox] = []
        self._folder, self._recording = folder, recording
        self._opened: dict[str, Source] = {}

    def open(self, name: str) -> Source:
        """Return the source of a backbone.

        Raises:
            ConfigError: A key or a recording is missing.
        """
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    @property
    def opened(self) -> list[str]:
        """The names of the backbones that were opened."""
        return list(self._opened)

    def close(self, reason: str) -> None:
        """Tell those who answer that nothing more will come."""
        for mailbox in self.mailboxes:
            mailbox.close(reason)

    def _open(self, name: str) -> Source:
        backbone = self.config.backbones[name]
        if isinstance(backbone, ApiBackbone):
            return Api(name, backbone)
        if isinstance(backbone, MailboxBackbone):
            return self._shared(Mailbox(backbone.folder or self._folder / "mailbox", backbone.timeout))
        path = backbone.transcript or self._recording
        if path is None:
            raise ConfigError(
                f"backbone {name!r} replays a recording: name it with --set backbones.{name}.transcript=FILE"
            )
        return Recorded(path)

    def _shared(self, mailbox: Mailbox) -> Mailbox:
        """Return the mailbox that has this folder already, for one folder has one numbering; or add this one."""
        for other in self.mailboxes:
            if other.folder == mailbox.folder:
                return other
        self.mailboxes.append(mailbox)
        return mailbox


def build_language_models(
    sources: Sources,
    roles: Mapping[Role, str],
    transcript: Transcript,
    on_call: Callable[[Entry, bool], None],
    admit: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> dict[str, dspy.LM]:
    """Return a language model for each role, all with one transcript.

    Args:
        sources: Who answers.
        roles: The name of the backbone of each role.
        transcript: Where answers are found and kept.
        on_call: Called with each answer, and whether it stood in the transcript.
        admit: Entered for as long as an answer is waited for; it may wait itself.

    Raises:
        ConfigError: A key or a recording is missing.
    """
    built: dict[str, dspy.LM] = {}
    for name in dict.fromkeys(roles.values()):
        engine = TranscriptEngine(name, sources.open(name), transcript, on_call, admit)
        built[name] = BackboneLM(engine, model_of(sources.config, name), **_options(sources.config, name))
    return {role: built[name] for role, name in roles.items()}


def model_of(config: Config, name: str) -> str:
    """Return the model behind a backbone."""
    backbone = config.backbones[name]
    return backbone.model if isinstance(backbone, ApiBackbone) else f"papercoder/{name}"


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
