"""The api backbone: any provider that DSPy reaches, and any OpenAI-compatible server by its address."""

import os
from dataclasses import replace

import dspy
from dspy.lm15 import CacheConfig, Message, Request, TextPart
from dspy.utils.exceptions import (
    ContextWindowExceededError,
    LMAuthError,
    LMError,
    LMRateLimitError,
    LMTimeoutError,
    LMTransportError,
    LMUnsupportedModelError,
)

from data.errors import BackboneError, ConfigError
from experiments.backbones.engine import Completion
from experiments.config import ApiBackbone

_NO_KEY = "none"
"""Sent to servers that ask for no key, so that no key of another provider goes there."""


class Api:
    """Answers through a provider's API; DSPy retries rate limits, server errors and lost connections."""

    def __init__(self, name: str, config: ApiBackbone) -> None:
        """Prepare the client.

        Raises:
            ConfigError: The key is not set.
        """
        self.name = name
        self.config = config
        self._key = os.environ.get(config.key, "") if config.key else _NO_KEY
        if not self._key:
            raise ConfigError(
                f"backbone {name!r} needs a key: set {config.key} in the environment, or name another one"
            )
        connection = {"api_base": config.api_base} if config.api_base else {}
        self._lm = dspy.LM(
            config.model,
            cache=False,
            api_key=self._key,
            timeout=config.timeout,
            num_retries=config.retries,
            **connection,
        )

    def answer(self, request: Request, prompt: str) -> Completion:
        """Send the request.

        Raises:
            BackboneError: The provider gave no answer; the message says why and what to do.
        """
        lm = self._lm.copy()
        try:
            with dspy.context(callbacks=[], disable_history=False, caller_modules=[]):
                response = lm(self._on_the_wire(request))
        except LMError as error:
            raise BackboneError(self._explain(error)) from None
        call = lm.history[-1]
        usage = call["usage"]
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        prompt_tokens, completion_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
        return Completion(
            text=response.text or "",
            finish_reason=response.finish_reason,
            prompt_tokens=prompt_tokens,
            cached_tokens=cached,
            completion_tokens=completion_tokens,
            cost=self._cost(prompt_tokens, cached, completion_tokens, call["cost"]),
            model=response.model,
        )

    def _on_the_wire(self, request: Request) -> Request:
        """Join the parts of the prompt, or mark the end of its shared part where the provider caches by marks."""
        first, *rest = request.messages
        texts = [part.text for part in first.parts if isinstance(part, TextPart)]
        if not self.config.cache_marks or len(texts) < 2:
            return replace(request, messages=(Message.user("".join(texts)), *rest))
        shared = Message(role="user", parts=tuple(TextPart(text) for text in texts[:-1]))
        config = replace(request.config, cache=CacheConfig(prefix_until_index=0))
        return replace(request, messages=(shared, Message.user(texts[-1]), *rest), config=config)

    def _cost(self, prompt: int | None, cached: int, completion: int | None, estimate: float | None) -> float | None:
        price = self.config.price
        if price is None or prompt is None or completion is None:
            return estimate
        return (price.prompt * (prompt - cached) + price.cached * cached + price.completion * completion) / 1e6

    def _explain(self, error: LMError) -> str:
        status = f" (HTTP {error.status})" if getattr(error, "status", None) else ""
        said = " ".join(str(error).split("\n\n  To fix:")[0].split())
        if self._key != _NO_KEY:
            said = said.replace(self._key, "***")
        match error:
            case LMAuthError():
                todo = f"check the key in {self.config.key}" if self.config.key else "the server asks for a key"
            case LMRateLimitError():
                todo = "wait and resume, or lower `concurrency`"
            case ContextWindowExceededError():
                todo = (
                    f"use a backbone with a longer context, or set backbones.{self.name}.context_tokens to what it has"
                )
            case LMUnsupportedModelError():
                todo = f"correct backbones.{self.name}.model"
            case LMTimeoutError():
                todo = f"resume, or raise backbones.{self.name}.timeout (now {self.config.timeout:g} s)"
            case LMTransportError():
                todo = f"see that {self.config.api_base or 'the provider'} can be reached, then resume"
            case _:
                todo = "resume to try again, or use another backbone"
        return f"backbone {self.name!r}: {said[:600]}{status}; {todo}"
