"""The engine behind every role's `dspy.LM`: looks into the transcript first, then asks the backbone."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from dspy.utils.callback import BaseCallback
from dspy.utils.exceptions import LMError

from data.errors import BackboneError, EmptyAnswer, PaperCoderError, RejectedAnswer, TruncatedAnswer
from experiments.backbones.transcript import Entry, Transcript, key_of
from program.ask import Ask, current_call

EMPTY_ANSWERS = 3
"""How often an empty answer is asked for again before it is an error."""


@dataclass(frozen=True)
class Completion:
    """What a backbone answered."""

    text: str
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    cached_tokens: int = 0
    completion_tokens: int | None = None
    cost: float | None = None
    model: str = ""
    on_recorded: Callable[[], None] = lambda: None
    """Called once the answer stands in the transcript."""


class Source(Protocol):
    """A language model, whoever it is."""

    def answer(self, request: Request, prompt: str) -> Completion:
        """Answer a request; `prompt` is its text as `prompt_text` gives it.

        Raises:
            BackboneError: There is no answer.
            LM15Error: There is none now; `BackboneLM` tries again where that makes sense.
        """

    def explain(self, error: LMError) -> str:
        """Return what went wrong and what to do, in a line."""


def prompt_text(request: Request) -> str:
    """Return a request as one text: what transcripts hash and mailboxes show."""
    parts = [request.system] if isinstance(request.system, str) else []
    for number, message in enumerate(request.messages):
        text = "".join(part.text for part in message.parts if isinstance(part, TextPart))
        parts.append(text if number == 0 else f"-------- {message.role} --------\n\n{text}")
    return "\n\n".join(parts)


class BackboneLM(dspy.LM):
    """The language model of a role: DSPy's own, with errors of PaperCoder's."""

    def __init__(self, engine: "TranscriptEngine", model: str, retries: int, **settings: Any) -> None:
        super().__init__(model, engine=engine, cache=False, num_retries=retries, **settings)
        self.failed: Callable[[PaperCoderError], BaseException] = lambda error: error
        """What to raise instead of an error; optimizers take errors lightly."""

    def copy(self, **kwargs: Any) -> "BackboneLM":
        """Return the same model with other settings, e.g. `rollout_id`; optimizers ask for it."""
        twin = copy(self)
        twin.kwargs = {**self.kwargs, **kwargs}
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> "BackboneLM":
        return self  # one transcript, whoever copies the program

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answer as `dspy.LM` does.

        Raises:
            PaperCoderError: There is no answer, or it cannot be used.
        """
        try:
            return super().__call__(*args, **kwargs)
        except LMError as error:
            if isinstance(error.__cause__, PaperCoderError):
                raise self.failed(error.__cause__) from None
            raise self.failed(BackboneError(self.engine.source.explain(error))) from None


class TranscriptEngine:
    """A DSPy engine with one source and one transcript."""

    def __init__(
        self,
        backbone: str,
        source: Source,
        transcript: Transcript,
        on_call: Callable[[Entry, bool], None],
        admit: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Make an engine.

        Args:
            backbone: Name of the backbone, for the transcript and for errors.
            source: Who answers.
            transcript: Where answers are found and kept.
            on_call: Called with each answer, and whether it stood in the transcript already.
            admit: Entered for as long as an answer is waited for; it may wait itself.
        """
        self.backbone = backbone
        self.source = source
        self.transcript = transcript
        self.on_call = on_call
        self.admit = admit

    def complete(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            TruncatedAnswer: The answer was cut off.
            EmptyAnswer: There was nothing in it, several times.
            BackboneError: There was none.
        """
        prompt = prompt_text(request)
        entry, replayed = self.transcript.answer(key_of(prompt), lambda: self._ask_until_filled(request, prompt))
        if replayed:
            self.on_call(entry, True)
        call = current_call.get()
        self.transcript.given[call.role, call.step, call.subject] = entry
        if not entry.completion.strip():
            raise EmptyAnswer(
                f"backbone {self.backbone!r} gave an empty answer {EMPTY_ANSWERS} times ({current_call.get()}); "
                "resume to try again, or use another backbone"
            )
        if entry.finish_reason == "length":
            raise TruncatedAnswer(
                f"backbone {self.backbone!r} cut its answer off after {entry.completion_tokens} tokens "
                f"({current_call.get()}); raise backbones.{self.backbone}.max_tokens and resume"
            )
        return Response(
            id=None,
            model=request.model,
            message=Message(role="assistant", parts=(TextPart(entry.completion),)),
            finish_reason="stop",
            usage=Usage(
                input_tokens=entry.prompt_tokens,
                output_tokens=entry.completion_tokens,
                cache_read_tokens=entry.cached_tokens,
            ),
        )

    def close(self) -> None:
        """Nothing is held open."""

    def _ask_until_filled(self, request: Request, prompt: str) -> Entry:
        """Ask again while the answer is empty, a few times."""
        for attempt in range(1, EMPTY_ANSWERS + 1):
            entry = self._ask(request, prompt)
            self.on_call(entry, False)
            if entry.completion.strip() or attempt == EMPTY_ANSWERS:
                break
        return entry

    def _ask(self, request: Request, prompt: str) -> Entry:
        call = current_call.get()
        with self.admit():
            started, clock = datetime.now(UTC), time.monotonic()
            completion = self.source.answer(request, prompt)
        estimated = completion.prompt_tokens is None or completion.completion_tokens is None
        entry = self.transcript.record(
            prompt,
            role=call.role,
            step=call.step,
            subject=call.subject,
            attempt=call.attempt,
            backbone=self.backbone,
            model=completion.model or request.model,
            completion=completion.text,
            finish_reason=completion.finish_reason,
            prompt_tokens=len(prompt) // 4 if completion.prompt_tokens is None else completion.prompt_tokens,
            cached_tokens=completion.cached_tokens,
            completion_tokens=(
                len(completion.text) // 4 if completion.completion_tokens is None else completion.completion_tokens
            ),
            estimated=estimated,
            rollout=self.transcript.rollout,
            cost=completion.cost,
            seconds=round(time.monotonic() - clock, 3),
            started=started.isoformat(timespec="seconds"),
        )
        completion.on_recorded()
        return entry


class Rejections(BaseCallback):
    """Listens to `Ask`: an answer that is rejected for the last time is not replayed when the run is resumed."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._calls: dict[str, tuple[str, str, str]] = {}

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Note what is asked."""
        if isinstance(instance, Ask):
            step = next(iter(instance.signature.output_fields))
            self._calls[call_id] = (instance.role, step, inputs["kwargs"].get("subject", ""))

    def on_module_end(self, call_id: str, outputs: Any | None, exception: Exception | None = None) -> None:
        """Note that the last answer was rejected."""
        call = self._calls.pop(call_id, None)
        if call and isinstance(exception, RejectedAnswer):
            self.transcript.reject(self.transcript.given[call])
