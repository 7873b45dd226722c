"""The recorded backbone: replays the transcript of an earlier run, offline."""

from pathlib import Path

from dspy.lm15 import Request
from dspy.utils.exceptions import LMError

from data.errors import BackboneError, ConfigError
from experiments.backbones.engine import Completion
from experiments.backbones.transcript import Transcript, key_of
from program.ask import current_call


class Recorded:
    """Answers what was answered when the transcript was recorded."""

    def __init__(self, path: Path) -> None:
        """Read a transcript.

        Raises:
            ConfigError: There is none.
        """
        if not path.is_file():
            raise ConfigError(f"no recording at {path}; name one with --set backbones.recorded.transcript=FILE")
        self.transcript = Transcript(path)

    def answer(self, request: Request, prompt: str) -> Completion:
        """Return the recorded answer to the prompt.

        Raises:
            BackboneError: The recording has none that was not used yet.
        """
        entry = self.transcript.take(key_of(prompt))
        if entry is None:
            raise BackboneError(
                f"the recording {self.transcript.path} has no answer to this prompt ({current_call.get()}): it "
                f"was made "
                "with another paper, other prompts or other artifacts; use another backbone"
            )
        return Completion(
            text=entry.completion,
            finish_reason=entry.finish_reason,
            prompt_tokens=entry.prompt_tokens,
            cached_tokens=entry.cached_tokens,
            completion_tokens=entry.completion_tokens,
            cost=0.0,
            model=entry.model,
        )

    def explain(self, error: LMError) -> str:
        """Return what went wrong, in a line."""
        return f"backbone 'recorded': {' '.join(str(error).split())}"
